//! The credentials that forgeries start from: valid ones, of a portal with two keys.

use crate::jwt::{claims, decode, encode, segments, sign, subkey};
use crate::rng::{Rng, random};
use crate::{ensure, outbox};
use kit::{Email, Verifier, World, parameters};
use local::Options;
use serde_json::{Value, json};
use shared::auth::authenticate;
use shared::domain::link::{self, LinkClaims, Nonce};
use shared::domain::portal::PortalName;
use shared::http::cookie;
use shared::keys::KeyRing;

/// The number of users: half of them are signed in, the others have links that are valid.
const USERS: usize = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The token of an emailed link that signs in.
    Link,
    /// The token of the link in a notice.
    Report,
    /// The token of a session, in a cookie or as a bearer token.
    Session,
    /// The nonce of a login request, in a cookie or a program's `request`.
    Nonce,
    /// An access token, which other back ends accept and the portal does not.
    AccessToken,
}

impl Purpose {
    pub(super) const ALL: [Self; 5] = [
        Self::Link,
        Self::Report,
        Self::Session,
        Self::Nonce,
        Self::AccessToken,
    ];

    /// Returns the name that keys are derived with, and the first part of `typ`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Report => "report",
            Self::Session => "session",
            Self::Nonce => "nonce",
            Self::AccessToken => "at",
        }
    }
}

/// A valid credential, with the code and the nonce of its owner.
#[derive(Debug)]
pub(super) struct Original {
    pub(super) purpose: Purpose,
    pub(super) text: String,
    pub(super) code: String,
    pub(super) nonce: String,
}

/// A portal with its credentials and keys.
pub(super) struct Originals {
    pub(super) world: World,
    pub(super) ring: KeyRing,
    /// The key ring of another portal with the same secrets.
    pub(super) staff: KeyRing,
    pub(super) all: Vec<Original>,
    /// A back end that accepts the portal's access tokens.
    pub(super) verifier: Verifier,
    /// Access tokens of another portal.
    pub(super) foreign: Vec<String>,
    /// The secrets of the key ring, by the id of the key.
    pub(super) secrets: [(&'static str, String); 2],
}

impl Originals {
    /// Starts a portal and requests its credentials.
    ///
    /// # Errors
    /// Fails if one of them is not valid for its purpose and no other.
    pub(super) async fn new(rng: &mut Rng) -> Result<Self, String> {
        let secrets = [("1", "r".repeat(64)), ("2", "s".repeat(64))];
        let [(_, root), (kid, second)] = &secrets;
        let keys = json!([{"kid": kid, "secret": second, "added_at": 0}]);
        let value = json!({"root": root, "keys": keys}).to_string();
        let staff = PortalName::parse("staff").ok_or("a portal's name")?;
        let staff = KeyRing::parse(&value, &staff)?;
        let other = start("staff", &value, rng).await;
        let world = start("partner", &value, rng).await;
        let ring = world.key_ring();
        let mut all = vec![];
        for n in 0..USERS {
            all.extend(credentials(&world, &ring, n).await?);
        }
        let mut foreign = vec![];
        for n in 0..USERS {
            foreign.extend(credentials(&other, &other.key_ring(), n).await?);
        }
        foreign.retain(|original| original.purpose == Purpose::AccessToken);
        let originals = Self {
            verifier: Verifier::fetch(&world.client()).await,
            foreign: foreign.into_iter().map(|original| original.text).collect(),
            world,
            ring,
            staff,
            all,
            secrets,
        };
        originals.check()?;
        Ok(originals)
    }

    /// Returns whether the portal accepts a text for this purpose.
    pub(super) fn accepts(&self, purpose: Purpose, text: &str) -> bool {
        let has_issued = |nonce: &Nonce| self.ring.has_issued(nonce);
        match purpose {
            Purpose::Link => self.ring.read_link(link::Purpose::SignIn, text).is_ok(),
            Purpose::Report => self.ring.read_link(link::Purpose::Report, text).is_ok(),
            Purpose::Session => {
                let claims = authenticate::read_claims(&self.ring, text, self.world.clock.now());
                !matches!(claims, Ok(None))
            }
            Purpose::AccessToken => {
                let now = self.world.clock.now().secs();
                self.verifier.verify(text, now).is_ok()
            }
            Purpose::Nonce => {
                cookie::nonces(text).iter().any(has_issued)
                    || Nonce::parse(text).is_some_and(|nonce| has_issued(&nonce))
            }
        }
    }

    /// Returns whether a text is a credential that was issued for this purpose, or a cookie that
    /// still has such a nonce.
    pub(super) fn is_genuine(&self, purpose: Purpose, text: &str) -> bool {
        let is_issued = |text: &str| {
            let mut all = self.all.iter();
            all.any(|original| original.purpose == purpose && original.text == text)
        };
        is_issued(text) || (purpose == Purpose::Nonce && text.split('.').take(3).any(is_issued))
    }

    /// Returns the key with this id for a purpose, if the key ring has it.
    pub(super) fn key(&self, kid: &Value, purpose: Purpose) -> Option<[u8; 32]> {
        let (_, secret) = self.secrets.iter().find(|(id, _)| kid == id)?;
        Some(subkey(secret, "partner", purpose.name()))
    }

    /// Checks that each original is valid for its own purpose only, and that the forger's
    /// signatures would be accepted with the right key: every refusal is due to the forgery.
    fn check(&self) -> Result<(), String> {
        for Original { purpose, text, .. } in &self.all {
            for other in Purpose::ALL {
                ensure!(
                    self.accepts(other, text) == (other == *purpose),
                    "a {purpose:?} as a {other:?}: {text}"
                );
            }
            if matches!(purpose, Purpose::Nonce | Purpose::AccessToken) {
                continue;
            }
            let [header, payload, _] = segments(text);
            let decoded = decode(header);
            let key = self
                .key(&decoded["kid"], *purpose)
                .ok_or("an unknown key")?;
            let encoded_again = sign(
                &encode(&decoded.to_string()),
                &encode(&claims(text).to_string()),
                &key,
            );
            ensure!(
                sign(header, payload, &key) == *text && self.accepts(*purpose, &encoded_again),
                "the forger cannot sign {text}"
            );
        }
        Ok(())
    }
}

/// Starts a portal with this name and key ring.
async fn start(name: &str, key_ring: &str, rng: &mut Rng) -> World {
    World::in_process(Options {
        parameters: parameters(&[("Portal", name), ("AccessTokens", "on")]),
        key_ring: Some(key_ring.to_owned()),
        random: Some(random(Rng::new(rng.next_u64()))),
        events_by_hand: true,
        ..Options::default()
    })
    .await
}

/// Creates a user and returns their credentials.
async fn credentials(world: &World, ring: &KeyRing, n: usize) -> Result<Vec<Original>, String> {
    let address = format!("user{n}@example.com");
    let client = world.client();
    client
        .create_user(&address, "User")
        .status("active")
        .await
        .assert("201");
    client.request_login(&address).await.assert("200");
    let nonce = client.nonces().unwrap_or_default();
    outbox::deliver(world, &outbox::queued(world, &mut None)?).await?;
    let email = world.portal.take_inbox().pop().map(Email::from);
    let email = email.ok_or("no email was sent")?;
    let token = email.token();
    let mut texts = vec![(Purpose::Nonce, nonce.clone())];
    if n.is_multiple_of(2) {
        let link = ring.read_link(link::Purpose::SignIn, &token);
        let link = link.map_err(|_| "an emailed link cannot be read")?;
        let report = LinkClaims {
            purpose: link::Purpose::Report,
            ..link.content.clone()
        };
        // Also as before the key was rotated.
        let root = ring.get("1").ok_or("the root is missing")?;
        for key in [root, link.key] {
            texts.push((Purpose::Link, ring.sign_link(key, &link.content)));
            texts.push((Purpose::Report, ring.sign_link(key, &report)));
        }
    } else {
        client.verify_link(&token).await.assert("200");
        let session = client.session().ok_or("nobody is signed in")?;
        texts.push((Purpose::Session, session));
        let issued = client.access_token().await.assert("200").json();
        let access_token = issued["access_token"].as_str().unwrap_or_default();
        texts.push((Purpose::AccessToken, access_token.to_owned()));
    }
    let original = |(purpose, text)| Original {
        purpose,
        text,
        code: email.code.clone(),
        nonce: nonce.clone(),
    };
    Ok(texts.into_iter().map(original).collect())
}
