//! Sessions.

use super::ids::{SessionHash, UserId, decode_32, encode, sha256};
use super::secret::Secret;
use super::time::Timestamp;
use super::user::{Epoch, Status, User};
use crate::domain::client::ClientInfo;
use std::time::Duration;

/// How old `last_seen_at` must be before a request renews it.
pub const TOUCH_INTERVAL: Duration = Duration::from_secs(300);

/// A session's secret id: inside its signed cookie, nowhere else.
#[derive(Clone, Debug)]
pub struct SessionId(Secret<[u8; 32]>);

impl SessionId {
    /// From a keyed hash of the link that began it.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// From a token's claims.
    pub fn parse(text: &str) -> Option<Self> {
        decode_32(text).map(Self::new)
    }

    /// For the session's token.
    pub fn expose(&self) -> String {
        encode(self.0.expose())
    }

    /// What tables hold instead.
    pub fn hash(&self) -> SessionHash {
        SessionHash::from_bytes(sha256(self.0.expose()))
    }
}

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// With the link of a mail.
    Link,
    /// With the code of a mail.
    Code,
    /// With a password.
    Password,
    /// With the first password, set by an invitation's link.
    Activation,
}

impl AuthMethod {
    /// As stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Code => "code",
            Self::Password => "password",
            Self::Activation => "activation",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Link, Self::Code, Self::Password, Self::Activation]
            .into_iter()
            .find(|began| began.as_str() == text)
    }
}

/// Names a session: its row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey {
    /// Whose it is.
    pub user: UserId,
    /// Its name.
    pub hash: SessionHash,
}

/// Somebody signed in: one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name in tables and towards its owner.
    pub hash: SessionHash,
    /// Whose it is.
    pub user: UserId,
    /// The user's epoch when it began.
    pub epoch: Epoch,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends, whatever happens.
    pub expires_at: Timestamp,
    /// When it was last used, within [`TOUCH_INTERVAL`].
    pub last_seen_at: Timestamp,
    /// Where it began.
    pub client: ClientInfo,
    /// How it began.
    pub auth_method: AuthMethod,
}

impl Session {
    /// Whether it signs `user` in at `now`: the one rule that every authenticated request goes
    /// through.
    pub fn is_live(&self, user: &User, now: Timestamp) -> bool {
        self.user == user.id
            && self.expires_at > now
            && user.status == Status::Active
            && self.epoch == user.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::EmailAddress;

    #[test]
    fn how_a_session_began_is_read_as_it_was_stored() {
        for began in [AuthMethod::Link, AuthMethod::Code] {
            assert_eq!(AuthMethod::parse(began.as_str()), Some(began));
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
    fn a_session_lives_only_for_an_active_user_of_its_epoch_before_its_end() {
        let address = EmailAddress::parse("ada@example.com").unwrap();
        let user = User::new(
            UserId::new([1; 16]),
            address,
            String::new(),
            Status::Active,
            Timestamp::from_secs(1),
        );
        let user = User {
            epoch: Epoch::new(3),
            ..user
        };
        let session = Session {
            hash: SessionHash::from_bytes([0; 32]),
            user: user.id.clone(),
            epoch: Epoch::new(3),
            created_at: Timestamp::from_secs(10),
            expires_at: Timestamp::from_secs(20),
            last_seen_at: Timestamp::from_secs(10),
            client: ClientInfo::new("192.0.2.1", ""),
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
