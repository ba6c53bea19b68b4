//! The options of a portal.

use shared::clock::Clock;
use shared::random::Random;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The options of a portal. The default suits tests: in memory, on any free port, silent.
#[derive(Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1. The system chooses one if there is none.
    pub port: Option<u16>,
    /// The port on 127.0.0.1 at which functions in other processes reach the AWS stub, or 0 for any
    /// free one.
    pub aws_port: Option<u16>,
    /// The directory for state, keys and the stream's checkpoint. Without it, they are in memory.
    pub data: Option<PathBuf>,
    /// The portal's short name, by default `partner`. The display name is the same, capitalized.
    pub portal: Option<String>,
    /// The origin of the frontend, which users are sent to and whose pages may call the API.
    pub frontend: Option<String>,
    /// The email address of one more active user.
    pub user: Option<String>,
    /// The host name of the API, by default `localhost`.
    pub host: Option<String>,
    /// The origin of the API, by default `http://<host>:<port>`.
    pub public_url: Option<String>,
    /// Values for the template's parameters. They take precedence over the other options.
    pub parameters: BTreeMap<String, String>,
    /// The clock of everything in the portal, except for a database in `data`, which uses the
    /// machine's.
    pub clock: Option<Clock>,
    /// The source of all randomness. With a seeded one and a single client, every run is the same.
    pub random: Option<Random>,
    /// The key ring. Without one, it is read from `data` or generated.
    pub key_ring: Option<String>,
    /// Lets SES publish an event for every email that arrives. The addresses of its mailbox
    /// simulator play their events in any case.
    pub publishes_deliveries: bool,
    /// Prints links and undelivered emails on standard output.
    pub announce: bool,
    /// Ignores streams and schedules. The caller invokes their functions in the order it likes.
    pub events_by_hand: bool,
    /// The number of instances of each function, at least 1. Each invocation goes to one of them at
    /// random.
    pub instances: usize,
    /// Lets the request header `x-local-source-ip` set the source address of a request.
    pub trust_source_ip_header: bool,
}

impl Options {
    /// Returns the template's parameters for a portal at `public_url`.
    pub(crate) fn parameters(&self, public_url: &str) -> BTreeMap<String, String> {
        let portal = self.portal.as_deref().unwrap_or("partner");
        let mut characters = portal.chars();
        let display_name: String = characters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(characters)
            .collect();
        let implied = [
            ("Portal", portal),
            ("PortalName", &display_name),
            ("PublicUrl", public_url),
            ("FrontendUrl", self.frontend.as_deref().unwrap_or_default()),
            ("EmailFrom", "no-reply@localhost.example"),
        ];
        let implied = implied.map(|(name, value)| (name.to_owned(), value.to_owned()));
        implied.into_iter().chain(self.parameters.clone()).collect()
    }
}
