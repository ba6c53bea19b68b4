//! When a rotation and a retirement are refused, and what is shown.

use super::{retire, rotate};
use crate::error::Error;
use crate::keys::view::View;
use serde_json::{Value, json};
use shared::domain::key_arn::KeyArn;
use shared::domain::portal::PortalName;
use shared::domain::time::Timestamp;
use shared::keys::{AccessTokenKeys, KeyRing};

const ADDED: u64 = 1_795_269_600;
/// Time at which a key that was added at [`ADDED`] takes over.
const SIGNS: u64 = ADDED + (2 * 60 + 15) * 60;
/// Time from which the key before it may be retired.
const RETIRES: u64 = SIGNS + 3 * 60 * 60;

fn arn(id: &str) -> String {
    format!("arn:aws:kms:us-east-1:000000000000:key/{id}")
}

fn keys(list: &Value) -> AccessTokenKeys {
    let ring = json!({"root": "r".repeat(64), "keys": [], "access_token_keys": list});
    let portal = PortalName::parse("partner").unwrap();
    let ring = KeyRing::parse(&ring.to_string(), &portal).unwrap();
    ring.access_token_keys(&KeyArn::parse(&arn("one")).unwrap())
}

fn rotated() -> AccessTokenKeys {
    keys(&json!([{"arn": arn("one"), "added_at": 0}, {"arn": arn("two"), "added_at": ADDED}]))
}

#[test]
fn a_rotation_is_refused_until_the_last_one_has_taken_over() {
    let refused = |secs| rotate::check(&rotated(), Timestamp::from_secs(secs)).is_err();
    assert!(refused(ADDED) && refused(SIGNS - 1));
    assert!(!refused(SIGNS) && !refused(SIGNS + 1));
    let only = keys(&json!([]));
    assert_eq!(rotate::check(&only, Timestamp::from_secs(0)), Ok(()));
}

#[test]
fn a_key_is_retired_once_nothing_needs_it_and_the_refusal_says_when() {
    let keys = rotated();
    for secs in [ADDED, SIGNS, RETIRES - 1] {
        let refused = retire::check(&keys, Timestamp::from_secs(secs));
        let Err(Error::Refused(why)) = refused else {
            panic!("{secs}: {refused:?}");
        };
        assert!(
            why.contains("one until 21 November 2026 at 19:15 UTC"),
            "{why}"
        );
    }
    for secs in [RETIRES, RETIRES + 1] {
        let due = retire::check(&keys, Timestamp::from_secs(secs)).unwrap();
        assert_eq!(due.iter().map(|key| key.kid()).collect::<Vec<_>>(), ["one"]);
    }
}

#[test]
fn a_key_that_signs_is_never_retired() {
    let far = Timestamp::from_secs(RETIRES * 2);
    let only = keys(&json!([{"arn": arn("two"), "added_at": ADDED}]));
    assert!(matches!(retire::check(&only, far), Err(Error::Refused(_))));
}

#[test]
fn the_status_tells_which_key_signs_and_from_when() {
    let view = |secs| {
        let mut view = View::new("portal", Timestamp::from_secs(secs));
        view.add_access_tokens(&rotated());
        view
    };
    let states = |secs| {
        let json: Value = serde_json::from_str(&view(secs).json()).unwrap();
        [0, 1].map(|n| json["keys"][n]["state"].as_str().unwrap().to_owned())
    };
    assert_eq!(states(SIGNS - 1), ["signing", "next"]);
    assert_eq!(states(SIGNS), ["superseded", "signing"]);
    let text = view(ADDED).text();
    assert!(
        text.contains("two  published, signs from 21 November 2026 at 16:15 UTC"),
        "{text}"
    );
    let text = view(RETIRES).text();
    assert!(text.contains("one  superseded, may be retired\n"), "{text}");
}
