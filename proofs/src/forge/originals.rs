//! What is forged from: credentials that work, of a portal with two keys.

#![expect(
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

use super::jwt::{json, segments, sign, spell, subkey};
use crate::dice::Dice;
use crate::race::redeems::{PAGE, SESSION};
use crate::stage::{self, Ticket, ring};
use local::Options;
use serde_json::json;
use shared::auth::authenticate;
use shared::domain::link::{self, Nonce};
use shared::domain::portal::PortalName;
use shared::http::cookie;
use shared::keys::KeyRing;
use tests::World;

/// Half of them are spent on sessions, the other half are live links.
const USERS: usize = 12;

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The token of a mailed link.
    Link,
    /// The token of a session, as a cookie or a bearer token.
    Session,
    /// The nonce of the browser that asked, as a cookie or a bearer client's `request`.
    Nonce,
}

/// One that works.
#[derive(Clone, Debug)]
pub(super) struct Original {
    pub(super) purpose: Purpose,
    pub(super) text: String,
    /// What else its owner was given.
    pub(super) ticket: Ticket,
}

/// The portal, the credentials, and every key a forger might get hold of without its own being the
/// right one.
pub(super) struct Originals {
    pub(super) world: World,
    pub(super) ring: KeyRing,
    /// Another portal's ring of the same secrets: what it signs and mints is its own.
    pub(super) staff: KeyRing,
    pub(super) all: Vec<Original>,
    /// The ring's secrets, by kid.
    pub(super) secrets: [(&'static str, String); 2],
}

impl Originals {
    pub(super) async fn make(dice: &mut Dice) -> Result<Self, String> {
        let secrets = [("1", "r".repeat(64)), ("2", "s".repeat(64))];
        let [(_, root), (kid, second)] = &secrets;
        let value = json!({"root": root, "keys": [{"kid": kid, "secret": second, "added_at": 0}]})
            .to_string();
        let staff = PortalName::parse("staff").ok_or("a portal's name")?;
        let staff = KeyRing::parse(&value, &staff)?;
        let world = stage::world(
            dice,
            Options {
                key_ring: Some(value),
                ..Options::default()
            },
        )
        .await;
        let tickets = stage::tickets(&world, dice, USERS, stage::Purpose::SignIn).await?;
        world.portal.set_fault(|_| local::aws_stub::Fault::None);
        let ring = ring(&world)?;
        let mut all = Vec::new();
        for (n, ticket) in tickets.iter().enumerate() {
            let one = |purpose, text: &str| Original {
                purpose,
                text: text.to_owned(),
                ticket: ticket.clone(),
            };
            all.push(one(Purpose::Nonce, &ticket.nonce));
            if n % 2 == 0 {
                all.push(one(Purpose::Link, &ticket.token));
                all.push(one(Purpose::Link, &by_the_first_key(&ring, &ticket.token)?));
            } else {
                let browser = world.browser();
                browser
                    .post(
                        "/auth/verify",
                        json!({"token": ticket.token, "idempotency_key": PAGE}),
                    )
                    .await;
                let session = browser
                    .cookie(SESSION)
                    .ok_or_else(|| format!("{} is not signed in", ticket.email))?;
                all.push(one(Purpose::Session, &session));
            }
        }
        let originals = Self {
            world,
            ring,
            staff,
            all,
            secrets,
        };
        originals.check()?;
        Ok(originals)
    }

    /// Whether the portal takes `text` for a credential of this purpose.
    pub(super) fn accepts(&self, purpose: Purpose, text: &str) -> bool {
        match purpose {
            Purpose::Link => self.ring.read_link(link::Purpose::SignIn, text).is_ok(),
            Purpose::Session => !matches!(
                authenticate::read_claims(&self.ring, text, self.world.time.now()),
                Ok(None)
            ),
            Purpose::Nonce => {
                !self.ring.own_nonces(cookie::nonces(text)).is_empty()
                    || !self
                        .ring
                        .own_nonces(Nonce::parse(text).into_iter().collect())
                        .is_empty()
            }
        }
    }

    /// The secret and the purpose that the token's key is derived from.
    pub(super) fn right_key(&self, original: &Original) -> [u8; 32] {
        let header = json(segments(&original.text)[0]);
        let secret = self
            .secrets
            .iter()
            .find(|(kid, _)| header["kid"] == *kid)
            .map(|(_, secret)| secret.as_str());
        subkey(
            secret.unwrap_or_default(),
            "partner",
            purpose_name(original.purpose),
        )
    }

    /// Controls: every original works, for its own purpose only; and what the forger signs would be
    /// accepted, had it the right key. So a forgery that is refused is refused for what was forged.
    fn check(&self) -> Result<(), String> {
        for original in &self.all {
            for purpose in [Purpose::Link, Purpose::Session, Purpose::Nonce] {
                if self.accepts(purpose, &original.text) != (purpose == original.purpose) {
                    return Err(format!(
                        "a {:?} as a {purpose:?}: {}",
                        original.purpose, original.text
                    ));
                }
            }
            if original.purpose == Purpose::Nonce {
                continue;
            }
            let [header, claims, _] = segments(&original.text);
            let key = self.right_key(original);
            let spelled_anew = sign(
                &spell(&json(header).to_string()),
                &spell(&json(claims).to_string()),
                &key,
            );
            if sign(header, claims, &key) != original.text
                || !self.accepts(original.purpose, &spelled_anew)
            {
                return Err(format!(
                    "the forger's tools do not work on {}",
                    original.text
                ));
            }
        }
        Ok(())
    }
}

/// As `shared::keys` names it.
pub(super) const fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Link => "link",
        Purpose::Session => "session",
        Purpose::Nonce => "nonce",
    }
}

/// The same link as it would have been signed before the key was rotated.
fn by_the_first_key(ring: &KeyRing, token: &str) -> Result<String, String> {
    let link = ring
        .read_link(link::Purpose::SignIn, token)
        .map_err(|_| "a link that was mailed cannot be read")?
        .content;
    Ok(ring.sign_link(ring.get("1").ok_or("the first key")?, &link))
}
