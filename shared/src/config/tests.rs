//! Tests of the variables as a whole: defaults, bounds and sentences.
use super::{Config, StartError};
use crate::clock::Clock;
use crate::domain::origin::Origin;
use crate::domain::password::hash::Argon2Params;
use crate::env::Env;
use crate::random::Random;
use std::collections::BTreeMap;

const GOOD: [(&str, &str); 39] = [
    ("PASSWORD_ATTEMPTS", "10"),
    ("PASSWORD_FAILURES", "100"),
    ("PASSWORD_PER_NETWORK_HOUR", "100"),
    ("ACTIVATION", "link"),
    ("ACTIVATION_HOURS", "72"),
    ("RESET_MINUTES", "60"),
    ("SELF_SIGN_UP", "off"),
    ("SIGN_UPS_PER_DAY", "3"),
    ("ACTIVATE_URL", "https://portal.example.com/activate"),
    ("RESET_URL", "https://portal.example.com/reset"),
    ("EMAIL_CONFIGURATION_SET", "vestibule-emails"),
    ("PORTAL", "partner"),
    ("PORTAL_NAME", "Partner"),
    ("PUBLIC_URL", "https://login.example.com"),
    ("FRONTEND_URL", "https://portal.example.com"),
    ("LOGIN_PATH", "/login"),
    ("DASHBOARD_PATH", "/"),
    (
        "ALLOWED_ORIGINS",
        "https://a.example.com,https://b.example.com",
    ),
    ("ACCENT_COLOR", "#0b5cad"),
    ("LOGO_URL", "https://cdn.example.com/logo.svg"),
    ("EMAIL_FROM", "no-reply@example.com"),
    ("LINK_MINUTES", "15"),
    ("CODE_ATTEMPTS", "5"),
    ("OTHER_BROWSER", "button"),
    ("SESSION_HOURS", "24"),
    ("PASSWORD_MINIMUM", "15"),
    ("ARGON2_MEMORY_KIB", "19456"),
    ("ARGON2_PASSES", "2"),
    ("PREVIOUS_ARGON2", "m=7168,t=5,p=1"),
    ("REQUESTS_PER_MINUTE", "1"),
    ("REQUESTS_PER_HOUR", "5"),
    ("REQUESTS_PER_NETWORK_HOUR", "200"),
    ("EMAILS_PER_HOUR", "15"),
    ("EMAILS_PER_DAY", "40"),
    ("EMAILS_PER_DAY_PORTAL", "1000"),
    ("EMAIL_DAYS", "30"),
    ("AUDIT_DAYS", "400"),
    ("TABLE_PREFIX", "vestibule"),
    ("KEY_RING_SECRET", "vestibule-key-ring"),
];

fn read_with(name: &str, value: &str) -> Result<Config, StartError> {
    let mut variables: BTreeMap<_, _> = GOOD
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    variables.insert(name.to_owned(), value.to_owned());
    Config::read(&Env::new(variables, Clock::system(), Random::system()))
}

#[test]
fn the_frontend_is_always_allowed() {
    let config = read_with("PORTAL", "partner").unwrap();
    let allowed: Vec<_> = config.site.allowed.iter().map(Origin::as_str).collect();
    assert_eq!(
        allowed,
        [
            "https://a.example.com",
            "https://b.example.com",
            "https://portal.example.com"
        ]
    );
}

#[test]
fn passwords_are_hashed_with_the_configured_parameters_in_one_lane() {
    let passwords = read_with("ARGON2_MEMORY_KIB", "65536").unwrap().passwords;
    assert_eq!(
        (passwords.min_length, passwords.costs.to_string().as_str()),
        (15, "m=65536,t=2,p=1")
    );
    assert_eq!(passwords.previous, Argon2Params::parse("m=7168,t=5,p=1"));
    assert_eq!(
        read_with("PREVIOUS_ARGON2", "").unwrap().passwords.previous,
        None
    );
}

#[test]
fn only_optional_variables_may_be_missing() {
    let optional = [
        "PUBLIC_URL",
        "FRONTEND_URL",
        "ALLOWED_ORIGINS",
        "LOGO_URL",
        "ACTIVATE_URL",
        "RESET_URL",
        "PREVIOUS_ARGON2",
    ];
    for (name, _) in GOOD {
        let read = read_with(name, "");
        if optional.contains(&name) {
            assert!(read.is_ok(), "{name}");
        } else {
            let error = read.unwrap_err().to_string();
            assert!(
                error.starts_with(name) && error.contains("is not set"),
                "{error}"
            );
        }
    }
}

#[test]
fn a_value_out_of_bounds_stops_the_start_with_a_sentence_that_names_it() {
    for (name, value) in [
        ("PORTAL", "Not Good"),
        ("PORTAL_NAME", "two\nlines"),
        ("PUBLIC_URL", "http://login.example.com"),
        ("FRONTEND_URL", "https://portal.example.com/path"),
        ("LOGIN_PATH", "//evil.example"),
        ("DASHBOARD_PATH", "dashboard"),
        ("FRONTEND_URL", "https://Portal.example.com"),
        ("ALLOWED_ORIGINS", "https://a.example.com,*"),
        (
            "ALLOWED_ORIGINS",
            "https://a.example.com, https://b.example.com",
        ),
        ("ACCENT_COLOR", "red}body{display:none"),
        ("LOGO_URL", "http://cdn.example.com/logo.svg"),
        ("EMAIL_FROM", "no-reply"),
        ("LINK_MINUTES", "0"),
        ("LINK_MINUTES", "1441"),
        ("CODE_ATTEMPTS", "11"),
        ("OTHER_BROWSER", "maybe"),
        ("SELF_SIGN_UP", "yes"),
        ("ACTIVATE_URL", "http://portal.example.com/activate"),
        ("RESET_URL", "https://portal.example.com/reset#token=x"),
        ("SESSION_HOURS", "87661"),
        ("SESSION_HOURS", "-1"),
        ("PASSWORD_MINIMUM", "7"),
        ("PASSWORD_MINIMUM", "65"),
        ("ARGON2_MEMORY_KIB", "7167"),
        ("ARGON2_MEMORY_KIB", "131073"),
        ("ARGON2_PASSES", "0"),
        ("ARGON2_PASSES", "11"),
        ("PREVIOUS_ARGON2", "m=19456,t=2"),
        ("PREVIOUS_ARGON2", "t=2,m=19456,p=1"),
        ("PREVIOUS_ARGON2", "m=131073,t=2,p=1"),
        ("REQUESTS_PER_MINUTE", "0"),
        ("EMAIL_DAYS", "0"),
        ("AUDIT_DAYS", "x"),
    ] {
        let error = read_with(name, value).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{name} is ")) && error.contains("must be"),
            "{error}"
        );
    }
}
