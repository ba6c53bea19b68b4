//! The words of the API as sentences for the person on the phone.

use shared::domain::language::Language;
use shared::domain::time::Timestamp;

/// Names an email by what was requested.
pub(super) fn kind(kind: &str) -> String {
    match kind {
        "sign-in" => "Sign-in email".to_owned(),
        "reset" => "Password reset email".to_owned(),
        "sign-up" => "Sign-up email".to_owned(),
        "invitation" => "Invitation".to_owned(),
        notice => format!("Notice “{}”", notice.replace('-', " ")),
    }
}

/// Completes "The email was" or "The email is".
pub(super) fn status(status: &str) -> &str {
    match status {
        "queued" => "waiting to be sent",
        "sending" => "being sent",
        "sent" => "accepted by Amazon SES, no delivery report yet",
        "dropped" => "not sent: no account, or the user is suspended",
        "throttled" => "not sent, as a limit was reached",
        "expired" => "not sent, as it came too late",
        "superseded" => "not sent, as it was out of date",
        "suppressed" => "not sent, as the address is suppressed",
        "delayed" => "delayed by the recipient’s mail server",
        "bounced" => "returned by the recipient’s mail server",
        "rejected" => "refused by Amazon SES",
        "complained" => "delivered, and marked as spam by the recipient",
        // `delivered`, `failed`, and what a later version adds.
        other => other,
    }
}

/// Tells what happened to an email of this kind.
pub(super) fn event(kind: &str, event: &str, detail: &str) -> String {
    let words = match detail {
        "" => ".".to_owned(),
        detail => format!(": {detail}"),
    };
    match event {
        "requested" if detail.is_empty() => requested_by_portal(kind).to_owned(),
        "requested" => {
            let from = detail.replacen("Unknown browser", "an unknown browser", 1);
            match kind {
                "new-browser" => format!("The sign-in came from {from}."),
                notice if is_notice(notice) => format!("The change came from {from}."),
                _ => format!("It was requested from {from}."),
            }
        }
        "waiting" => format!(
            "The day’s invitation budget was used up; it waits {}.",
            until(detail)
        ),
        "claimed" => format!("The portal prepared the message “{detail}”."),
        "sent" => format!("Amazon SES accepted it as message {detail}."),
        "dropped" | "throttled" | "expired" | "superseded" => not_sent(detail),
        "failed" if detail == "unanswered" => {
            "It was not sent: the portal tried three times and got no result.".to_owned()
        }
        "failed" => format!("It could not be sent{words}"),
        "suppressed" if detail == "address-suppressed" => {
            "It was not sent: the address was suppressed.".to_owned()
        }
        "suppressed" => format!("Amazon SES did not send it{words}"),
        "delayed" => format!("The recipient’s mail server did not take it yet{words}"),
        "delivered" => format!("The recipient’s mail server accepted it{words}"),
        "bounced" => format!("The recipient’s mail server returned it{words}"),
        "rejected" => format!("Amazon SES refused to send it{words}"),
        "complained" => format!("The recipient marked it as spam{words}"),
        "redriven" => "An administrator sent it again.".to_owned(),
        "link-used" if is_notice(kind) => "The user reported that it wasn’t them.".to_owned(),
        "link-used" => "Its link or code was used.".to_owned(),
        other => format!("{other}{words}"),
    }
}

fn is_notice(kind: &str) -> bool {
    !["sign-in", "reset", "sign-up", "invitation"].contains(&kind)
}

/// Says who requested an email that no browser did.
fn requested_by_portal(kind: &str) -> &'static str {
    match kind {
        "invitation" => "An administrator invited the user.",
        _ => "The portal queued it after a change to the account.",
    }
}

fn not_sent(reason: &str) -> String {
    let why = match reason {
        "no-account" => "there is no account with this address",
        "suspended" => "the user is suspended",
        "address-budget" => "too many emails to this address were requested",
        "known-browser-budget" => "this browser requested too many emails",
        "portal-budget" | "sign-up-budget" | "invitation-budget" => {
            "the portal had sent as many emails as it may on one day"
        }
        "link-expired" => "its link had expired, or the notice was older than a day",
        "epoch-moved" => "the user’s links were ended in the meantime",
        "activated" => "the user was active already",
        other => other,
    };
    format!("It was not sent: {why}.")
}

/// Replaces the time in `until 2026-11-22T00:00:00Z` by one to read out.
fn until(detail: &str) -> String {
    let time = detail
        .strip_prefix("until ")
        .and_then(Timestamp::parse_rfc3339);
    let moment = time.map(|time| Language::English.moment(time));
    moment.map_or_else(|| detail.to_owned(), |moment| format!("until {moment}"))
}
