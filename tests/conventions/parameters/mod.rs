//! The template accepts exactly the values with which the functions start.

mod declaration;
mod values;

use declaration::Declaration;
use kit::parameters;
use local::template::Template;
use shared::clock::Clock;
use shared::config::Config;
use shared::env::Env;
use shared::random::Random;
use std::collections::BTreeMap;
use values::NOT_READ;

/// Returns the variables of a portal with the template's defaults.
fn variables() -> BTreeMap<String, String> {
    let template = Template::read(&parameters(&[("EmailFrom", "no-reply@example.com")])).unwrap();
    let mut variables = template.functions[0].environment.clone();
    variables.insert("ACCESS_TOKEN_KEY".into(), "arn:aws:kms:a:1:key/1".into());
    variables
}

/// Returns the configuration with which a function starts, if it does.
fn start(variables: &BTreeMap<String, String>, changes: &[(&str, &str)]) -> Option<Config> {
    let mut variables = variables.clone();
    variables.extend(parameters(changes));
    Config::read(&Env::new(variables, Clock::system(), Random::system())).ok()
}

/// Returns `LINK_MINUTES` for `LinkMinutes`.
fn variable(parameter: &str) -> String {
    let split = |c: char| {
        if c.is_ascii_uppercase() {
            format!("_{c}")
        } else {
            c.to_string()
        }
    };
    let words = parameter.chars().map(split).collect::<String>();
    words.trim_start_matches('_').to_uppercase()
}

#[test]
fn the_template_accepts_exactly_the_values_with_which_functions_start() {
    let variables = variables();
    let (mut accepted, mut refused) = (0, 0);
    let mut differences = vec![];
    for parameter in Declaration::all() {
        let (variable, prefix) = match parameter.name.as_str() {
            "ApiDomainName" => ("PUBLIC_URL".to_owned(), "https://"),
            name => (variable(name), ""),
        };
        if !variables.contains_key(&variable) {
            continue;
        }
        for value in parameter.values() {
            let prefix = if value.is_empty() { "" } else { prefix };
            let started = start(&variables, &[(&variable, &format!("{prefix}{value}"))]);
            // A public origin may have a port or a host without a dot; the API's domain may not.
            let is_domain = value.contains('.') && !value.contains(':');
            let starts = started.is_some() && (prefix.is_empty() || is_domain);
            let is_accepted = parameter.accepts(&value);
            if is_accepted != starts {
                differences.push(format!("{} = {value:?}: {is_accepted}", parameter.name));
            }
            *(if is_accepted {
                &mut accepted
            } else {
                &mut refused
            }) += 1;
            if let ("EmailFrom", Some(config)) = (parameter.name.as_str(), started) {
                // The role of the mailer compares the parameter with what the mailer sends from.
                assert_eq!(config.email.from.as_str(), value);
            }
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(accepted > 5000 && refused > 20_000, "{accepted} {refused}");
}

#[test]
fn the_template_checks_the_values_that_no_function_reads() {
    let variables = variables();
    for parameter in Declaration::all() {
        let name = parameter.name.as_str();
        let is_read = variables.contains_key(&variable(name)) || name == "ApiDomainName";
        let has_list = parameter.properties["AllowedValues"].is_array();
        if is_read || has_list || parameter.properties["Type"] == "Number" {
            continue;
        }
        let listed = NOT_READ.iter().find(|(listed, ..)| *listed == name);
        let (_, good, bad) = listed.unwrap_or_else(|| panic!("{name} has no examples"));
        for value in *good {
            assert!(parameter.accepts(value), "{name} = {value:?}");
        }
        for value in *bad {
            assert!(!parameter.accepts(value), "{name} = {value:?}");
        }
    }
}

#[test]
fn the_longest_name_and_sender_start_together() {
    let sender = format!(
        "{}@{}.{}.example",
        "a".repeat(64),
        "b".repeat(63),
        "c".repeat(63)
    );
    for name in ["n", "ü", "📚", "\""] {
        let pair = [
            ("PORTAL_NAME", name.repeat(60)),
            ("EMAIL_FROM", sender.clone()),
        ];
        let pair = pair.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert!(start(&variables(), &pair).is_some(), "{name}");
    }
}

#[test]
fn parameters_that_belong_together_are_set_together() {
    let certificate = (
        "CertificateArn",
        "arn:aws:acm:us-east-1:000000000000:certificate/1",
    );
    let (domain, zone) = (
        ("ApiDomainName", "login.example.com"),
        ("HostedZoneId", "Z1"),
    );
    let sender = ("SenderDomain", "example.com");
    for (pairs, is_accepted) in [
        (&[domain, certificate] as &[_], true),
        (&[domain, certificate, zone], true),
        (&[sender, zone], true),
        (&[domain], false),
        (&[certificate], false),
        (&[zone], false),
    ] {
        let mut given = parameters(&[("EmailFrom", "no-reply@example.com")]);
        given.extend(parameters(pairs));
        assert_eq!(Template::read(&given).is_ok(), is_accepted, "{pairs:?}");
    }
}
