//! Links and sessions.

use super::stage;
use shared::domain::address::EmailAddress;
use shared::domain::ids::{LinkId, UserId};
use shared::domain::link::{Link, Purpose};
use shared::domain::portal::PortalName;
use shared::domain::session::SessionId;
use shared::domain::time::Timestamp;
use shared::domain::user::Epoch;
use shared::keys::{KeyRing, SessionClaims};
use std::cell::LazyCell;

struct Tokens {
    ring: KeyRing,
    link: String,
    session: String,
    /// Of another portal with the same keys, and of other keys.
    foreign: Vec<String>,
}

thread_local! {
    static TOKENS: LazyCell<Tokens> = LazyCell::new(tokens);
}

/// What was not signed is not accepted: the first two bytes choose a token and a place in it, the
/// rest is put there, over as many characters as the third byte says. The rest is also tried as a
/// token by itself, and as a key ring.
///
/// # Panics
/// When it is accepted.
pub fn token(data: &[u8]) {
    let (choice, bytes) = data.split_at(data.len().min(3));
    let [which, at, over] = [0, 1, 2].map(|n| choice.get(n).copied().map_or(0, usize::from));
    let text = String::from_utf8_lossy(bytes);
    TOKENS.with(|tokens| {
        let all: Vec<_> = [&tokens.link, &tokens.session]
            .into_iter()
            .chain(&tokens.foreign)
            .collect();
        let base = all[which % all.len()];
        // A byte reaches every character: tokens have fewer than 4 x 256.
        let from = (at * 4 + which / all.len() % 4).min(base.len());
        let to = (from + over).min(base.len());
        tokens.refuse(&format!("{}{text}{}", &base[..from], &base[to..]));
        tokens.refuse(&text);
    });
    if let Err(refused) = KeyRing::parse(&text, &portal("partner")) {
        assert!(
            text.is_empty() || refused.len() < 100,
            "{refused} repeats the ring"
        );
    }
}

impl Tokens {
    fn refuse(&self, token: &str) {
        let (link, session) = (
            self.ring.read_link(Purpose::SignIn, token).is_ok(),
            self.ring.read_session(token).is_ok(),
        );
        assert_eq!(
            (link, session),
            (token == self.link, token == self.session),
            "{token}"
        );
    }
}

fn portal(name: &str) -> PortalName {
    PortalName::parse(name).unwrap()
}

fn tokens() -> Tokens {
    // Starting a portal is what makes HS256 the one algorithm of this process.
    let value = stage::key_ring();
    let others = value.replace(|digit: char| digit.is_ascii_digit(), "x");
    let ring = |value: &str, name: &str| KeyRing::parse(value, &portal(name)).unwrap();
    let ours = ring(&value, "partner");
    let foreign = [ring(&value, "staff"), ring(&others, "partner")];
    let foreign = foreign
        .iter()
        .flat_map(|ring| [link(ring), session(ring)])
        .collect();
    Tokens {
        link: link(&ours),
        session: session(&ours),
        foreign,
        ring: ours,
    }
}

fn link(ring: &KeyRing) -> String {
    let link = Link {
        purpose: Purpose::SignIn,
        id: LinkId::from_bytes([1; 32]),
        user: UserId::new([2; 16]),
        address: EmailAddress::parse("ada@example.com").unwrap(),
        epoch: Epoch::new(3),
        expires_at: Timestamp::from_secs(4),
        next: None,
    };
    ring.sign_link(ring.get("1").unwrap(), &link)
}

fn session(ring: &KeyRing) -> String {
    let id = SessionId::new([5; 32]);
    let claims = SessionClaims {
        id,
        user: UserId::new([2; 16]),
        expires_at: Timestamp::from_secs(6),
    };
    ring.sign_session(ring.get("1").unwrap(), &claims)
}
