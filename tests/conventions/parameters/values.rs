//! Values of parameters, good and bad.

/// Values of the texts that functions read. Each is changed at every place.
pub(super) const SEEDS: [(&str, &[&str]); 19] = [
    ("Portal", &["partner", "a-2"]),
    ("PortalName", &["Partner portal", "Bücher & 📚"]),
    ("PublicUrl", ORIGINS),
    (
        "ProxySecret",
        &[
            "0123456789abcdef0123456789abcdef",
            "0123456789-bcdef0123456789+b~d!f,0123456789abcdef0123456789ABCDEF",
        ],
    ),
    ("ApiDomainName", &["login.example.com", "a.b"]),
    ("FrontendUrl", ORIGINS),
    ("LoginPath", PATHS),
    ("DashboardPath", PATHS),
    (
        "AllowedOrigins",
        &["https://a.example.com,http://localhost:3000", "https://a.b"],
    ),
    ("AccentColor", &["#0b5cad", "#FFFFFF"]),
    ("LogoUrl", URLS),
    ("LogoUrlDark", URLS),
    (
        "SupportContact",
        &[
            "help@example.com",
            "https://example.com/help",
            "tel:+49301234",
        ],
    ),
    (
        "EmailFrom",
        &["no-reply@example.com", "a.b+c_d@mail.example.co.uk"],
    ),
    ("ActivateUrl", URLS),
    ("ResetUrl", URLS),
    ("AccessTokenAudience", &["https://api.example.com", "api"]),
    (
        "PreviousArgon2",
        &["m=19456,t=2,p=1", "m=131072,t=10,p=16", "m=128,t=1,p=1"],
    ),
    (
        "Notices",
        &["new-browser,password-changed", "sessions-ended"],
    ),
];
const ORIGINS: &[&str] = &[
    "https://portal.example.com",
    "https://portal.example.com:8443",
    "http://localhost",
    "http://app.localhost:65535",
    "http://127.0.0.1:8787",
    "https://10.0.0.1",
];
const PATHS: &[&str] = &["/", "/login", "/a/b.html"];
const URLS: &[&str] = &[
    "https://cdn.example.com/logo.svg",
    "https://cdn.example.com:444?a=b#c",
    "http://localhost:3000/%7Ea;b",
    "https://a.example/#/activate",
];
/// Values that are checked as they are: a pattern cannot tell which punycode is valid.
pub(super) const PUNYCODE: [(&str, &str); 4] = [
    ("EmailFrom", "a@xn--bcher-kva.example"),
    ("FrontendUrl", "https://xn--bcher-kva.example"),
    ("ApiDomainName", "xn--bcher-kva.example"),
    ("LogoUrl", "https://xn--bcher-kva.example/a.png"),
];
/// Texts that no function reads: values that the template accepts, and values that it refuses.
pub(super) const NOT_READ: [(&str, &[&str], &[&str]); 6] = [
    (
        "KmsKeyArn",
        &["", "arn:aws:kms:eu-central-1:123456789012:key/12ab-34"],
        &[
            "12ab-34",
            "alias/a",
            "arn:aws:kms:eu-central-1:123456789012:alias/a",
        ],
    ),
    (
        "PermissionsBoundary",
        &[
            "",
            "arn:aws:iam::123456789012:policy/team/a",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ],
        &["boundary", "arn:aws:iam::123456789012:role/a"],
    ),
    (
        "CertificateArn",
        &[
            "",
            "arn:aws:acm:eu-central-1:123456789012:certificate/12ab-34",
        ],
        &["12ab-34", "arn:aws:iam::123456789012:server-certificate/a"],
    ),
    (
        "HostedZoneId",
        &["", "Z0123456789ABC"],
        &["example.com", "/hostedzone/Z01"],
    ),
    (
        "AlarmEmail",
        &["", "Ops@example.com"],
        &["ops", "ops@example", "a@b.example c@d.example"],
    ),
    (
        "SenderDomain",
        &["", "example.com", "xn--bcher-kva.example"],
        &[
            "Example.com",
            "example",
            "a@example.com",
            "bücher.example",
            "example.com.",
        ],
    ),
];
/// Texts that are inserted at every place, separated by spaces.
const PROBES: &str = "A ü 📚 \n \t \0 \u{7f} \u{85} \u{a0} \u{200b} . - -- / // \\ : ? # @ % ' \" \
                      = _ , < | 0 :80 :443 :65536";

/// Returns the seed, and the seed with one change: at every place, something is inserted, left out
/// or repeated up to a length that matters.
pub(super) fn changes(seed: &str, longest: usize) -> Vec<String> {
    let mut found = vec![String::new(), seed.to_owned(), format!("{seed},{seed}")];
    for (at, character) in seed.char_indices().chain([(seed.len(), '\0')]) {
        let (before, after) = seed.split_at(at);
        let probes = PROBES.split(' ').chain([" "]);
        found.extend(probes.map(|probe| format!("{before}{probe}{after}")));
        let rest = after.get(character.len_utf8()..).unwrap_or_default();
        found.extend(["", "-", "A", "/", "."].map(|other| format!("{before}{other}{rest}")));
        for length in [63, 64, 65, 66, longest, longest + 1] {
            for filler in ["a", "a.", "/a", "1"] {
                let room = length.saturating_sub(seed.chars().count());
                let filling: String = filler.chars().cycle().take(room).collect();
                found.push(format!("{before}{filling}{after}"));
            }
        }
    }
    found
}
