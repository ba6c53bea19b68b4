//! The oracle of the mailer: what is sent to whom, and when it is too late.

use super::emails::{Claim, EmailState, Kind};
use super::model::Model;
use super::portal::PortalUnderTest;
use super::rules::{DAY, HOUR};
use shared::domain::user::Status;

/// The lifetime of an invitation, and of a link that sets a first password.
const ACTIVATION_LIFETIME: u64 = 72 * HOUR;
/// The age at which a notice is not sent any more.
const NOTICE_LIFETIME: u64 = DAY;
/// The mailer gives up after this many claims whose outcome was lost.
const MAX_LOST_CLAIMS: u64 = 3;

impl Model {
    /// Returns the claim that an email must get now, apart from its key and, for a new user, their
    /// id and epoch.
    ///
    /// # Errors
    /// The status of an email that is not sent.
    pub(super) fn claim(&self, link: usize) -> Result<Claim, &'static str> {
        let link = &self.links[link];
        let user = self.user(link.person);
        let first_link = if self.rules.has_passwords {
            "activation"
        } else {
            "sign-in"
        };
        let subject = link.subject.clone();
        let (template, account, subject) = match (link.kind, user) {
            (Kind::PasswordChanged, _) => ("password-changed", "active", subject),
            (Kind::SignUp, None) => (first_link, "new", None),
            (_, None) => return Err("dropped"),
            (kind, Some(user)) => {
                let current = Some((user.id.clone(), user.epoch));
                if kind == Kind::Invitation && subject != current {
                    return Err("superseded");
                }
                match (user.status, kind) {
                    (Status::Suspended, _) => return Err("dropped"),
                    (Status::Active, Kind::Invitation) => return Err("superseded"),
                    (Status::Active, Kind::Reset) => ("reset", "active", current),
                    (Status::Active, _) => ("sign-in", "active", current),
                    (Status::Invited, _) => (first_link, "invited", current),
                }
            }
        };
        let lifetime = match template {
            _ if link.kind == Kind::Invitation => ACTIVATION_LIFETIME,
            "activation" => ACTIVATION_LIFETIME,
            "reset" => self.rules.reset_lifetime,
            "sign-in" => self.rules.link_lifetime,
            _ => NOTICE_LIFETIME,
        };
        let starts_at = match link.state {
            EmailState::Waiting { until } => until,
            _ => link.requested_at,
        };
        let (user, epoch) = subject.unwrap_or_default();
        Ok(Claim {
            user,
            epoch,
            kid: String::new(),
            expires_at: (starts_at + lifetime) / 1000 * 1000,
            template: template.to_owned(),
            account: account.to_owned(),
        })
    }

    /// Returns whether a claimed email may be sent again.
    fn is_current(&self, link: usize, claim: &Claim) -> bool {
        let link = &self.links[link];
        match (link.kind, self.user(link.person)) {
            (Kind::PasswordChanged, _) => true,
            (_, user) if claim.account == "new" => user.is_none(),
            (_, None) => false,
            (_, Some(user)) => {
                user.id == claim.user
                    && user.epoch == claim.epoch
                    && user.status != Status::Suspended
            }
        }
    }
}

impl PortalUnderTest<'_> {
    /// Returns the status of an email once the mailer has handled it, and counts it if it is sent.
    pub(super) fn handle_email(&mut self, link: usize) -> &'static str {
        let now = self.now();
        let known = &self.model.links[link];
        match known.state {
            EmailState::Finished { .. } | EmailState::Gone => "finished",
            EmailState::Waiting { until } if until > now => "waiting",
            EmailState::Queued | EmailState::Waiting { .. } => match self.model.claim(link) {
                Err(status) => status,
                Ok(claim) if claim.expires_at <= now => "expired",
                Ok(_) => self.spend(link),
            },
            EmailState::Sending { lease_until, .. } if lease_until > now => "sending",
            EmailState::Sending { lost_claims, .. } => match &known.claim {
                Some(claim) if claim.expires_at <= now => "expired",
                _ if lost_claims >= MAX_LOST_CLAIMS => "failed",
                Some(claim) if self.model.is_current(link, claim) => "sent",
                _ => "superseded",
            },
        }
    }

    /// Counts an email within its budgets, all or none.
    fn spend(&mut self, link: usize) -> &'static str {
        let now = self.now();
        let budgets = self.budgets(link);
        let counters = &mut self.model.counters;
        if budgets.iter().all(|budget| !counters.is_full(budget, now)) {
            for budget in &budgets {
                counters.count(budget, now);
            }
            return "sent";
        }
        match self.model.links[link].kind {
            Kind::Invitation => "waiting",
            _ => "throttled",
        }
    }
}

/// Returns whether an email may go from one state to another.
///
/// In any order of delivery, another email may use up the last of a budget.
pub(super) fn may_become(
    before: &EmailState,
    after: &EmailState,
    expected: &str,
    may_fail: bool,
    any_order: bool,
) -> bool {
    if before.is_finished() || (after.status(), expected) == ("sending", "sending") {
        return before == after;
    }
    let budgeted = ["sent", "throttled", "waiting"];
    let is_queued = ["queued", "waiting"].contains(&before.status());
    match after.status() {
        after if after == expected => true,
        after if budgeted.contains(&after) && any_order && is_queued => {
            budgeted.contains(&expected)
        }
        _ if !may_fail => false,
        after if after == before.status() => true,
        // SES refuses, a response is lost, or an earlier email of the batch was not counted.
        "sent" | "failed" | "sending" | "throttled" | "waiting" => budgeted.contains(&expected),
        _ => false,
    }
}

/// Returns whether an email in this state may have been sent so many times.
pub(super) fn may_have_sent(
    emails: u64,
    after: &EmailState,
    expected: &str,
    may_fail: bool,
) -> bool {
    let is_right = match after.status() {
        // Unchanged.
        _ if expected == "finished" => emails == 0,
        "sent" => emails == 1 || (may_fail && emails > 0),
        "sending" | "failed" if may_fail => true,
        _ => emails == 0,
    };
    is_right && (emails == 0 || ["sent", "throttled", "waiting"].contains(&expected))
}
