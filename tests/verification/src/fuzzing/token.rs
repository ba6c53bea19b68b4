//! The tokens of links and sessions, and key rings.

use super::fixture;
use shared::domain::address::EmailAddress;
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{LinkAccount, LinkClaims, LinkNext, Purpose};
use shared::domain::portal::PortalName;
use shared::domain::session::SessionId;
use shared::domain::time::Timestamp;
use shared::keys::{KeyRing, SessionClaims};
use std::cell::LazyCell;

struct Tokens {
    ring: KeyRing,
    /// A link and a session of this key ring, then those of another portal and of other keys.
    all: Vec<String>,
}

thread_local! {
    static TOKENS: LazyCell<Tokens> = LazyCell::new(Tokens::new);
}

/// A token that was not signed is not accepted. The first three bytes choose a token, a place in it
/// and the number of characters that the rest replaces. The rest is also tried as a token and as a
/// key ring.
///
/// # Panics
/// If a forgery is accepted.
pub fn token(data: &[u8]) {
    let (choice, bytes) = data.split_at(data.len().min(3));
    let [which, at, len] = [0, 1, 2].map(|n| choice.get(n).copied().map_or(0, usize::from));
    let text = String::from_utf8_lossy(bytes);
    TOKENS.with(|tokens| {
        let count = tokens.all.len();
        let token = &tokens.all[which % count];
        // One byte reaches every character: tokens have fewer than 4 x 256.
        let from = (at * 4 + which / count % 4).min(token.len());
        let to = (from + len).min(token.len());
        tokens.check(&format!("{}{text}{}", &token[..from], &token[to..]));
        tokens.check(&text);
    });
    if let Err(refused) = KeyRing::parse(&text, &portal("partner")) {
        let is_short = text.is_empty() || refused.len() < 100;
        assert!(is_short, "{refused} repeats the key ring");
    }
}

impl Tokens {
    fn new() -> Self {
        // Starting a portal makes HS256 the only algorithm of this process.
        let value = fixture::key_ring();
        let other_keys = value.replace(|digit: char| digit.is_ascii_digit(), "x");
        let ring = |value: &str, name| KeyRing::parse(value, &portal(name)).unwrap();
        let rings = [
            ring(&value, "partner"),
            ring(&value, "staff"),
            ring(&other_keys, "partner"),
        ];
        let all = rings.iter().flat_map(|ring| [link(ring), session(ring)]);
        Self {
            all: all.collect(),
            ring: ring(&value, "partner"),
        }
    }

    fn check(&self, token: &str) {
        let is_link = self.ring.read_link(Purpose::SignIn, token).is_ok();
        let is_session = self.ring.read_session(token).is_ok();
        assert_eq!(
            [is_link, is_session],
            [token == self.all[0], token == self.all[1]],
            "{token}"
        );
    }
}

fn portal(name: &str) -> PortalName {
    PortalName::parse(name).unwrap()
}

fn link(ring: &KeyRing) -> String {
    let link = LinkClaims {
        purpose: Purpose::SignIn,
        id: LinkId::from_bytes([1; 12]),
        address: EmailAddress::parse("ada@example.com").unwrap(),
        expires_at: Timestamp::from_secs(4),
        next: LinkNext::None,
        account: LinkAccount::Active,
    };
    ring.sign_link(ring.get("1").unwrap(), &link)
}

fn session(ring: &KeyRing) -> String {
    let claims = SessionClaims {
        id: SessionId::new([5; 32]),
        user: UserId::new([2; 16]),
        address: None,
        expires_at: Timestamp::from_secs(6),
    };
    ring.sign_session(ring.get("1").unwrap(), &claims)
}
