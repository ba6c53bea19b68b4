use super::*;
use crate::domain::client::ClientInfo;
use std::collections::BTreeMap;

const A: &str = "session-a";
const B: &str = "session-b";
const ADMINISTRATOR: &str = "arn:aws:iam::000000000000:user/admin";

/// An action that can end one of the two sessions of the model, or both.
#[derive(Clone, Copy, Debug)]
enum Act {
    SignOutA,
    /// B revokes session A.
    RevokeA,
    /// The browser of B signs in again.
    ReplaceB,
    /// A third session is one too many, and A is the oldest.
    OutnumberA,
    /// Another user signs in in the browser of A.
    AnotherReplacesA,
    /// A revokes all other sessions.
    KeepA,
    RevokeAll,
    Reset,
    /// B changes the password, and stays.
    ChangePasswordInB,
}

const ACTS: [Act; 9] = [
    Act::SignOutA,
    Act::AnotherReplacesA,
    Act::RevokeA,
    Act::ReplaceB,
    Act::OutnumberA,
    Act::KeepA,
    Act::RevokeAll,
    Act::Reset,
    Act::ChangePasswordInB,
];

#[derive(Clone, Copy)]
struct Modeled {
    epoch: Epoch,
    is_stored: bool,
    end: Option<SessionEnd<'static>>,
}

impl Modeled {
    const NEW: Self = Self {
        epoch: FIRST_EPOCH,
        is_stored: true,
        end: None,
    };

    fn end(&mut self, at: Timestamp, kind: EndKind, by: EndedBy<'static>) {
        self.end.get_or_insert(SessionEnd { at, kind, by });
    }

    fn delete(&mut self, at: Timestamp, kind: EndKind, by: EndedBy<'static>) {
        self.end(at, kind, by);
        self.is_stored = false;
    }
}

const FIRST_EPOCH: Epoch = Epoch::new(7 << 16);

/// Two sessions of one user, and the records of what happened to them.
struct Model {
    a: Modeled,
    b: Modeled,
    epoch: Epoch,
    records: Vec<AuditRecord>,
}

impl Model {
    const fn new() -> Self {
        Self {
            a: Modeled::NEW,
            b: Modeled::NEW,
            epoch: FIRST_EPOCH,
            records: vec![],
        }
    }

    /// Does what the portal does, if it would do anything.
    fn act(&mut self, act: Act, at: Timestamp) {
        use {EndKind as K, EndedBy as By};
        match act {
            Act::SignOutA if self.a.is_stored => {
                self.record(Action::Logout, at, A, &[]);
                self.a.delete(at, K::SignedOut, By::User);
            }
            Act::RevokeA if self.a.is_stored && self.b.end.is_none() => {
                self.record(Action::SessionRevoked, at, A, &[]);
                self.a.delete(at, K::Revoked, By::User);
            }
            Act::ReplaceB => {
                self.record(Action::Login, at, "session-c", &[(audit::REPLACED, B)]);
                self.b.delete(at, K::Replaced, By::User);
            }
            Act::OutnumberA if self.a.is_stored => {
                let oldest = format!("session-x {A} session-y");
                self.record(Action::Login, at, "session-d", &[(audit::ENDED, &oldest)]);
                self.a.delete(at, K::TooMany, By::User);
            }
            Act::AnotherReplacesA => {
                self.record(Action::SessionReplaced, at, A, &[]);
                self.a.delete(at, K::Replaced, By::AnotherUser);
            }
            Act::KeepA if self.a.end.is_none() => {
                self.move_epoch(Action::SessionsRevoked, at, A, &[]);
                self.a.epoch = self.epoch;
                self.b.end(at, K::Revoked, By::User);
            }
            Act::RevokeAll => {
                let actor = [(audit::ACTOR, ADMINISTRATOR)];
                self.move_epoch(Action::SessionsRevoked, at, "", &actor);
                for session in [&mut self.a, &mut self.b] {
                    session.end(at, K::Revoked, By::Administrator(ADMINISTRATOR));
                }
            }
            Act::Reset => {
                self.move_epoch(Action::PasswordReset, at, "", &[]);
                for session in [&mut self.a, &mut self.b] {
                    session.end(at, K::PasswordReset, By::User);
                }
            }
            Act::ChangePasswordInB if self.b.end.is_none() => {
                self.move_epoch(Action::PasswordChanged, at, B, &[]);
                self.b.epoch = self.epoch;
                self.a.end(at, K::PasswordChanged, By::User);
            }
            Act::SignOutA
            | Act::RevokeA
            | Act::OutnumberA
            | Act::KeepA
            | Act::ChangePasswordInB => {}
        }
    }

    fn move_epoch(&mut self, action: Action, at: Timestamp, kept: &str, more: &[(&str, &str)]) {
        self.epoch = self.epoch.next();
        let epoch = self.epoch.get().to_string();
        self.record(action, at, kept, &[more, &[("epoch", &epoch)]].concat());
    }

    /// Records an action done with a session, or with the user if `session` is empty.
    fn record(&mut self, action: Action, at: Timestamp, session: &str, more: &[(&str, &str)]) {
        let kind = if session.is_empty() {
            "user"
        } else {
            "session"
        };
        let entry = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.records.push(AuditRecord {
            action: action.of(&portal()),
            target: (kind.to_owned(), session.to_owned()),
            metadata: more.iter().map(entry).collect::<BTreeMap<_, _>>(),
            client: ClientInfo::new("192.0.2.1", ""),
            at,
        });
    }
}

fn portal() -> PortalName {
    PortalName::parse("partner").unwrap()
}

/// Returns all orders of all selections of `acts`.
fn orders(acts: &[Act]) -> Vec<Vec<Act>> {
    let mut all = vec![vec![]];
    for (n, first) in acts.iter().enumerate() {
        let rest = [&acts[..n], &acts[n + 1..]].concat();
        let tails = orders(&rest).into_iter();
        all.extend(tails.map(|tail| [vec![*first], tail].concat()));
    }
    all
}

#[test]
fn in_all_orders_of_up_to_eight_actions_the_records_tell_the_end_of_each_session() {
    // All orders of all nine would take ten times as long.
    let orders = [orders(&ACTS[..8]), orders(&ACTS[2..])].concat();
    assert_eq!(orders.len(), 109_601 + 13_700);
    for order in orders {
        let mut model = Model::new();
        for (second, act) in (100..).zip(&order) {
            model.act(*act, Timestamp::from_secs(second));
        }
        let mut reversed = model.records.clone();
        reversed.reverse();
        for records in [&model.records, &reversed] {
            let ends = RecordedEnds::new(records, &portal());
            for (id, session) in [(A, model.a), (B, model.b)] {
                for epoch in [FIRST_EPOCH, session.epoch] {
                    assert_eq!(ends.end_of(id, epoch, []), session.end, "{id} {order:?}");
                }
            }
        }
    }
}

#[test]
fn a_session_that_started_after_a_move_of_the_epoch_is_not_ended_by_it() {
    let mut model = Model::new();
    // The clock of the second move is behind.
    model.act(Act::Reset, Timestamp::from_secs(100));
    model.act(Act::RevokeAll, Timestamp::from_secs(90));
    let ends = RecordedEnds::new(&model.records, &portal());
    let kind = |epoch| ends.end_of(A, epoch, []).map(|end| end.kind);
    assert_eq!(kind(FIRST_EPOCH), Some(EndKind::PasswordReset));
    assert_eq!(kind(FIRST_EPOCH.next()), Some(EndKind::Revoked));
    assert_eq!(kind(FIRST_EPOCH.next().next()), None);
}

#[test]
fn the_earliest_of_a_recorded_end_and_an_end_by_itself_counts() {
    let mut model = Model::new();
    model.act(Act::Reset, Timestamp::from_secs(100));
    let ends = RecordedEnds::new(&model.records, &portal());
    for (seconds, kind) in [
        (99, EndKind::Expired),
        (100, EndKind::Expired),
        (101, EndKind::PasswordReset),
    ] {
        let expired = SessionEnd {
            at: Timestamp::from_secs(seconds),
            kind: EndKind::Expired,
            by: EndedBy::Time,
        };
        let end = ends.end_of(A, FIRST_EPOCH, [expired]).unwrap();
        assert_eq!(end.kind, kind);
    }
}

#[test]
fn a_record_without_an_epoch_and_one_of_another_action_end_nothing() {
    let mut model = Model::new();
    let at = Timestamp::from_secs(100);
    model.record(Action::SessionsRevoked, at, A, &[]);
    model.record(Action::Suspended, at, "", &[]);
    model.record(Action::Login, at, A, &[("epoch", "99999999")]);
    model.record(Action::Changed, at, "", &[("epoch", "99999999")]);
    let ends = RecordedEnds::new(&model.records, &portal());
    assert_eq!(ends.end_of(A, FIRST_EPOCH, []), None);
}
