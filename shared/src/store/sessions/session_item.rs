//! The rows of `sessions`: under the user's id and the SHA-256 of the session's secret id.

use crate::domain::client::ClientInfo;
use crate::domain::ids::{SessionHash, UserId};
use crate::domain::session::{AuthMethod, EndedSessions, Session};
use crate::domain::user::Epoch;
use crate::store::Store;
use crate::store::expression::{Expression, put_new};
use crate::store::item::{Item, expires_at, item, moment, n, number, s, text};
use aws_sdk_dynamodb::types::Put;

pub(in crate::store) fn key(user: &UserId, hash: &SessionHash) -> Item {
    item([
        ("pk", Some(s(user.as_str()))),
        ("sk", Some(s(hash.to_string()))),
    ])
}

impl Store {
    pub(in crate::store) fn session_row(&self, user: &UserId, hash: &SessionHash) -> Expression {
        Expression::on(&self.tables.sessions, key(user, hash))
    }

    /// Returns the put of a new session.
    pub(in crate::store) fn new_session(&self, session: &Session) -> Put {
        put_new(&self.tables.sessions, to_item(session))
    }

    /// Returns the update that stores a confirmation of `session`, on condition that it is
    /// unexpired and of the same epoch. It does not extend the session.
    pub(in crate::store) fn confirmed_session(&self, session: &Session) -> Expression {
        self.session_row(&session.user, &session.hash)
            .set("auth_time = :auth_time, auth_method = :auth_method")
            .when("attribute_exists(pk) AND epoch = :epoch AND expires_at > :now")
            .values([
                (":auth_time", n(session.auth_time.millis())),
                (":auth_method", s(session.auth_method.as_str())),
                (":epoch", n(session.epoch.get())),
                (":now", n(session.auth_time.secs())),
            ])
    }

    /// Returns the unconditional deletes of the sessions that a new one ends.
    pub(in crate::store) fn ended_sessions(
        &self,
        ended: &EndedSessions,
    ) -> impl Iterator<Item = Expression> {
        let sessions = ended.replaced.iter().chain(&ended.oldest);
        sessions.map(|session| self.session_row(&session.user, &session.hash))
    }
}

fn to_item(session: &Session) -> Item {
    let mut whole = key(&session.user, &session.hash);
    whole.extend(item([
        ("epoch", Some(n(session.epoch.get()))),
        ("created_at", Some(n(session.created_at.millis()))),
        ("last_seen_at", Some(n(session.last_seen_at.millis()))),
        ("expires_at", Some(n(session.expires_at.secs()))),
        ("ip", Some(s(&session.client.ip))),
        ("user_agent", Some(s(&session.client.user_agent))),
        ("auth_time", Some(n(session.auth_time.millis()))),
        ("auth_method", Some(s(session.auth_method.as_str()))),
    ]));
    whole
}

pub(in crate::store) fn from_item(item: &Item) -> Option<Session> {
    let created_at = moment(item, "created_at")?;
    Some(Session {
        user: UserId::parse(text(item, "pk")?)?,
        hash: SessionHash::parse(text(item, "sk")?)?,
        epoch: Epoch::new(number(item, "epoch")?),
        created_at,
        last_seen_at: moment(item, "last_seen_at")?,
        expires_at: expires_at(item)?,
        client: ClientInfo {
            ip: text(item, "ip")?.to_owned(),
            user_agent: text(item, "user_agent")?.to_owned(),
        },
        // Sessions of earlier releases have none.
        auth_time: moment(item, "auth_time").unwrap_or(created_at),
        auth_method: AuthMethod::parse(text(item, "auth_method")?)?,
    })
}
