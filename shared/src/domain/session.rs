//! Sessions of users who have signed in.

use super::client::ClientInfo;
use super::email::OutboxEntry;
use super::ids::{SessionHash, UserId, decode_32, encode, sha256};
use super::secret::Secret;
use super::time::{MINUTE, Timestamp};
use super::user::{Epoch, Status, User};
use std::time::Duration;

/// The rules by which sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// `SESSION_HOURS`: lifetime of a session, 1 hour to 10 years. Nothing extends it.
    pub lifetime: Duration,
    /// `IDLE_MINUTES`: a session ends after this time without a request (ASVS 5.0, 7.3.1).
    pub idle: Option<Duration>,
    /// `SESSIONS_PER_USER`: with one more, the oldest session ends (ASVS 5.0, 7.1.2).
    pub per_user: Option<usize>,
    /// `CONFIRM_MINUTES`: ending other sessions takes an authentication that is at most as old
    /// (ASVS 5.0, 7.5.2).
    pub confirm_within: Option<Duration>,
}

impl SessionRules {
    /// Returns the minimum age of `last_seen_at` for a request to renew it: five minutes, or one
    /// minute (at most a fifth of `IDLE_MINUTES`) if idle sessions end. An idle session may end
    /// sooner by as much, and never later.
    pub fn touch_interval(&self) -> Duration {
        match self.idle {
            None => MINUTE.saturating_mul(5),
            Some(idle) => MINUTE.min(idle / 5),
        }
    }

    /// Returns whether `session` has ended at `now` because nobody used it.
    pub fn is_idle(&self, session: &Session, now: Timestamp) -> bool {
        self.idle_end(session).is_some_and(|end| now >= end)
    }

    /// Returns the time at which `session` ends if nobody uses it again, if idle sessions end.
    pub fn idle_end(&self, session: &Session) -> Option<Timestamp> {
        self.idle.map(|idle| session.last_seen_at.plus(idle))
    }
}

/// A session's secret id. Only its signed token contains it.
#[derive(Clone, Debug)]
pub struct SessionId(Secret<[u8; 32]>);

impl SessionId {
    /// Wraps random bytes, or the keyed hash of the link that issues the session.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Parses the claim of a token.
    pub fn parse(text: &str) -> Option<Self> {
        decode_32(text).map(Self::new)
    }

    /// Returns the claim for the session's token.
    pub fn expose(&self) -> String {
        encode(self.0.expose())
    }

    /// Returns the hash that tables hold in place of the id.
    pub fn hash(&self) -> SessionHash {
        SessionHash::from_bytes(sha256(self.0.expose()))
    }
}

/// The authentication method of a session (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// The link of an email.
    Link,
    /// The code of an email.
    Code,
    Password,
    /// The first password, set with the link of an invitation.
    Activation,
}

impl AuthMethod {
    /// Returns the stored `auth_method`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "code",
            Self::Password => "password",
            Self::Activation => "activation",
        }
    }

    /// Returns the authentication method reference (RFC 8176) in `me` and in tokens. A code or a
    /// link is a one-time password that was sent by email.
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Link | Self::Code | Self::Activation => "otp",
            Self::Password => "pwd",
        }
    }

    /// Parses the stored `auth_method`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Link, Self::Code, Self::Password, Self::Activation]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}

/// The key of a session's item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey {
    pub user: UserId,
    pub hash: SessionHash,
}

/// The sessions that a new one ends, in the transaction that stores it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedSessions {
    /// The one that the client had before.
    pub replaced: Option<SessionKey>,
    /// The oldest ones over [`SessionRules::per_user`].
    pub oldest: Vec<SessionKey>,
    /// Number of the user's sign-ins when the sessions were counted, if they were.
    pub sign_ins: Option<u64>,
}

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identifies the session in tables and responses.
    pub hash: SessionHash,
    pub user: UserId,
    /// Epoch of the user when the session was issued.
    pub epoch: Epoch,
    pub created_at: Timestamp,
    /// End of the session. Using it does not extend it.
    pub expires_at: Timestamp,
    /// Time of the last request, accurate to [`SessionRules::touch_interval`].
    pub last_seen_at: Timestamp,
    /// Client that signed in.
    pub client: ClientInfo,
    /// Time of the newest authentication: the sign-in, or a confirmation.
    pub auth_time: Timestamp,
    /// Method of the newest authentication.
    pub auth_method: AuthMethod,
}

impl Session {
    /// Returns whether the session authenticates `user` at `now`. Every authenticated request goes
    /// through this rule.
    pub fn is_live(&self, user: &User, now: Timestamp) -> bool {
        self.user == user.id
            && self.expires_at > now
            && user.status == Status::Active
            && self.epoch == user.epoch
    }
}

/// A browser that signs in to an address that it is not known to, at a portal that sends notices of
/// that.
pub struct NewBrowser {
    /// The notice, or `None` if the user signs in for the first time: then nobody is told.
    pub notice: Option<OutboxEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::EmailAddress;

    #[test]
    fn an_auth_method_parses_from_its_stored_form() {
        for method in [AuthMethod::Link, AuthMethod::Code] {
            assert_eq!(AuthMethod::parse(method.as_str()), Some(method));
        }
        assert_eq!(
            (
                AuthMethod::Link.as_str(),
                AuthMethod::Code.as_str(),
                AuthMethod::parse("")
            ),
            ("link", "code", None)
        );
    }

    #[test]
    fn a_session_is_live_only_for_an_active_user_of_its_epoch_before_its_end() {
        let address = EmailAddress::parse("ada@example.com").unwrap();
        let user = User::new(
            UserId::new([1; 16]),
            Epoch::new(3),
            address,
            String::new(),
            Status::Active,
            Timestamp::from_secs(1),
        );
        let session = Session {
            hash: SessionHash::from_bytes([0; 32]),
            user: user.id.clone(),
            epoch: Epoch::new(3),
            created_at: Timestamp::from_secs(10),
            expires_at: Timestamp::from_secs(20),
            last_seen_at: Timestamp::from_secs(10),
            client: ClientInfo::new("192.0.2.1", ""),
            auth_time: Timestamp::from_secs(10),
            auth_method: AuthMethod::Link,
        };
        let now = Timestamp::from_millis(19_999);
        assert!(session.is_live(&user, now));
        assert!(!session.is_live(&user, session.expires_at));
        assert!(!session.is_live(
            &User {
                status: Status::Suspended,
                ..user.clone()
            },
            now
        ));
        assert!(!session.is_live(
            &User {
                status: Status::Invited,
                ..user.clone()
            },
            now
        ));
        assert!(!session.is_live(
            &User {
                epoch: Epoch::new(4),
                ..user.clone()
            },
            now
        ));
        assert!(!session.is_live(
            &User {
                id: UserId::nobody(),
                ..user.clone()
            },
            now
        ));
    }
}
