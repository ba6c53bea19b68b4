//! Links, and the nonces that tie them to the requesting browser.

use super::address::EmailAddress;
use super::ids::{IdempotencyKeyHash, LinkId, UserId, decode_32, encode, sha256};
use super::next::Next;
use super::secret::Secret;
use super::time::{DAY, MINUTE, Timestamp};
use super::user::Epoch;
use std::time::Duration;

/// Period after a redeem in which the same browser or page may repeat it.
pub const REPLAY_WINDOW: Duration = MINUTE;

/// Period after the event of a notice in which it can be reported: a notice is of use to a user who
/// reads their email once a week.
pub const REPORT_LIFETIME: Duration = DAY.saturating_mul(7);

/// The secret of the browser that requested a link: 128 random bits, and 128 bits of a keyed hash
/// of them, by which the portal recognizes the nonces that it issued.
#[derive(Clone, Debug)]
pub struct Nonce(Secret<[u8; 32]>);

impl Nonce {
    /// Wraps 16 random bytes followed by 16 bytes of their keyed hash.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// Returns the random bytes and their keyed hash.
    pub fn halves(&self) -> (&[u8], &[u8]) {
        self.0.expose().split_at(16)
    }

    /// Parses a nonce of the cookie, or the `request` of a bearer client.
    pub fn parse(text: &str) -> Option<Self> {
        decode_32(text).map(Self::new)
    }

    /// Returns the printed form. Only the requesting browser may receive it.
    pub fn expose(&self) -> String {
        encode(self.0.expose())
    }

    /// Returns the id of the link that was requested with this nonce.
    pub fn link(&self) -> LinkId {
        LinkId::from_hash(sha256(self.0.expose()))
    }
}

/// The random `idempotency_key` of one view of a link page, or of one attempt of a client: 16 to
/// 128 visible ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Secret<String>);

/// The error for a text that is not an [`IdempotencyKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Returns the key made of 256 random bits.
    pub fn new(random: [u8; 32]) -> Self {
        Self(Secret::new(encode(&random)))
    }

    /// Parses the field of a form or a JSON body.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] for a wrong length or other characters.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let is_valid =
            (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        is_valid
            .then(|| Self(Secret::new(text.to_owned())))
            .ok_or(InvalidIdempotencyKey)
    }

    /// Parses a field that may be missing.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] if the field is present and invalid.
    pub fn parse_optional(text: Option<&str>) -> Result<Option<Self>, InvalidIdempotencyKey> {
        text.map(Self::parse).transpose()
    }

    /// Returns the text, for the page that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Returns the hash, for the link's item.
    pub fn hash(&self) -> IdempotencyKeyHash {
        IdempotencyKeyHash::from_bytes(sha256(self.0.expose().as_bytes()))
    }
}

/// The one operation that a link is valid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    /// Setting the first password of an invited user.
    Activation,
    /// Setting a new password.
    Reset,
    /// Reporting that an event was not the user's doing: ends all sessions and links.
    Report,
}

impl Purpose {
    /// Returns the stored `purpose`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Activation => "activation",
            Self::Reset => "reset",
            Self::Report => "report",
        }
    }

    /// Parses the stored `purpose`.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SignIn, Self::Activation, Self::Reset, Self::Report]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// A link, as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub purpose: Purpose,
    pub id: LinkId,
    pub user: UserId,
    /// Address that the link was sent to.
    pub address: EmailAddress,
    /// Epoch of the user when the link was issued.
    pub epoch: Epoch,
    pub expires_at: Timestamp,
    pub next: LinkNext,
    pub account: LinkAccount,
}

impl Link {
    /// Returns the epoch of the session that the link issues. Activation ends all earlier links, so
    /// it moves the epoch.
    pub const fn session_epoch(&self) -> Epoch {
        match self.account {
            LinkAccount::Invited => self.epoch.next(),
            LinkAccount::Active | LinkAccount::New { .. } => self.epoch,
        }
    }
}

/// The claims of a link's token, which only this portal can have signed: what its page shows. The
/// link's row has the rest, so that the link is short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkClaims {
    pub purpose: Purpose,
    pub id: LinkId,
    pub address: EmailAddress,
    pub expires_at: Timestamp,
    pub next: LinkNext,
    pub account: LinkAccount,
}

impl From<Link> for LinkClaims {
    fn from(link: Link) -> Self {
        Self {
            purpose: link.purpose,
            id: link.id,
            address: link.address,
            expires_at: link.expires_at,
            next: link.next,
            account: link.account,
        }
    }
}

impl LinkClaims {
    /// Returns the link that these claims name where it has no row: it belongs to nobody, and does
    /// nothing.
    pub fn without_row(self) -> Link {
        Link {
            purpose: self.purpose,
            id: self.id,
            user: UserId::nobody(),
            address: self.address,
            epoch: Epoch::new(0),
            expires_at: self.expires_at,
            next: match self.next {
                LinkNext::Stored => LinkNext::None,
                next => next,
            },
            account: self.account,
        }
    }
}

/// The account that a link was issued to. It works only while the account is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAccount {
    /// The link signs an active user in, or sets their password.
    Active,
    /// The link activates an invited user.
    Invited,
    /// Nobody had the address: the link creates the user.
    New {
        /// The name from the sign-up form. Only the link's item has it: in a token it is empty.
        name: String,
    },
}

impl LinkAccount {
    /// Returns the form in tokens and items.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::New { .. } => "new",
        }
    }

    /// Parses the form in tokens and items. `name` is that of a new user.
    pub fn parse(text: &str, name: &str) -> Option<Self> {
        match text {
            "active" => Some(Self::Active),
            "invited" => Some(Self::Invited),
            "new" => Some(Self::New {
                name: name.to_owned(),
            }),
            _ => None,
        }
    }
}

/// The page after the sign-in. A sign-in link, which takes one press, redirects only the requesting
/// browser to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkNext {
    /// The link was requested without one.
    None,
    Page(Next),
    /// It would make the link's URL too long: only the link's item has it.
    Stored,
}

impl LinkNext {
    /// Returns the page, if the link was requested with one and it is not only stored.
    pub const fn page(&self) -> Option<&Next> {
        match self {
            Self::Page(next) => Some(next),
            Self::None | Self::Stored => None,
        }
    }
}

impl From<Option<Next>> for LinkNext {
    fn from(next: Option<Next>) -> Self {
        next.map_or(Self::None, Self::Page)
    }
}

/// The client that redeems a link. A redeem may be repeated in the same context.
#[derive(Clone, Debug)]
pub struct RedeemContext {
    /// Is true for the browser that requested the link: it sent the link's nonce.
    pub same_browser: bool,
    /// Identifies the page or the client's attempt.
    pub idempotency_key: Option<IdempotencyKeyHash>,
}

impl RedeemContext {
    /// Returns whether this is the client that redeemed a link `earlier`: both are the requesting
    /// browser, or both are the same page or attempt.
    pub fn repeats(&self, earlier: &Self) -> bool {
        let same_key =
            self.idempotency_key.is_some() && self.idempotency_key == earlier.idempotency_key;
        (self.same_browser && earlier.same_browser) || same_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_key_has_16_to_128_visible_characters() {
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
            assert_eq!(
                IdempotencyKey::parse(wrong).unwrap_err(),
                InvalidIdempotencyKey,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let shown = format!(
            "{:?} {:?}",
            Nonce::new([1; 32]),
            IdempotencyKey::new([2; 32])
        );
        assert_eq!(shown, "Nonce([redacted]) IdempotencyKey([redacted])");
    }
}
