//! Links and codes: what a mail carries, and what the asking browser keeps.

use super::address::EmailAddress;
use super::ids::{LinkId, UserId, decode_32, encode, sha256};
use super::next::Next;
use super::secret::Secret;
use super::time::Timestamp;
use super::user::Epoch;
use crate::domain::ids::IdempotencyKeyHash;
use std::time::Duration;

/// How long a redeem may be repeated by the browser or page that made it (promise 5).
pub const REPLAY_WINDOW: Duration = Duration::from_secs(60);

/// What only the asking browser holds: 128 random bits, and 128 bits of a keyed hash of them, by
/// which this portal knows the nonces that it has minted. Whoever has it asked for the link.
#[derive(Clone, Debug)]
pub struct Nonce(Secret<[u8; 32]>);

impl Nonce {
    /// From randomness and its keyed hash, one after the other.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The randomness, and its keyed hash.
    pub fn halves(&self) -> (&[u8], &[u8]) {
        self.0.expose().split_at(16)
    }

    /// From the cookie or the bearer client's `request`.
    pub fn parse(text: &str) -> Option<Self> {
        decode_32(text).map(Self::new)
    }

    /// For the asking browser, and nobody else.
    pub fn expose(&self) -> String {
        encode(self.0.expose())
    }

    /// The link this browser asked for.
    pub fn link(&self) -> LinkId {
        LinkId::from_bytes(sha256(self.0.expose()))
    }
}

/// The random field of one view of a link page, or of a client's one attempt: 16 to 128 visible
/// ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Secret<String>);

impl IdempotencyKey {
    /// From randomness.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(encode(&random)))
    }

    /// From the form or the JSON body.
    pub fn parse(text: &str) -> Option<Self> {
        let good = (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The same for a field that may be left out; `None` where it is there and not good.
    pub fn optional(text: Option<&str>) -> Option<Option<Self>> {
        text.map_or(Some(None), |text| Self::parse(text).map(Some))
    }

    /// For the page.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// For the link's row.
    pub fn hash(&self) -> IdempotencyKeyHash {
        IdempotencyKeyHash::from_bytes(sha256(self.0.expose().as_bytes()))
    }
}

/// Eight digits that stand in the mail beside the link and work only in the asking browser.
#[derive(Clone, Debug)]
pub struct Code(Secret<u32>);

impl Code {
    /// From a keyed hash of the link's id. The modulus bias of 64 bits over 10^8 is below 2^-37.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = *hash;
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 100_000_000;
        Self(Secret::new(u32::try_from(number).unwrap_or_default()))
    }

    /// Eight digits; spaces between them, as mail clients and people insert them, are forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let good =
            digits.len() == 8 && text.len() <= 16 && digits.bytes().all(|b| b.is_ascii_digit());
        good.then(|| digits.parse().ok().map(|number| Self(Secret::new(number))))
            .flatten()
    }

    /// For the mail: `1234 5678`.
    pub fn expose(&self) -> String {
        let number = self.0.expose();
        format!("{:04} {:04}", number / 10_000, number % 10_000)
    }

    /// Compares in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.0.expose().ct_eq(other.0.expose()).into()
    }
}

/// What a link is good for, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signing in.
    SignIn,
    /// The first password of an invited user.
    Activation,
    /// Another password.
    Reset,
}

impl Purpose {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Activation => "activation",
            Self::Reset => "reset",
        }
    }

    /// From its stored form.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SignIn, Self::Activation, Self::Reset]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// What a link's token says. Only this portal can have signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is good for.
    pub purpose: Purpose,
    /// The token's `jti`, and the key of its row.
    pub id: LinkId,
    /// Whom it signs in.
    pub user: UserId,
    /// Where it was sent.
    pub address: EmailAddress,
    /// The user's epoch when it was minted.
    pub epoch: Epoch,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// Where to go then; honoured only in the browser that asked.
    pub next: Option<Next>,
}

/// Who redeems a link. A redeem is repeated by whoever can show the same again.
#[derive(Clone, Debug)]
pub struct RedeemContext {
    /// Carries the nonce of this link.
    pub same_browser: bool,
    /// The page's random field.
    pub idempotency_key: Option<IdempotencyKeyHash>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_eight_digits_however_it_is_spaced() {
        let code = Code::from_hash(&[0; 32]);
        assert_eq!(code.expose(), "0000 0000");
        assert!(Code::parse("00000000").unwrap().matches(&code));
        assert!(Code::parse(" 0000 0000 ").unwrap().matches(&code));
        assert!(!Code::parse("00000001").unwrap().matches(&code));
        for wrong in [
            "",
            "1234567",
            "123456789",
            "1234-5678",
            "１２３４５６７８",
            "+1234567",
            "0x123456",
        ] {
            assert!(Code::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_attempt_is_16_to_128_visible_characters() {
        for good in ["0123456789abcdef", &"~".repeat(128)] {
            assert_eq!(IdempotencyKey::parse(good).unwrap().expose(), good);
        }
        for wrong in [
            "",
            "0123456789abcde",
            &"x".repeat(129),
            "0123456789 abcdef",
            "0123456789abcdef\n",
            "0123456789äbcdef",
        ] {
            assert!(IdempotencyKey::parse(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!(
            "{:?} {:?} {:?}",
            Nonce::new([1; 32]),
            IdempotencyKey::new([2; 32]),
            Code::from_hash(&[3; 32])
        );
        assert_eq!(
            shown,
            "Nonce([redacted]) IdempotencyKey([redacted]) Code([redacted])"
        );
    }
}
