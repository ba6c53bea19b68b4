//! `sessions`: under the user's id and the SHA-256 of the session's secret id.

use crate::domain::client::ClientInfo;
use crate::domain::ids::{SessionHash, UserId};
use crate::domain::session::{AuthMethod, Session, SessionKey};
use crate::domain::user::Epoch;
use crate::store::item::{Item, expires_at, item, moment, n, number, s, text};
use aws_sdk_dynamodb::types::Delete;

pub(in crate::store) fn key(user: &UserId, hash: &SessionHash) -> Item {
    item([
        ("pk", Some(s(user.as_str()))),
        ("sk", Some(s(hash.to_string()))),
    ])
}

/// Ends it, whether it is there or not.
pub(in crate::store) fn delete(table: &str, session: &SessionKey) -> Delete {
    #[expect(clippy::expect_used, reason = "every required field is set")]
    Delete::builder()
        .table_name(table)
        .set_key(Some(key(&session.user, &session.hash)))
        .build()
        .expect("a whole delete")
}

pub(in crate::store) fn to_item(session: &Session) -> Item {
    let mut whole = key(&session.user, &session.hash);
    whole.extend(item([
        ("epoch", Some(n(session.epoch.get()))),
        ("created_at", Some(n(session.created_at.millis()))),
        ("last_seen_at", Some(n(session.last_seen_at.millis()))),
        ("expires_at", Some(n(session.expires_at.secs()))),
        ("ip", Some(s(&session.client.ip))),
        ("user_agent", Some(s(&session.client.user_agent))),
        ("auth_method", Some(s(session.auth_method.as_str()))),
    ]));
    whole
}

pub(in crate::store) fn from_item(item: &Item) -> Option<Session> {
    Some(Session {
        user: UserId::parse(text(item, "pk")?)?,
        hash: SessionHash::parse(text(item, "sk")?)?,
        epoch: Epoch::new(number(item, "epoch")?),
        created_at: moment(item, "created_at")?,
        last_seen_at: moment(item, "last_seen_at")?,
        expires_at: expires_at(item)?,
        client: ClientInfo {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        auth_method: AuthMethod::parse(text(item, "auth_method")?)?,
    })
}
