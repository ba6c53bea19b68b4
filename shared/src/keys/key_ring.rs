//! The key ring: parses the secret, chooses the signing key, derives subkeys.

use crate::domain::address::EmailAddress;
use crate::domain::code::Code;
use crate::domain::ids::{KeyedHash, LinkId, encode};
use crate::domain::key_arn::KeyArn;
use crate::domain::known_browser::KnownBrowser;
use crate::domain::link::Nonce;
use crate::domain::portal::PortalName;
use crate::domain::secret::Secret;
use crate::domain::session::SessionId;
use crate::domain::time::Timestamp;
use crate::keys::access_token_keys::{self, AccessTokenKey, AccessTokenKeys, StoredAccessTokenKey};
use crate::keys::hs256::mac;
use crate::keys::refresh::{SIGNING_DELAY, STALE_SIGNING};
use hkdf::Hkdf;
use hmac::Mac;
use serde::Deserialize;
use sha2::Sha256;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Id of the key that is derived from the generated root.
const FIRST_KID: &str = "1";

/// The value of the secret: `{"root": "...", "keys": [{"kid": "2", "secret": "...", "added_at":
/// 1767225600}], "access_token_keys": [{"arn": "...", "added_at": 1767225600}]}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    root: String,
    keys: Vec<StoredKey>,
    #[serde(default)]
    access_token_keys: Vec<StoredAccessTokenKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    kid: String,
    secret: String,
    /// Seconds since the Unix epoch.
    added_at: u64,
}

/// All keys whose tokens may still be valid, oldest first, and the pepper, which never changes.
#[derive(Clone, Debug)]
pub struct KeyRing {
    pub(super) portal: PortalName,
    /// Is true if Secrets Manager has not responded for so long that a key may be in use that this
    /// copy does not contain.
    pub(super) stale: bool,
    keys: Vec<Key>,
    pepper: Subkey,
    /// The keys of access tokens, oldest first; none until the first one is rotated.
    access_token_keys: Vec<AccessTokenKey>,
}

/// One key of the ring, as a subkey for each purpose.
#[derive(Clone, Debug)]
pub struct Key {
    /// Identifies the key in tokens and tables.
    pub kid: String,
    /// Time from which the key signs: every instance knows it by then.
    pub usable_from: Timestamp,
    pub(super) link: Subkey,
    pub(super) activation: Subkey,
    pub(super) reset: Subkey,
    pub(super) report: Subkey,
    pub(super) session: Subkey,
    code: Subkey,
    session_id: Subkey,
}

pub(super) type Subkey = Secret<[u8; 32]>;

impl KeyRing {
    /// Parses the value of the secret.
    ///
    /// # Errors
    /// Describes what is wrong with the value, without repeating any of it.
    pub fn parse(value: &str, portal: &PortalName) -> Result<Self, String> {
        let stored: Stored = serde_json::from_str(value)
            .map_err(|_| "it must be a JSON object with `root` and `keys`".to_owned())?;
        let secrets: Vec<_> = std::iter::once(&stored.root)
            .chain(stored.keys.iter().map(|key| &key.secret))
            .cloned()
            .collect();
        let mut keys = vec![Key::derive(
            FIRST_KID.to_owned(),
            Timestamp::from_millis(0),
            &stored.root,
            portal,
        )];
        for key in stored.keys {
            let usable_from = Timestamp::from_secs(key.added_at).plus(SIGNING_DELAY);
            keys.push(Key::derive(key.kid, usable_from, &key.secret, portal));
        }
        let is_strong = secrets.iter().all(|secret| secret.len() >= 32)
            && keys.iter().all(|key| !key.kid.is_empty());
        let mut kids: Vec<_> = keys.iter().map(|key| &key.kid).collect();
        kids.sort();
        kids.dedup();
        if !is_strong || kids.len() != keys.len() {
            return Err(
                "every secret needs at least 32 characters, and every `kid` must be set and unique"
                    .to_owned(),
            );
        }
        let access_token_keys =
            access_token_keys::parse(&stored.access_token_keys).ok_or_else(|| {
                "every `arn` of `access_token_keys` must be that of a KMS key and unique".to_owned()
            })?;
        let pepper = Subkeys::of(&stored.root, portal).derive("pepper");
        Ok(Self {
            portal: portal.clone(),
            stale: false,
            keys,
            pepper,
            access_token_keys,
        })
    }

    /// Returns whether a key that this copy does not contain may be in use.
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    pub(super) fn as_stale(&self) -> Self {
        Self {
            stale: true,
            ..self.clone()
        }
    }

    /// Returns the key that signs at `now`: the newest one that every instance must know.
    pub fn signing_key(&self, now: Timestamp) -> Option<&Key> {
        self.keys.iter().rev().find(|key| key.usable_from <= now)
    }

    /// Returns all keys, oldest first. The first one is derived from the root, and always stays.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// Returns whether this ring has `key`, with the same secret.
    pub fn has(&self, key: &Key) -> bool {
        let same = |other: &Key| other.session.expose() == key.session.expose();
        self.get(&key.kid).is_some_and(same)
    }

    /// Returns the time from which a key may be removed, or `None` for the one of the root and
    /// while no newer one takes over. `lifetime` is that of the longest-lived token.
    pub fn retires_from(&self, key: &Key, lifetime: Duration) -> Option<Timestamp> {
        let of_key = self.keys.iter().position(|other| other.kid == key.kid)?;
        let newer = self.keys.iter().skip(of_key + 1);
        let takes_over = newer.map(|newer| newer.usable_from).min();
        let takes_over = takes_over.filter(|_| of_key > 0);
        takes_over.map(|at| at.plus(STALE_SIGNING).plus(lifetime))
    }

    /// Returns the key with the id `kid`.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// Returns the keys of access tokens: those in the ring, or the stack's own if there are none.
    pub fn access_token_keys(&self, of_stack: &KeyArn) -> AccessTokenKeys {
        AccessTokenKeys::new(&self.access_token_keys, of_stack)
    }

    /// Issues a nonce for a browser that requests a link.
    pub fn issue_nonce(&self, random: [u8; 16]) -> Nonce {
        let mut bytes = [0; 32];
        let (start, end) = bytes.split_at_mut(16);
        start.copy_from_slice(&random);
        end.copy_from_slice(&self.nonce_hash(&random));
        Nonce::new(bytes)
    }

    /// Returns whether this portal issued `nonce`. Invented ones cost no call and leave no item.
    pub fn has_issued(&self, nonce: &Nonce) -> bool {
        let (random, hash) = nonce.halves();
        self.nonce_hash(random).ct_eq(hash).into()
    }

    fn nonce_hash(&self, random: &[u8]) -> [u8; 16] {
        self.keyed_hash(&["nonce-check", &encode(random)])
            .first_16()
    }

    /// Returns the hash that tables hold in place of an address.
    pub fn address_hash(&self, address: &EmailAddress) -> KeyedHash {
        self.keyed_hash(&["mail", address.as_str()])
    }

    /// Marks a browser as known to the address that it signed in with.
    pub fn mark_browser(&self, device: [u8; 16], address: &EmailAddress) -> KnownBrowser {
        KnownBrowser::new(device, self.device_hash(&device, address))
    }

    /// Returns whether this portal has marked `browser` as known to `address`.
    pub fn knows(&self, browser: &KnownBrowser, address: &EmailAddress) -> bool {
        let (device, hash) = browser.halves();
        self.device_hash(device, address).ct_eq(hash).into()
    }

    fn device_hash(&self, device: &[u8], address: &EmailAddress) -> [u8; 16] {
        let parts = ["known", &encode(device), address.as_str()];
        self.keyed_hash(&parts).first_16()
    }

    /// Returns the keyed hash that tables hold in place of `parts`. Nobody can compute it without
    /// the ring.
    pub fn keyed_hash(&self, parts: &[&str]) -> KeyedHash {
        let mut hmac = mac(self.pepper.expose());
        for part in parts {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part.as_bytes());
        }
        KeyedHash::from_bytes(hmac.finalize().into_bytes().into())
    }
}

impl Key {
    fn derive(kid: String, usable_from: Timestamp, secret: &str, portal: &PortalName) -> Self {
        let subkeys = Subkeys::of(secret, portal);
        Self {
            kid,
            usable_from,
            link: subkeys.derive("link"),
            activation: subkeys.derive("activation"),
            reset: subkeys.derive("reset"),
            report: subkeys.derive("report"),
            session: subkeys.derive("session"),
            code: subkeys.derive("code"),
            session_id: subkeys.derive("session-id"),
        }
    }

    /// Returns the code of the email with the link `id`.
    pub fn code(&self, id: &LinkId) -> Code {
        Code::from_hash(&hash(&self.code, id))
    }

    /// Returns the id of the session that the link `id` issues. It is always the same, so that a
    /// repeated redeem finds the session.
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

/// The subkeys of one secret for one portal, one for each purpose, by HKDF-SHA-256 (RFC 5869).
struct Subkeys<'a> {
    hkdf: Hkdf<Sha256>,
    portal: &'a PortalName,
}

impl<'a> Subkeys<'a> {
    fn of(secret: &str, portal: &'a PortalName) -> Self {
        let hkdf = Hkdf::new(None, secret.as_bytes());
        Self { hkdf, portal }
    }

    fn derive(&self, purpose: &str) -> Subkey {
        let mut subkey = [0; 32];
        let info = ["vestibule", self.portal.as_str(), purpose].join("/");
        #[expect(clippy::expect_used, reason = "32 bytes are within HKDF's limit")]
        self.hkdf
            .expand(info.as_bytes(), &mut subkey)
            .expect("32 bytes are within HKDF's limit");
        Secret::new(subkey)
    }
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
    fn a_new_key_signs_only_once_every_instance_must_know_it() {
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
    fn an_invalid_key_ring_is_rejected_without_repeating_it() {
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
            "two keys have the id 1"
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
        let id = LinkId::from_bytes([7; 12]);
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
    fn a_nonce_is_recognized_before_and_after_a_rotation() {
        let before = ring("[]").unwrap();
        let after =
            ring(r#"[{"kid": "2", "secret": "ssssssssssssssssssssssssssssssss", "added_at": 0}]"#)
                .unwrap();
        let nonce = before.issue_nonce([7; 16]);
        assert!(before.has_issued(&nonce) && after.has_issued(&nonce));
        assert!(!before.has_issued(&Nonce::new([7; 32])), "an invented one");
    }

    #[test]
    fn a_keyed_hash_separates_its_parts_and_survives_rotation() {
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
    fn debug_output_contains_no_key() {
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
