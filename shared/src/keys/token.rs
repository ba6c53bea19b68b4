//! Links and sessions as JSON Web Tokens (RFC 7519): HS256 only, explicitly typed (RFC 8725, 3.11),
//! one audience and one issuer per purpose and portal. The library's time checks are off, because
//! it would read the system clock and allow 60 s.

use crate::domain::address::EmailAddress;
use crate::domain::ids::{LinkId, UserId};
use crate::domain::link::{Link, LinkAccount, LinkNext, Purpose};
use crate::domain::next::Next;
use crate::domain::portal::PortalName;
use crate::domain::session::SessionId;
use crate::domain::time::Timestamp;
use crate::domain::user::Epoch;
use crate::keys::key_ring::{Key, KeyRing, Subkey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Maximum length of a token in characters. No issued token is longer, even with the longest
/// address and portal name, and every character escaped.
const MAX_LENGTH: usize = 4096;

/// The reason to reject a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// This portal did not issue the token for this purpose.
    Invalid,
    /// The key is unknown, but this copy of the ring is stale: the token may be valid.
    UnknownKeyWhileStale,
}

/// The content of a token, and the key that signed it.
#[derive(Debug)]
pub struct Signed<'a, T> {
    pub content: T,
    pub key: &'a Key,
}

/// The claims of a session's token. Only the session's item says whether it is still live.
#[derive(Clone, Debug)]
pub struct SessionClaims {
    pub id: SessionId,
    pub user: UserId,
    /// Address of the user, for the pages. `None` in tokens of an earlier version. A new address
    /// ends the session.
    pub address: Option<EmailAddress>,
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct LinkToken {
    iss: String,
    aud: String,
    jti: String,
    sub: String,
    email: String,
    epoch: Epoch,
    account: String,
    exp: u64,
    /// Is empty if only the link's item has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SessionToken {
    iss: String,
    aud: String,
    sid: String,
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    exp: u64,
}

/// The kind of a token, which decides its `typ`, its `aud` and its subkey.
#[derive(Clone, Copy)]
enum Kind {
    Link(Purpose),
    Session,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Link(Purpose::SignIn) => "link",
            Self::Link(Purpose::Activation) => "activation",
            Self::Link(Purpose::Reset) => "reset",
            Self::Link(Purpose::Report) => "report",
            Self::Session => "session",
        }
    }

    fn typ(self) -> String {
        format!("{}+jwt", self.name())
    }

    fn audience(self, portal: &PortalName) -> String {
        format!("{portal}/{}", self.name())
    }

    const fn subkey(self, key: &Key) -> &Subkey {
        match self {
            Self::Link(Purpose::SignIn) => &key.link,
            Self::Link(Purpose::Activation) => &key.activation,
            Self::Link(Purpose::Reset) => &key.reset,
            Self::Link(Purpose::Report) => &key.report,
            Self::Session => &key.session,
        }
    }
}

fn issuer(portal: &PortalName) -> String {
    format!("vestibule/{portal}")
}

impl KeyRing {
    /// Signs the token of `link`. Only its email may contain the token.
    pub fn sign_link(&self, key: &Key, link: &Link) -> String {
        let claims = LinkToken {
            iss: issuer(&self.portal),
            aud: Kind::Link(link.purpose).audience(&self.portal),
            jti: link.id.to_string(),
            sub: link.user.to_string(),
            email: link.address.to_string(),
            epoch: link.epoch,
            account: link.account.as_str().to_owned(),
            exp: link.expires_at.secs(),
            next: match &link.next {
                LinkNext::None => None,
                LinkNext::Page(next) => Some(next.as_str().to_owned()),
                LinkNext::Stored => Some(String::new()),
            },
        };
        sign(key, Kind::Link(link.purpose), &claims)
    }

    /// Verifies the token of a link for `purpose`. The caller checks its expiry.
    ///
    /// # Errors
    /// [`TokenError`] for a token that is invalid, or whose key is unknown.
    pub fn read_link(&self, purpose: Purpose, token: &str) -> Result<Signed<'_, Link>, TokenError> {
        let Signed { content, key } = self.read::<LinkToken>(Kind::Link(purpose), token)?;
        let parse = || {
            Some(Link {
                purpose,
                id: LinkId::parse(&content.jti)?,
                user: UserId::parse(&content.sub)?,
                address: EmailAddress::parse(&content.email)?,
                epoch: content.epoch,
                account: LinkAccount::parse(&content.account, "")?,
                expires_at: Timestamp::from_secs(content.exp),
                next: match content.next {
                    None => LinkNext::None,
                    Some(next) if next.is_empty() => LinkNext::Stored,
                    Some(next) => LinkNext::Page(Next::from_stored(next)),
                },
            })
        };
        Ok(Signed {
            content: parse().ok_or(TokenError::Invalid)?,
            key,
        })
    }

    /// Signs the token of a session. Only its cookie or its bearer client may receive the token.
    pub fn sign_session(&self, key: &Key, session: &SessionClaims) -> String {
        let claims = SessionToken {
            iss: issuer(&self.portal),
            aud: Kind::Session.audience(&self.portal),
            sid: session.id.expose(),
            sub: session.user.to_string(),
            email: session.address.as_ref().map(EmailAddress::to_string),
            exp: session.expires_at.secs(),
        };
        sign(key, Kind::Session, &claims)
    }

    /// Verifies the token of a session. The caller checks its expiry.
    ///
    /// # Errors
    /// [`TokenError`] for a token that is invalid, or whose key is unknown.
    pub fn read_session(&self, token: &str) -> Result<Signed<'_, SessionClaims>, TokenError> {
        let Signed { content, key } = self.read::<SessionToken>(Kind::Session, token)?;
        let parse = || {
            Some(SessionClaims {
                id: SessionId::parse(&content.sid)?,
                user: UserId::parse(&content.sub)?,
                address: content.email.as_deref().and_then(EmailAddress::parse),
                expires_at: Timestamp::from_secs(content.exp),
            })
        };
        Ok(Signed {
            content: parse().ok_or(TokenError::Invalid)?,
            key,
        })
    }

    fn read<C: DeserializeOwned>(
        &self,
        kind: Kind,
        token: &str,
    ) -> Result<Signed<'_, C>, TokenError> {
        if token.len() > MAX_LENGTH {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let is_typed = header.typ == Some(kind.typ()) && header.alg == Algorithm::HS256;
        let kid = header.kid.filter(|_| is_typed).ok_or(TokenError::Invalid)?;
        let unknown = if self.stale {
            TokenError::UnknownKeyWhileStale
        } else {
            TokenError::Invalid
        };
        let key = self.get(&kid).ok_or(unknown)?;

        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.set_audience(&[kind.audience(&self.portal)]);
        validation.set_issuer(&[issuer(&self.portal)]);
        validation.set_required_spec_claims(&["aud", "iss", "exp"]);
        let secret = DecodingKey::from_secret(kind.subkey(key).expose());
        let token =
            jsonwebtoken::decode(token, &secret, &validation).map_err(|_| TokenError::Invalid)?;
        Ok(Signed {
            content: token.claims,
            key,
        })
    }
}

fn sign<C: Serialize>(key: &Key, kind: Kind, claims: &C) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(kind.typ());
    header.kid = Some(key.kid.clone());
    let secret = EncodingKey::from_secret(kind.subkey(key).expose());
    #[expect(
        clippy::expect_used,
        reason = "strings and numbers serialize, and HS256 is installed"
    )]
    jsonwebtoken::encode(&header, claims, &secret)
        .expect("claims of strings and numbers can be signed")
}

#[cfg(test)]
mod tests;
