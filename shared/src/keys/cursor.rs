//! Positions in lists, sealed for URLs: nobody without the ring can read or make one.

use crate::domain::ids::encode;
use crate::keys::KeyRing;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

const NONCE_BYTES: usize = 12;

impl KeyRing {
    /// Seals a position with ChaCha20-Poly1305 (RFC 8439) under a subkey of the pepper. `random` is
    /// the nonce.
    pub fn seal_cursor(&self, position: &str, random: [u8; NONCE_BYTES]) -> String {
        let mut text = position.as_bytes().to_vec();
        let nonce = Nonce::assume_unique_for_key(random);
        #[expect(clippy::expect_used, reason = "a position is shorter than 256 GB")]
        self.cursor_key()
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut text)
            .expect("a position is shorter than 256 GB");
        encode(&[&random[..], &text].concat())
    }

    /// Returns the position in a cursor that [`KeyRing::seal_cursor`] has sealed.
    pub fn open_cursor(&self, cursor: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let position = self
            .cursor_key()
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        String::from_utf8(position.to_vec()).ok()
    }

    fn cursor_key(&self) -> LessSafeKey {
        let key = self.keyed_hash(&["cursor"]);
        #[expect(clippy::expect_used, reason = "the key has 32 bytes")]
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_bytes()).expect("32 bytes");
        LessSafeKey::new(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::portal::PortalName;

    fn ring(letter: &str) -> KeyRing {
        let stored = serde_json::json!({"root": letter.repeat(64), "keys": []}).to_string();
        KeyRing::parse(&stored, &PortalName::parse("partner").unwrap()).unwrap()
    }

    #[test]
    fn a_cursor_opens_only_unchanged_and_with_the_ring_that_sealed_it() {
        let cursor = ring("k").seal_cursor("a position", [7; 12]);
        let opened = ring("k").open_cursor(&cursor);
        assert_eq!(opened.as_deref(), Some("a position"));
        assert_eq!(ring("x").open_cursor(&cursor), None);
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(ring("k").open_cursor(&changed), None, "{at}");
        }
        for wrong in ["", "A", "AAAA", &cursor[1..], &format!("{cursor}A")] {
            assert_eq!(ring("k").open_cursor(wrong), None, "{wrong}");
        }
    }
}
