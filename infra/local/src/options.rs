//! What a portal is started with.

use shared::clock::Clock;
use shared::random::Random;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a portal is started with; the default is what tests want: in memory, on any port, silent.
#[derive(Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; `None` lets the system choose.
    pub port: Option<u16>,
    /// Where state, keys and the stream's checkpoint are kept; `None` keeps them in memory.
    pub data: Option<PathBuf>,
    /// The portal's short name, `partner` without one. The name for people is the same,
    /// capitalised.
    pub portal: Option<String>,
    /// The frontend's origin: where people land, and who may call.
    pub frontend: Option<String>,
    /// One more active user, by mail address.
    pub user: Option<String>,
    /// Where the portal seems to be; `http://localhost:<port>` without one.
    pub public_url: Option<String>,
    /// Values for the template's parameters; they go before those that follow from the other
    /// options.
    pub parameters: BTreeMap<String, String>,
    /// Tells the time to everything here; with `data`, the database keeps to the machine's own
    /// clock all the same.
    pub clock: Option<Clock>,
    /// Draws all randomness: with a seeded one, a portal that is called by one caller does the same
    /// every time.
    pub random: Option<Random>,
    /// The key ring's value; without one it is generated, or read from `data`.
    pub key_ring: Option<String>,
    /// Whether mailed links and dropped mails are printed on standard output.
    pub announce: bool,
    /// Leaves streams and schedules alone: whoever started the portal invokes their functions, in
    /// what order they like.
    pub events_by_hand: bool,
    /// How many instances of each function there are, 1 at least; each invocation goes to one of
    /// them at random.
    pub instances: usize,
    /// Whether the request header `x-local-source-ip` sets the address a request comes from.
    pub trust_source_ip_header: bool,
}

impl Options {
    /// The template's parameters, for a portal reached at `public_url`.
    pub(crate) fn parameters(&self, public_url: &str) -> BTreeMap<String, String> {
        let portal = self.portal.as_deref().unwrap_or("partner");
        let mut letters = portal.chars();
        let name: String = letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect();
        let implied = [
            ("Portal", portal),
            ("PortalName", &name),
            ("PublicUrl", public_url),
            ("FrontendUrl", self.frontend.as_deref().unwrap_or_default()),
            ("EmailFrom", "no-reply@localhost.example"),
        ];
        let implied = implied.map(|(name, value)| (name.to_owned(), value.to_owned()));
        implied.into_iter().chain(self.parameters.clone()).collect()
    }
}
