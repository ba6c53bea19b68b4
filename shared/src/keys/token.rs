//! Links and sessions as JSON Web Tokens (RFC 7519): HS256 only, with one subkey and one audience
//! for each purpose, and one issuer for each portal. The token of a session is explicitly typed
//! (RFC 8725, 3.11). That of a link is not, because people see links: it is as short as it can be,
//! and its subkey alone keeps other tokens from being accepted. The library's time checks are off,
//! because it would read the system clock and allow 60 s.

use crate::domain::address::EmailAddress;
use crate::domain::ids::{LinkId, UserId};
use crate::domain::link::{LinkAccount, LinkClaims, LinkNext, Purpose};
use crate::domain::next::Next;
use crate::domain::portal::PortalName;
use crate::domain::session::SessionId;
use crate::domain::time::Timestamp;
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
    /// Id of the link.
    jti: String,
    /// Address that the link was sent to.
    sub: String,
    exp: u64,
    /// The initial of the account. Is left out if the account is the usual one of the purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acc: Option<String>,
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
            Self::Link(Purpose::Activation) => "invite",
            Self::Link(Purpose::Reset) => "reset",
            Self::Link(Purpose::Report) => "report",
            Self::Session => "session",
        }
    }

    fn typ(self) -> Option<String> {
        match self {
            Self::Link(_) => None,
            Self::Session => Some("session+jwt".to_owned()),
        }
    }

    fn audience(self, portal: &PortalName) -> String {
        match self {
            Self::Link(_) => self.name().to_owned(),
            Self::Session => format!("{portal}/{}", self.name()),
        }
    }

    fn issuer(self, portal: &PortalName) -> String {
        match self {
            Self::Link(_) => portal.to_string(),
            Self::Session => format!("vestibule/{portal}"),
        }
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

/// Returns the account that links for `purpose` are usually issued to.
const fn usual_account(purpose: Purpose) -> LinkAccount {
    match purpose {
        Purpose::SignIn | Purpose::Reset | Purpose::Report => LinkAccount::Active,
        Purpose::Activation => LinkAccount::Invited,
    }
}

/// Returns the initial of `account`, unless it is the usual one.
fn initial_of(purpose: Purpose, account: &LinkAccount) -> Option<&'static str> {
    if *account == usual_account(purpose) {
        return None;
    }
    Some(match account {
        LinkAccount::Active => "a",
        LinkAccount::Invited => "i",
        LinkAccount::New { .. } => "n",
    })
}

fn parse_account(purpose: Purpose, initial: Option<&str>) -> Option<LinkAccount> {
    match initial {
        None => Some(usual_account(purpose)),
        Some("a") => Some(LinkAccount::Active),
        Some("i") => Some(LinkAccount::Invited),
        Some("n") => Some(LinkAccount::New {
            name: String::new(),
        }),
        Some(_) => None,
    }
}

impl KeyRing {
    /// Signs the token of a link. Only its email may contain the token.
    pub fn sign_link(&self, key: &Key, link: &LinkClaims) -> String {
        let kind = Kind::Link(link.purpose);
        let claims = LinkToken {
            iss: kind.issuer(&self.portal),
            aud: kind.audience(&self.portal),
            jti: link.id.to_string(),
            sub: link.address.to_string(),
            exp: link.expires_at.secs(),
            acc: initial_of(link.purpose, &link.account).map(str::to_owned),
            next: match &link.next {
                LinkNext::None => None,
                LinkNext::Page(next) => Some(next.as_str().to_owned()),
                LinkNext::Stored => Some(String::new()),
            },
        };
        sign(key, kind, &claims)
    }

    /// Verifies the token of a link for `purpose`. The caller checks its expiry.
    ///
    /// # Errors
    /// [`TokenError`] for a token that is invalid, or whose key is unknown.
    pub fn read_link(
        &self,
        purpose: Purpose,
        token: &str,
    ) -> Result<Signed<'_, LinkClaims>, TokenError> {
        let Signed { content, key } = self.read::<LinkToken>(Kind::Link(purpose), token)?;
        let parse = || {
            Some(LinkClaims {
                purpose,
                id: LinkId::parse(&content.jti)?,
                address: EmailAddress::parse(&content.sub)?,
                expires_at: Timestamp::from_secs(content.exp),
                account: parse_account(purpose, content.acc.as_deref())?,
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
            iss: Kind::Session.issuer(&self.portal),
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
        let is_typed = header.typ == kind.typ() && header.alg == Algorithm::HS256;
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
        validation.set_issuer(&[kind.issuer(&self.portal)]);
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
    header.typ = kind.typ();
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
