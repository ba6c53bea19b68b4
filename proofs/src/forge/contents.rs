//! Forgeries of what a token says: its header, its claims, and the key that signs it.

#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a proof that goes wrong is to stop"
)]

use super::jwt::{json, segments, sign, spell, subkey};
use super::mutations::Forger;
use super::originals::{Original, Originals, Purpose, purpose_name};
use serde_json::{Value, json};
use shared::domain::link::Link;
use shared::domain::time::Timestamp;
use shared::keys::SessionClaims;

type Kind = (&'static str, fn(&mut Forger<'_>, &Original) -> String);

/// All of them.
pub(super) const KINDS: [Kind; 13] = [
    ("another header, the same signature", |forger, original| {
        let [header, claims, signature] = segments(&original.text);
        format!("{}.{claims}.{signature}", other_header(forger, header))
    }),
    (
        "another header, signed with a key that is not ours",
        |forger, original| {
            let [header, claims, _] = segments(&original.text);
            let header = other_header(forger, header);
            let key = wrong_key(forger, original, &header);
            sign(&header, claims, &key)
        },
    ),
    ("no algorithm, no signature", |forger, original| {
        let [header, claims, signature] = segments(&original.text);
        let mut changed = json(header);
        changed["alg"] = (*forger.dice.pick(&["none", "None", "NONE", "nOnE", ""])).into();
        let claims = if forger.dice.one_in(2) {
            claims.to_owned()
        } else {
            other_claims(forger, claims)
        };
        let signature = *forger.dice.pick(&["", ".", ".AA", signature]);
        let signature = if signature.starts_with('.') {
            signature.to_owned()
        } else {
            format!(".{signature}")
        };
        format!("{}.{claims}{signature}", spell(&changed.to_string()))
    }),
    ("other claims, the same signature", |forger, original| {
        let [header, claims, signature] = segments(&original.text);
        format!("{header}.{}.{signature}", other_claims(forger, claims))
    }),
    (
        "other claims, signed with a key that is not ours",
        |forger, original| {
            let [header, claims, _] = segments(&original.text);
            let (claims, key) = (
                other_claims(forger, claims),
                wrong_key(forger, original, header),
            );
            sign(header, &claims, &key)
        },
    ),
    (
        "the same, signed with a key that is not ours",
        |forger, original| {
            let [header, claims, _] = segments(&original.text);
            let key = wrong_key(forger, original, header);
            sign(header, claims, &key)
        },
    ),
    ("a claim twice, the same signature", |forger, original| {
        let [header, claims, signature] = segments(&original.text);
        format!("{header}.{}.{signature}", claim_twice(forger, claims))
    }),
    (
        "a claim twice, signed with a key that is not ours",
        |forger, original| {
            let [header, claims, _] = segments(&original.text);
            let (claims, key) = (
                claim_twice(forger, claims),
                wrong_key(forger, original, header),
            );
            sign(header, &claims, &key)
        },
    ),
    (
        "the same JSON in another spelling, the same signature",
        |forger, original| {
            let [header, claims, signature] = segments(&original.text);
            match forger.dice.below(3) {
                0 => format!("{}.{claims}.{signature}", respelled(forger, header)),
                1 => format!("{header}.{}.{signature}", respelled(forger, claims)),
                _ => format!(
                    "{}.{}.{signature}",
                    respelled(forger, header),
                    respelled(forger, claims)
                ),
            }
        },
    ),
    ("segments of several tokens", |forger, original| {
        let others: [&str; 3] = std::array::from_fn(|_| forger.another_token());
        let own = segments(&original.text);
        let chosen: [&str; 3] = std::array::from_fn(|n| {
            if forger.dice.one_in(2) {
                own[n]
            } else {
                segments(others[n])[n]
            }
        });
        chosen.join(".")
    }),
    ("the token of another purpose", |forger, original| {
        let other = forger.token_of_another_purpose(original.purpose);
        let [header, claims, signature] = segments(other);
        let mut changed = json(header);
        changed["typ"] = format!("{}+jwt", purpose_name(original.purpose)).into();
        if forger.dice.one_in(2) {
            other.to_owned()
        } else {
            format!("{}.{claims}.{signature}", spell(&changed.to_string()))
        }
    }),
    (
        "signed by another portal with the same secrets",
        by_another_portal,
    ),
    ("two of these at once", |forger, original| {
        let (_, first) = KINDS[forger.dice.below(KINDS.len() - 1)];
        let once = Original {
            text: first(forger, original),
            ..original.clone()
        };
        let (_, second) = super::spelling::KINDS[forger.dice.below(super::spelling::KINDS.len())];
        if once.text.is_ascii() && !once.text.is_empty() {
            second(forger, &once.text)
        } else {
            once.text
        }
    }),
];

/// What the other portal's own functions would sign: to the same user, with the same id, for this
/// long.
fn by_another_portal(forger: &mut Forger<'_>, original: &Original) -> String {
    let Originals { ring, staff, .. } = forger.originals;
    let kid = *forger.dice.pick(&["1", "2"]);
    let key = staff.get(kid).expect("the other portal has the same kids");
    let expires_at = Timestamp::from_secs(1_795_270_000 + forger.dice.below(100_000_000) as u64);
    match (
        ring.read_link(shared::domain::link::Purpose::SignIn, &original.text),
        ring.read_session(&original.text),
    ) {
        (Ok(link), _) => staff.sign_link(
            key,
            &Link {
                expires_at,
                ..link.content
            },
        ),
        (_, Ok(session)) => staff.sign_session(
            key,
            &SessionClaims {
                expires_at,
                ..session.content
            },
        ),
        _ => String::new(),
    }
}

/// A header that no token of this purpose has.
fn other_header(forger: &mut Forger<'_>, header: &str) -> String {
    let mut changed = json(header);
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
    match forger.dice.below(9) {
        0 => changed["alg"] = (*forger.dice.pick(&algorithms)).into(),
        1 => changed["typ"] = (*forger.dice.pick(&types)).into(),
        2 => changed["kid"] = (*forger.dice.pick(&kids)).into(),
        3 => changed["crit"] = json!([*forger.dice.pick(&["exp", "b64", "kid", "x"])]),
        4 => changed["jku"] = format!("https://evil.example/{}.json", forger.dice.throw()).into(),
        5 => {
            changed["jwk"] =
                json!({"kty": "oct", "k": spell(&forger.dice.throw().to_string()), "alg": "HS256"})
        }
        6 => changed["x5u"] = format!("https://evil.example/{}.pem", forger.dice.throw()).into(),
        7 => changed["b64"] = forger.dice.one_in(2).into(),
        _ => {
            let name = *forger.dice.pick(&["alg", "typ", "kid"]);
            changed[name] =
                [Value::Null, json!(["HS256"]), json!(1), json!({})][forger.dice.below(4)].clone();
        }
    }
    if forger.dice.one_in(4) {
        changed["x"] = forger.dice.throw().into();
    }
    spell(&changed.to_string())
}

/// Claims of somebody else, of another time, for somebody else.
fn other_claims(forger: &mut Forger<'_>, claims: &str) -> String {
    let mut changed = json(claims);
    let another = json(segments(forger.another_token())[1]);
    let name = *forger.dice.pick(&[
        "sub", "email", "epoch", "exp", "aud", "iss", "jti", "sid", "next", "whole",
    ]);
    match name {
        "whole" => changed = another,
        "exp" => changed["exp"] = (1_795_000_000 + forger.dice.below(400_000_000)).into(),
        "epoch" => changed["epoch"] = forger.dice.below(1_000_000).into(),
        "aud" => {
            changed["aud"] = json!([
                "partner/link",
                "partner/session",
                "staff/link",
                "staff/session"
            ])
        }
        "iss" => changed["iss"] = (*forger.dice.pick(&["vestibule/staff", "vestibule", ""])).into(),
        "email" => changed["email"] = format!("user{}@example.com", forger.dice.throw()).into(),
        "next" => changed["next"] = format!("https://evil.example/{}", forger.dice.throw()).into(),
        name => changed[name] = another[name].clone(),
    }
    if forger.dice.one_in(4) {
        changed["x"] = forger.dice.throw().into();
    }
    spell(&changed.to_string())
}

/// One claim twice, its own value first or last.
fn claim_twice(forger: &mut Forger<'_>, claims: &str) -> String {
    let claims = json(claims);
    let name = *forger
        .dice
        .pick(&["sub", "email", "exp", "aud", "iss", "jti", "sid", "epoch"]);
    let another = json(segments(forger.another_token())[1]);
    let other = if name == "exp" {
        (1_795_000_000 + forger.dice.below(400_000_000)).into()
    } else {
        another[name].clone()
    };
    let text = claims.to_string();
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    let more = format!("\"{name}\":{other}");
    spell(&if forger.dice.one_in(2) {
        format!("{{{more},{inner}}}")
    } else {
        format!("{{{inner},{more}}}")
    })
}

/// The same JSON, in bytes that were never signed.
fn respelled(forger: &mut Forger<'_>, segment: &str) -> String {
    let text = json(segment).to_string();
    let space = *forger.dice.pick(&[" ", "\n", "\t", "\r\n", "  "]);
    let at = forger.dice.below(text.len());
    spell(&match forger.dice.below(5) {
        0 => format!("{space}{text}{space}"),
        1 => text.replacen(':', &format!(":{space}"), 1 + forger.dice.below(6)),
        2 => text.replacen(',', &format!("{space},"), 1 + forger.dice.below(6)),
        3 => format!("\u{feff}{text}"),
        _ => text
            .char_indices()
            .map(|(n, c)| {
                if n == at && c.is_ascii_alphanumeric() {
                    format!("\\u{:04x}", u32::from(c))
                } else {
                    c.to_string()
                }
            })
            .collect(),
    })
}

/// A key that a forger may have, and that is not the one which `header` names.
fn wrong_key(forger: &mut Forger<'_>, original: &Original, header: &str) -> Vec<u8> {
    let own = purpose_name(original.purpose);
    let named = &json(header)["kid"];
    let right = forger
        .secrets()
        .iter()
        .find(|(kid, _)| named == kid)
        .map(|(_, secret)| subkey(secret, "partner", own));
    let key = some_key(forger, original);
    if right.is_some_and(|right| key == right) {
        fresh_key(forger)
    } else {
        key
    }
}

/// Any key at hand: of another purpose, portal or kid, public words, the ring's secrets themselves,
/// none.
fn some_key(forger: &mut Forger<'_>, original: &Original) -> Vec<u8> {
    let purposes = [
        "link",
        "session",
        "code",
        "nonce",
        "session-id",
        "pepper",
        "activate",
        "",
    ];
    let (purpose, secret) = (*forger.dice.pick(&purposes), forger.secret());
    match forger.dice.below(7) {
        0 => vec![],
        1 => secret.into_bytes(),
        2 => (*forger
            .dice
            .pick(&["secret", "1", "2", "partner", "vestibule/partner/link"]))
        .as_bytes()
        .to_vec(),
        3 => subkey(&secret, "staff", purpose_name(original.purpose)).to_vec(),
        4 => subkey(&secret, "partner", purpose).to_vec(),
        5 => original.text.as_bytes().to_vec(),
        _ => fresh_key(forger),
    }
}

fn fresh_key(forger: &mut Forger<'_>) -> Vec<u8> {
    (0..4)
        .flat_map(|_| forger.dice.throw().to_be_bytes())
        .collect()
}

/// Whether there is anything in it to change.
pub(super) fn is_token(original: &Original) -> bool {
    original.purpose != Purpose::Nonce
}
