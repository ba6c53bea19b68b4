//! The keys themselves: parsing the secret, choosing the signing key, deriving subkeys.

use crate::domain::address::EmailAddress;
use crate::domain::ids::{KeyedHash, LinkId};
use crate::domain::link::{Code, Nonce};
use crate::domain::portal::PortalName;
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::domain::time::Timestamp;
use crate::keys::UNKNOWN_FOR;
use crate::keys::hs256::mac;
use hkdf::Hkdf;
use hmac::Mac;
use serde::Deserialize;
use sha2::Sha256;

/// The kid of the key that the generated root gives.
const FIRST: &str = "1";

/// The secret's value: `{"root": "...", "keys": [{"kid": "2", "secret": "...", "added_at":
/// 1767225600}]}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    root: String,
    keys: Vec<StoredKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    kid: String,
    secret: String,
    /// Epoch seconds.
    added_at: u64,
}

/// All keys whose work may still be out there, oldest first, and the pepper, which never changes.
#[derive(Clone, Debug)]
pub struct KeyRing {
    pub(super) portal: PortalName,
    /// Secrets Manager has not answered for so long that there may be a key in use which this copy
    /// does not know.
    pub(super) stale: bool,
    keys: Vec<Key>,
    pepper: Subkey,
}

/// One key of the ring: a subkey for each purpose.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name in tokens and rows.
    pub kid: String,
    usable_from: Timestamp,
    pub(super) link: Subkey,
    pub(super) activation: Subkey,
    pub(super) reset: Subkey,
    pub(super) session: Subkey,
    code: Subkey,
    nonce: Subkey,
    session_id: Subkey,
}

pub(super) type Subkey = Secret<[u8; 32]>;

impl KeyRing {
    /// Reads the secret's value.
    ///
    /// # Errors
    /// What is wrong with it, without repeating any of it.
    pub fn parse(value: &str, portal: &PortalName) -> Result<Self, String> {
        let stored: Stored = serde_json::from_str(value)
            .map_err(|_| "it must be a JSON object with `root` and `keys`".to_owned())?;
        let secrets: Vec<_> = std::iter::once(&stored.root)
            .chain(stored.keys.iter().map(|key| &key.secret))
            .cloned()
            .collect();
        let mut keys = vec![Key::derive(
            FIRST.to_owned(),
            Timestamp::from_millis(0),
            &stored.root,
            portal,
        )];
        for key in stored.keys {
            let usable_from = Timestamp::from_secs(key.added_at).plus(UNKNOWN_FOR);
            keys.push(Key::derive(key.kid, usable_from, &key.secret, portal));
        }
        let strong = secrets.iter().all(|secret| secret.len() >= 32)
            && keys.iter().all(|key| !key.kid.is_empty());
        let mut kids: Vec<_> = keys.iter().map(|key| &key.kid).collect();
        kids.sort();
        kids.dedup();
        if !strong || kids.len() != keys.len() {
            return Err(
                "every secret needs at least 32 characters, and every `kid` must be set and unique"
                    .to_owned(),
            );
        }
        let pepper = derive(&stored.root, portal, "pepper");
        Ok(Self {
            portal: portal.clone(),
            stale: false,
            keys,
            pepper,
        })
    }

    /// Whether an unknown key may be a good one.
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn as_stale(&self) -> Self {
        Self {
            stale: true,
            ..self.clone()
        }
    }

    /// The key that signs at `now`: the youngest that every instance must know.
    pub fn signing_key(&self, now: Timestamp) -> Option<&Key> {
        self.keys.iter().rev().find(|key| key.usable_from <= now)
    }

    /// The key called `kid`.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Those of `nonces` that this portal has minted: made-up ones cost no call and leave no row.
    /// While the ring is stale, all of them: what its keys do not know may have been minted with
    /// one that it lacks.
    pub fn own_nonces(&self, nonces: Vec<Nonce>) -> Vec<Nonce> {
        if self.stale {
            return nonces;
        }
        nonces
            .into_iter()
            .filter(|nonce| self.keys.iter().any(|key| key.has_minted(nonce)))
            .collect()
    }

    /// Stands for an address in the mail log and in the audit.
    pub fn address_hash(&self, address: &EmailAddress) -> KeyedHash {
        self.keyed_hash(&["mail", address.as_str()])
    }

    /// Stands for `parts` in tables: nobody without the ring can tell what they were.
    pub fn keyed_hash(&self, parts: &[&str]) -> KeyedHash {
        let mut mac = mac(self.pepper.expose());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        KeyedHash::from_bytes(mac.finalize().into_bytes().into())
    }
}

impl Key {
    fn derive(kid: String, usable_from: Timestamp, secret: &str, portal: &PortalName) -> Self {
        Self {
            kid,
            usable_from,
            link: derive(secret, portal, "link"),
            activation: derive(secret, portal, "activation"),
            reset: derive(secret, portal, "reset"),
            session: derive(secret, portal, "session"),
            code: derive(secret, portal, "code"),
            nonce: derive(secret, portal, "nonce"),
            session_id: derive(secret, portal, "session-id"),
        }
    }

    /// A fresh nonce for a browser that asks.
    pub fn mint_nonce(&self, random: [u8; 16]) -> Nonce {
        let mut bytes = [0; 32];
        let hash = mac(self.nonce.expose())
            .chain_update(random)
            .finalize()
            .into_bytes();
        for (byte, from) in bytes.iter_mut().zip(random.iter().chain(&hash)) {
            *byte = *from;
        }
        Nonce::new(bytes)
    }

    fn has_minted(&self, nonce: &Nonce) -> bool {
        let (random, hash) = nonce.halves();
        mac(self.nonce.expose())
            .chain_update(random)
            .verify_truncated_left(hash)
            .is_ok()
    }

    /// The code that stands beside the link `id` in the mail.
    pub fn code(&self, id: &LinkId) -> Code {
        Code::from_hash(&hash(&self.code, id))
    }

    /// The session that the link `id` begins: always the same, so that a repeated redeem finds it.
    pub fn session_id(&self, id: &LinkId) -> SessionId {
        SessionId::new(hash(&self.session_id, id))
    }
}

fn hash(subkey: &Subkey, id: &LinkId) -> [u8; 32] {
    mac(subkey.expose())
        .chain_update(id.as_bytes())
        .finalize()
        .into_bytes()
        .into()
}

/// HKDF-SHA-256 (RFC 5869): one subkey for each portal and purpose.
fn derive(secret: &str, portal: &PortalName, purpose: &str) -> Subkey {
    let mut subkey = [0; 32];
    let info = ["vestibule", portal.as_str(), purpose].join("/");
    #[expect(clippy::expect_used, reason = "32 bytes are within HKDF's limit")]
    Hkdf::<Sha256>::new(None, secret.as_bytes())
        .expand(info.as_bytes(), &mut subkey)
        .expect("32 bytes can be had");
    Secret::new(subkey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal() -> PortalName {
        PortalName::parse("partner").unwrap()
    }

    fn ring(keys: &str) -> Result<KeyRing, String> {
        KeyRing::parse(
            &format!("{{\"root\": \"{}\", \"keys\": {keys}}}", "r".repeat(64)),
            &portal(),
        )
    }

    #[test]
    fn a_new_key_signs_only_once_every_instance_must_have_seen_it() {
        let ring = ring(
            r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 1000}]"#,
        )
        .unwrap();
        let signing = |secs| {
            ring.signing_key(Timestamp::from_secs(secs))
                .unwrap()
                .kid
                .clone()
        };
        assert_eq!(
            (signing(0), signing(1000), signing(1599), signing(1600)),
            ("1".into(), "1".into(), "1".into(), "2".into())
        );
        assert!(ring.get("1").is_some() && ring.get("2").is_some() && ring.get("3").is_none());
    }

    #[test]
    fn a_ring_that_is_none_is_refused_without_repeating_it() {
        for value in [
            "",
            "{}",
            "[]",
            r#"{"root": "short", "keys": []}"#,
            r#"{"root": 1, "keys": []}"#,
        ] {
            let error = KeyRing::parse(value, &portal()).unwrap_err();
            assert!(!error.contains("short"), "{error}");
        }
        assert!(
            ring(r#"[{"kid": "1", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .is_err(),
            "two keys called 1"
        );
        assert!(ring(r#"[{"kid": "2", "added_at": 0}]"#).is_err());
        assert!(
            ring(r#"[{"kid": "2", "secret": "", "added_at": 0}]"#).is_err(),
            "a weak secret"
        );
    }

    #[test]
    fn keys_and_portals_give_different_codes_sessions_and_hashes() {
        let ours =
            ring(r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .unwrap();
        let id = LinkId::from_bytes([7; 32]);
        let (one, two) = (ours.get("1").unwrap(), ours.get("2").unwrap());
        assert!(!one.code(&id).matches(&two.code(&id)));
        assert_ne!(one.session_id(&id).hash(), two.session_id(&id).hash());
        let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "r".repeat(64));
        let theirs = KeyRing::parse(&value, &PortalName::parse("staff").unwrap()).unwrap();
        assert_ne!(
            one.session_id(&id).hash(),
            theirs.get("1").unwrap().session_id(&id).hash()
        );
        assert_ne!(ours.keyed_hash(&["a"]), theirs.keyed_hash(&["a"]));
    }

    #[test]
    fn a_nonce_is_known_by_every_ring_that_has_its_key_and_a_made_up_one_by_none() {
        let ours =
            ring(r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .unwrap();
        let old = ring("[]").unwrap();
        let [first, second] = ["1", "2"].map(|kid| ours.get(kid).unwrap().mint_nonce([7; 16]));
        assert_eq!(
            ours.own_nonces(vec![first.clone(), Nonce::new([7; 32]), second.clone()])
                .len(),
            2
        );
        assert_eq!(old.own_nonces(vec![first.clone(), second.clone()]).len(), 1);
        assert_eq!(
            old.as_stale().own_nonces(vec![first, second]).len(),
            2,
            "the key may be one that the old copy lacks"
        );
    }

    #[test]
    fn the_pepper_keeps_its_parts_apart_and_outlives_rotation() {
        let (before, after) = (
            ring("[]").unwrap(),
            ring(r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .unwrap(),
        );
        assert_ne!(
            before.keyed_hash(&["ab", "c"]),
            before.keyed_hash(&["a", "bc"])
        );
        assert_eq!(before.keyed_hash(&["a"]), after.keyed_hash(&["a"]));
    }

    #[test]
    fn a_ring_prints_no_key() {
        let printed = format!(
            "{:?}",
            ring(r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .unwrap()
        );
        assert!(
            printed.contains("[redacted]")
                && !printed.contains("sssss")
                && !printed.contains("rrrr")
        );
    }
}
