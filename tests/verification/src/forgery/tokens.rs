//! Forgeries of a token's contents: its header, its claims, and the key that signs it.

use super::forger::Forger;
use super::originals::{Original, Originals, Purpose};
use super::texts;
use crate::jwt::{bytes, decode, encode, segments, sign, subkey};
use serde_json::{Value, json};
use shared::domain::link::{self, LinkClaims};
use shared::domain::time::Timestamp;
use shared::keys::SessionClaims;

/// The kinds of these forgeries.
pub(super) const KINDS: [&str; 14] = [
    "another header, the same signature",
    "another header, signed with a wrong key",
    "no algorithm, no signature",
    "other claims, the same signature",
    "other claims, signed with a wrong key",
    "the same, signed with a wrong key",
    "a claim twice, the same signature",
    "a claim twice, signed with a wrong key",
    "the same JSON in another spelling, the same signature",
    "segments of several tokens",
    "the token of another purpose",
    "signed by another portal with the same secrets",
    "signed with the public key as a secret",
    "two of these at once",
];

/// Forges a token in the way that has this number in [`KINDS`].
pub(super) fn forge(forger: &mut Forger<'_>, kind: usize, original: &Original) -> String {
    let [header, claims, signature] = segments(&original.text);
    match kind {
        0 => format!("{}.{claims}.{signature}", other_header(forger, header)),
        1 => {
            let header = other_header(forger, header);
            sign_wrongly(forger, original, &header, claims)
        }
        2 => {
            let mut header = decode(header);
            header["alg"] = (*forger.rng.pick(&["none", "None", "NONE", "nOnE", ""])).into();
            let claims = if forger.rng.one_in(2) {
                claims.to_owned()
            } else {
                other_claims(forger, claims)
            };
            let signature = *forger.rng.pick(&["", ".", ".AA", signature]);
            let dot = if signature.starts_with('.') { "" } else { "." };
            format!("{}.{claims}{dot}{signature}", encode(&header.to_string()))
        }
        3 => format!("{header}.{}.{signature}", other_claims(forger, claims)),
        4 => {
            let claims = other_claims(forger, claims);
            sign_wrongly(forger, original, header, &claims)
        }
        5 => sign_wrongly(forger, original, header, claims),
        6 => format!("{header}.{}.{signature}", claim_twice(forger, claims)),
        7 => {
            let claims = claim_twice(forger, claims);
            sign_wrongly(forger, original, header, &claims)
        }
        8 => match forger.rng.below(3) {
            0 => format!("{}.{claims}.{signature}", respelled(forger, header)),
            1 => format!("{header}.{}.{signature}", respelled(forger, claims)),
            _ => {
                let header = respelled(forger, header);
                format!("{header}.{}.{signature}", respelled(forger, claims))
            }
        },
        9 => {
            let others: [&str; 3] = std::array::from_fn(|_| forger.some_token());
            let mixed: [&str; 3] = std::array::from_fn(|n| {
                let is_own = forger.rng.one_in(2);
                segments(if is_own { &original.text } else { others[n] })[n]
            });
            mixed.join(".")
        }
        10 => {
            let purpose = original.purpose;
            let other = forger.some(|other| other != Purpose::Nonce && other != purpose);
            if forger.rng.one_in(2) {
                return other.text.clone();
            }
            let [header, claims, signature] = segments(&other.text);
            let mut header = decode(header);
            header["typ"] = format!("{}+jwt", purpose.name()).into();
            format!("{}.{claims}.{signature}", encode(&header.to_string()))
        }
        11 => by_another_portal(forger, original),
        12 => with_public_key(forger, original),
        _ => {
            let first = forger.rng.below(KINDS.len() - 1);
            let text = forge(forger, first, original);
            let second = forger.rng.below(texts::KINDS.len());
            if text.is_empty() || !text.is_ascii() {
                return text;
            }
            texts::forge(forger, second, &text)
        }
    }
}

/// Signs a token for the same user, with the same id, as another portal does.
fn by_another_portal(forger: &mut Forger<'_>, original: &Original) -> String {
    let Originals { ring, staff, .. } = forger.originals;
    if original.purpose == Purpose::AccessToken {
        return of_another_issuer(forger, original);
    }
    let key = staff.get(forger.some_kid());
    let key = key.expect("both portals have the same keys");
    let expires_at = Timestamp::from_secs(1_795_270_000 + forger.rng.below(100_000_000) as u64);
    let purposes = [link::Purpose::SignIn, link::Purpose::Report];
    let mut purposes = purposes.into_iter();
    let read = |purpose| ring.read_link(purpose, &original.text).ok();
    if let Some(link) = purposes.find_map(read) {
        let content = link.content;
        return staff.sign_link(
            key,
            &LinkClaims {
                expires_at,
                ..content
            },
        );
    }
    let session = ring
        .read_session(&original.text)
        .map(|session| session.content);
    let content = session.expect("a link or a session");
    staff.sign_session(
        key,
        &SessionClaims {
            address: None,
            expires_at,
            ..content
        },
    )
}

/// Returns an access token of another portal, or parts of it in one of this portal.
fn of_another_issuer(forger: &mut Forger<'_>, original: &Original) -> String {
    let theirs = segments(forger.rng.pick::<String>(&forger.originals.foreign));
    let ours = segments(&original.text);
    match forger.rng.below(4) {
        0 => theirs.join("."),
        1 => [theirs[0], ours[1], theirs[2]].join("."),
        2 => [ours[0], theirs[1], theirs[2]].join("."),
        _ => [ours[0], &other_claims(forger, theirs[1]), theirs[2]].join("."),
    }
}

/// Signs with HS256; the secret is a public key, in one of the forms that everybody can read.
fn with_public_key(forger: &mut Forger<'_>, original: &Original) -> String {
    let [header, claims, _] = segments(&original.text);
    let mut header = decode(header);
    header["alg"] = (*forger.rng.pick(&["HS256", "HS384", "HS512", "RS256"])).into();
    let claims = if forger.rng.one_in(4) {
        claims.to_owned()
    } else {
        other_claims(forger, claims)
    };
    let jwk = &forger.originals.verifier.jwks["keys"][0];
    let modulus = jwk["n"].as_str().unwrap_or_default();
    let key = match forger.rng.below(4) {
        0 => jwk.to_string().into_bytes(),
        1 => modulus.as_bytes().to_vec(),
        2 => bytes(modulus),
        _ => forger.originals.verifier.jwks.to_string().into_bytes(),
    };
    sign(&encode(&header.to_string()), &claims, &key)
}

/// Changes a header to one that no token of this purpose has.
fn other_header(forger: &mut Forger<'_>, header: &str) -> String {
    let mut header = decode(header);
    let rng = &mut forger.rng;
    let algorithms = [
        "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "none", "hs256", "HS256 ", "",
    ];
    let types = [
        "link+jwt",
        "session+jwt",
        "JWT",
        "at+jwt",
        "application/link+jwt",
        "LINK+JWT",
        "",
    ];
    let kids = [
        "1",
        "2",
        "3",
        "",
        "../../../dev/null",
        "1' OR '1'='1",
        "01",
        "1 ",
    ];
    let (name, value) = match rng.below(9) {
        0 => ("alg", (*rng.pick(&algorithms)).into()),
        1 => ("typ", (*rng.pick(&types)).into()),
        2 => ("kid", (*rng.pick(&kids)).into()),
        3 => ("crit", json!([*rng.pick(&["exp", "b64", "kid", "x"])])),
        4 => (
            "jku",
            format!("https://evil.example/{}.json", rng.next_u64()).into(),
        ),
        5 => {
            let key = encode(&rng.next_u64().to_string());
            ("jwk", json!({"kty": "oct", "k": key, "alg": "HS256"}))
        }
        6 => (
            "x5u",
            format!("https://evil.example/{}.pem", rng.next_u64()).into(),
        ),
        7 => ("b64", rng.one_in(2).into()),
        _ => {
            let name = *rng.pick(&["alg", "typ", "kid"]);
            let values = [Value::Null, json!(["HS256"]), json!(1), json!({})];
            (name, rng.pick(&values).clone())
        }
    };
    header[name] = value;
    if rng.one_in(4) {
        header["x"] = rng.next_u64().into();
    }
    encode(&header.to_string())
}

/// Changes claims to those of another token, another time or another portal.
fn other_claims(forger: &mut Forger<'_>, claims: &str) -> String {
    let mut claims = decode(claims);
    let other = decode(segments(forger.some_token())[1]);
    let rng = &mut forger.rng;
    let name = *rng.pick(&[
        "sub", "email", "acc", "exp", "aud", "iss", "jti", "sid", "next", "whole",
    ]);
    let audiences = [
        "partner/link",
        "partner/session",
        "staff/link",
        "staff/session",
    ];
    let value = match name {
        "exp" => random_expiry(forger),
        "acc" => (*rng.pick(&["a", "i", "n", "x"])).into(),
        "aud" => json!(audiences),
        "iss" => (*rng.pick(&["vestibule/staff", "vestibule", ""])).into(),
        "email" => format!("user{}@example.com", rng.next_u64()).into(),
        "next" => format!("https://evil.example/{}", rng.next_u64()).into(),
        name => other[name].clone(),
    };
    if name == "whole" {
        claims = other;
    } else {
        claims[name] = value;
    }
    if forger.rng.one_in(4) {
        claims["x"] = forger.rng.next_u64().into();
    }
    encode(&claims.to_string())
}

fn random_expiry(forger: &mut Forger<'_>) -> Value {
    (1_795_000_000 + forger.rng.below(400_000_000)).into()
}

/// Adds a claim a second time, before or after its own value.
fn claim_twice(forger: &mut Forger<'_>, claims: &str) -> String {
    let names = ["sub", "email", "exp", "aud", "iss", "jti", "sid", "epoch"];
    let name = *forger.rng.pick(&names);
    let other = decode(segments(forger.some_token())[1]);
    let value = match name {
        "exp" => random_expiry(forger),
        name => other[name].clone(),
    };
    let claims = decode(claims).to_string();
    let inner = claims.trim_start_matches('{').trim_end_matches('}');
    let added = format!("\"{name}\":{value}");
    encode(&if forger.rng.one_in(2) {
        format!("{{{added},{inner}}}")
    } else {
        format!("{{{inner},{added}}}")
    })
}

/// Spells the same JSON in bytes that were never signed.
fn respelled(forger: &mut Forger<'_>, segment: &str) -> String {
    let text = decode(segment).to_string();
    let rng = &mut forger.rng;
    let space = *rng.pick(&[" ", "\n", "\t", "\r\n", "  "]);
    let at = rng.below(text.len());
    encode(&match rng.below(5) {
        0 => format!("{space}{text}{space}"),
        1 => text.replacen(':', &format!(":{space}"), 1 + rng.below(6)),
        2 => text.replacen(',', &format!("{space},"), 1 + rng.below(6)),
        3 => format!("\u{feff}{text}"),
        _ => match text.as_bytes()[at] {
            byte if byte.is_ascii_alphanumeric() => {
                format!("{}\\u{byte:04x}{}", &text[..at], &text[at + 1..])
            }
            _ => text,
        },
    })
}

/// Signs with a key that a forger may have and that is not the one which the header names.
fn sign_wrongly(
    forger: &mut Forger<'_>,
    original: &Original,
    header: &str,
    claims: &str,
) -> String {
    let key = some_key(forger, original);
    let right = forger
        .originals
        .key(&decode(header)["kid"], original.purpose);
    let is_right = right.is_some_and(|right| key == right);
    let key = if is_right { forger.random_key() } else { key };
    sign(header, claims, &key)
}

/// Chooses a key: of another purpose, portal or kid, a public word, a secret itself, or none.
fn some_key(forger: &mut Forger<'_>, original: &Original) -> Vec<u8> {
    let purposes = [
        "link",
        "report",
        "session",
        "code",
        "nonce",
        "session-id",
        "pepper",
        "activate",
        "",
    ];
    let words = ["secret", "1", "2", "partner", "vestibule/partner/link"];
    let purpose = *forger.rng.pick(&purposes);
    let (_, secret) = forger.rng.pick(&forger.originals.secrets);
    match forger.rng.below(7) {
        0 => vec![],
        1 => secret.as_bytes().to_vec(),
        2 => forger.rng.pick(&words).as_bytes().to_vec(),
        3 => subkey(secret, "staff", original.purpose.name()).to_vec(),
        4 => subkey(secret, "partner", purpose).to_vec(),
        5 => original.text.as_bytes().to_vec(),
        _ => forger.random_key(),
    }
}
