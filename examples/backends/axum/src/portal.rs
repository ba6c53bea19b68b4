//! The keys of the portal, and the rules for its access tokens.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use std::{sync::RwLock, thread, time::Duration};

static KEYS: RwLock<JwkSet> = RwLock::new(JwkSet { keys: vec![] });

pub fn key(id: &str) -> Option<DecodingKey> {
    DecodingKey::from_jwk(KEYS.read().ok()?.find(id)?).ok()
}

/// Reads the keys now and every minute. The portal publishes a key long before it signs with it.
pub fn keep_reading_keys(portal: String) {
    read_keys(&portal);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_secs(60));
            read_keys(&portal);
        }
    });
}

fn read_keys(portal: &str) {
    let keys = ureq::get(format!("{portal}/.well-known/jwks.json")).call();
    if let Ok(keys) = keys.and_then(|mut keys| keys.body_mut().read_json()) {
        *KEYS.write().unwrap() = keys;
    }
}

pub fn rules(portal: &str) -> Validation {
    let mut rules = Validation::new(Algorithm::RS256);
    rules.leeway = 0;
    rules.set_issuer(&[portal]);
    rules.set_audience(&[portal]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules
}
