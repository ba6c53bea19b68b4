//! The sessions of a user as an administrator sees them: those that are live, and those that ended.

use serde::Serialize;
use shared::domain::audit::{self, Action, AuditRecord};
use shared::domain::language::Language;
use shared::domain::portal::PortalName;
use shared::domain::session::{Session, SessionRules};
use shared::domain::session_end::{EndKind, EndedBy, RecordedEnds, SessionEnd};
use shared::domain::time::Timestamp;
use shared::domain::user::{Epoch, User};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The number of ended sessions that are shown of a user.
const MAX_ENDED: usize = 50;

/// Everything that the sessions of a user are derived from.
pub(crate) struct SessionSources<'a> {
    pub(crate) user: &'a User,
    /// The stored sessions, live or not.
    pub(crate) stored: &'a [Session],
    /// The newest audit records of the user's sessions.
    pub(crate) records: &'a [AuditRecord],
    pub(crate) portal: &'a PortalName,
    pub(crate) rules: &'a SessionRules,
    pub(crate) now: Timestamp,
}

#[derive(Serialize)]
pub(crate) struct SessionView<'a> {
    id: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<String>,
    expires_at: String,
    client: String,
    ip: &'a str,
    auth_method: &'a str,
    #[serde(flatten)]
    end: Option<EndView<'a>>,
}

#[derive(Serialize)]
struct EndView<'a> {
    ended_at: String,
    how: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
}

/// A session that is stored, or whose start is recorded.
struct KnownSession<'a> {
    epoch: Epoch,
    created_at: Timestamp,
    view: SessionView<'a>,
    lapsed: Vec<SessionEnd<'a>>,
    is_live: bool,
}

impl<'a> SessionSources<'a> {
    /// Returns all live sessions, the newest first, and the sessions that ended last.
    pub(crate) fn views(&self) -> Vec<SessionView<'a>> {
        let ends = RecordedEnds::new(self.records, self.portal);
        let (mut live, mut ended) = (vec![], vec![]);
        for (id, session) in self.known() {
            match ends.end_of(&id, session.epoch, session.lapsed) {
                Some(end) => ended.push((end.at, session.view.ended(&end))),
                None if session.is_live => live.push((session.created_at, session.view)),
                // It ended before the oldest of these records.
                None => {}
            }
        }
        live.sort_by_key(|(created_at, _)| Reverse(*created_at));
        ended.sort_by_key(|(ended_at, _)| Reverse(*ended_at));
        ended.truncate(MAX_ENDED);
        live.into_iter()
            .chain(ended)
            .map(|(_, view)| view)
            .collect()
    }

    fn known(&self) -> BTreeMap<String, KnownSession<'a>> {
        let recorded = self.records.iter();
        let recorded = recorded.filter_map(|record| self.recorded(record));
        let stored = self.stored.iter();
        // What is stored says more than what is recorded.
        let stored = stored.map(|session| (session.hash.to_string(), self.stored(session)));
        recorded.chain(stored).collect()
    }

    fn recorded(&self, record: &'a AuditRecord) -> Option<(String, KnownSession<'a>)> {
        let starts = [Action::Login, Action::Activated];
        let starts = starts.map(|action| action.of(self.portal));
        if !starts.contains(&record.action) {
            return None;
        }
        let id = record.session()?.to_owned();
        let expires_at = record.metadata.get(audit::EXPIRES_AT)?;
        let expires_at = Timestamp::parse_rfc3339(expires_at)?;
        let session = KnownSession {
            epoch: record.epoch()?,
            created_at: record.at,
            lapsed: Vec::from_iter(self.expired(expires_at)),
            is_live: false,
            view: SessionView {
                id: id.clone(),
                created_at: record.at.rfc3339(),
                last_seen_at: None,
                expires_at: expires_at.rfc3339(),
                client: Language::English.client(&record.client),
                ip: &record.client.ip,
                auth_method: record.metadata.get(audit::AUTH_METHOD)?,
                end: None,
            },
        };
        Some((id, session))
    }

    fn stored(&self, session: &'a Session) -> KnownSession<'a> {
        let idle = self.rules.idle_end(session).filter(|end| *end <= self.now);
        let idle = idle.map(|at| lapsed(at, EndKind::Idle));
        KnownSession {
            epoch: session.epoch,
            created_at: session.created_at,
            lapsed: self
                .expired(session.expires_at)
                .into_iter()
                .chain(idle)
                .collect(),
            is_live: session.is_live(self.user, self.now),
            view: SessionView {
                id: session.hash.to_string(),
                created_at: session.created_at.rfc3339(),
                last_seen_at: Some(session.last_seen_at.rfc3339()),
                expires_at: session.expires_at.rfc3339(),
                client: Language::English.client(&session.client),
                ip: &session.client.ip,
                auth_method: session.auth_method.as_str(),
                end: None,
            },
        }
    }

    fn expired(&self, expires_at: Timestamp) -> Option<SessionEnd<'a>> {
        (expires_at <= self.now).then(|| lapsed(expires_at, EndKind::Expired))
    }
}

fn lapsed<'a>(at: Timestamp, kind: EndKind) -> SessionEnd<'a> {
    SessionEnd {
        at,
        kind,
        by: EndedBy::Time,
    }
}

impl<'a> SessionView<'a> {
    fn ended(self, end: &SessionEnd<'a>) -> Self {
        let (by, actor) = match end.by {
            EndedBy::User => (Some("user"), None),
            EndedBy::AnotherUser => (Some("another-user"), None),
            EndedBy::Administrator(actor) => (Some("administrator"), Some(actor)),
            EndedBy::Time => (None, None),
        };
        let end = EndView {
            ended_at: end.at.rfc3339(),
            how: end.kind.as_str(),
            by,
            actor,
        };
        Self {
            end: Some(end),
            ..self
        }
    }
}
