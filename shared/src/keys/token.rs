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
mod tests {
    use super::*;
    use crate::keys::hs256;

    fn ring(portal: &str) -> KeyRing {
        hs256::install();
        let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "r".repeat(64));
        KeyRing::parse(&value, &PortalName::parse(portal).unwrap()).unwrap()
    }

    fn link() -> Link {
        Link {
            purpose: Purpose::SignIn,
            id: LinkId::from_bytes([1; 32]),
            user: UserId::new([2; 16]),
            address: EmailAddress::parse("ada@example.com").unwrap(),
            epoch: Epoch::new(3),
            account: LinkAccount::Active,
            expires_at: Timestamp::from_secs(4),
            next: LinkNext::Page(Next::from_stored("https://portal.example.com/".to_owned())),
        }
    }

    fn session() -> SessionClaims {
        let id = SessionId::new([5; 32]);
        SessionClaims {
            id,
            user: UserId::new([2; 16]),
            address: EmailAddress::parse("ada@example.com"),
            expires_at: Timestamp::from_secs(6),
        }
    }

    /// Returns a link's token whose header and claims were changed before it was signed with the
    /// portal's subkey.
    fn signed_after(change: impl Fn(&mut Header, &mut serde_json::Value)) -> String {
        let ring = ring("partner");
        let key = ring.get("1").unwrap();
        let token = ring.sign_link(key, &link());
        let mut header = jsonwebtoken::decode_header(&token).unwrap();
        let mut claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token)
            .unwrap()
            .claims;
        change(&mut header, &mut claims);
        jsonwebtoken::encode(
            &header,
            &claims,
            &EncodingKey::from_secret(key.link.expose()),
        )
        .unwrap()
    }

    #[test]
    fn a_token_returns_the_signed_content() {
        let ring = ring("partner");
        let key = ring.get("1").unwrap();
        let page = link().next;
        for next in [LinkNext::None, page, LinkNext::Stored] {
            let link = Link { next, ..link() };
            let token = ring.sign_link(key, &link);
            let read = ring.read_link(Purpose::SignIn, &token).unwrap();
            assert_eq!(read.content, link);
        }
        let read = ring
            .read_session(&ring.sign_session(key, &session()))
            .unwrap()
            .content;
        assert_eq!(
            (read.id.expose(), read.user, read.address),
            (session().id.expose(), session().user, session().address)
        );
        assert!(
            ring.read_link(Purpose::SignIn, &signed_after(|_, _| ()))
                .is_ok(),
            "each forgery below differs only in its change"
        );
    }

    #[test]
    fn a_token_names_its_type_purpose_and_portal() {
        let ring = ring("partner");
        let key = ring.get("1").unwrap();
        for (token, typ, audience) in [
            (ring.sign_link(key, &link()), "link+jwt", "partner/link"),
            (
                ring.sign_session(key, &session()),
                "session+jwt",
                "partner/session",
            ),
        ] {
            let header = jsonwebtoken::decode_header(&token).unwrap();
            let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token)
                .unwrap()
                .claims;
            assert_eq!(
                (header.typ.as_deref(), header.alg),
                (Some(typ), Algorithm::HS256)
            );
            assert_eq!(
                (&claims["iss"], &claims["aud"]),
                (&"vestibule/partner".into(), &audience.into())
            );
        }
    }

    #[test]
    fn tokens_of_another_key_and_changed_tokens_are_rejected() {
        let (ours, key) = (ring("partner"), ring("partner").get("1").unwrap().clone());
        let token = ours.sign_link(&key, &link());
        let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "s".repeat(64));
        let theirs = KeyRing::parse(&value, &ours.portal).unwrap();
        assert_eq!(
            theirs.read_link(Purpose::SignIn, &token).unwrap_err(),
            TokenError::Invalid
        );
        let (signed, signature) = token.rsplit_once('.').unwrap();
        for wrong in [
            format!("{signed}."),
            format!("{signed}.{}", "A".repeat(signature.len())),
        ] {
            assert_eq!(
                ours.read_link(Purpose::SignIn, &wrong).unwrap_err(),
                TokenError::Invalid
            );
        }
    }

    #[test]
    fn type_audience_issuer_key_and_every_claim_are_checked() {
        type Change = fn(&mut Header, &mut serde_json::Value);
        let wrong: [(&str, Change); 11] = [
            ("the type of a session", |header, _| {
                header.typ = Some("session+jwt".to_owned());
            }),
            ("the general type", |header, _| {
                header.typ = Some("JWT".to_owned());
            }),
            ("no type", |header, _| header.typ = None),
            ("no key", |header, _| header.kid = None),
            ("an unknown key", |header, _| {
                header.kid = Some("2".to_owned());
            }),
            ("the audience of sessions", |_, claims| {
                claims["aud"] = "partner/session".into();
            }),
            ("another portal's audience", |_, claims| {
                claims["aud"] = "staff/link".into();
            }),
            ("no audience", |_, claims| {
                drop(claims.as_object_mut().unwrap().remove("aud"));
            }),
            ("another issuer", |_, claims| {
                claims["iss"] = "vestibule/staff".into();
            }),
            ("no expiry", |_, claims| {
                drop(claims.as_object_mut().unwrap().remove("exp"));
            }),
            ("a broken id", |_, claims| claims["jti"] = "x".into()),
        ];
        for (what, change) in wrong {
            assert_eq!(
                ring("partner")
                    .read_link(Purpose::SignIn, &signed_after(change))
                    .unwrap_err(),
                TokenError::Invalid,
                "{what}"
            );
        }
    }

    #[test]
    fn tokens_of_other_purposes_and_portals_are_rejected_even_with_the_same_key() {
        let (partner, staff) = (ring("partner"), ring("staff"));
        let key = partner.get("1").unwrap();
        let purposes = [Purpose::SignIn, Purpose::Activation, Purpose::Reset];
        let session = partner.sign_session(key, &session());
        assert!(partner.read_session(&session).is_ok() && staff.read_session(&session).is_err());
        for purpose in purposes {
            let link = partner.sign_link(key, &Link { purpose, ..link() });
            assert!(
                partner.read_session(&link).is_err()
                    && partner.read_link(purpose, &session).is_err()
            );
            for other in purposes {
                assert_eq!(partner.read_link(other, &link).is_ok(), other == purpose);
                assert!(staff.read_link(other, &link).is_err());
            }
        }
    }

    #[test]
    fn a_token_longer_than_the_maximum_is_rejected() {
        let ring = ring("partner");
        let key = ring.get("1").unwrap();
        let token = |next: usize| {
            ring.sign_link(
                key,
                &Link {
                    next: LinkNext::Page(Next::from_stored("x".repeat(next))),
                    ..link()
                },
            )
        };
        let fits: Vec<_> = (2500..3000)
            .map(token)
            .filter(|token| (4095..=4098).contains(&token.len()))
            .collect();
        assert!(
            fits.iter().any(|token| token.len() == MAX_LENGTH)
                && fits.iter().any(|token| token.len() > MAX_LENGTH)
        );
        for token in fits {
            assert_eq!(
                ring.read_link(Purpose::SignIn, &token).is_ok(),
                token.len() <= MAX_LENGTH,
                "{}",
                token.len()
            );
        }
    }

    #[test]
    fn an_unknown_key_is_invalid_only_while_the_ring_is_fresh() {
        let token = signed_after(|header, _| header.kid = Some("2".to_owned()));
        assert_eq!(
            ring("partner")
                .read_link(Purpose::SignIn, &token)
                .unwrap_err(),
            TokenError::Invalid
        );
        assert_eq!(
            ring("partner")
                .as_stale()
                .read_link(Purpose::SignIn, &token)
                .unwrap_err(),
            TokenError::UnknownKeyWhileStale
        );
    }
}
