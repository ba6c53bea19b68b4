//! Forgeries of the text itself: whatever the credential is, one spelling of it is right.

#![expect(
    clippy::indexing_slicing,
    reason = "a proof that goes wrong is to stop"
)]

use super::jwt::segments;
use super::mutations::Forger;

/// Characters that decoders, gateways and cookie parsers are known to treat as others, or as none.
const ODD: [&str; 22] = [
    "=", "==", ".", "..", " ", "\t", "\n", "\r\n", "\0", ";", ",", "%", "%2e", "+", "/", "\"",
    "\u{200b}", "\u{feff}", "\u{ff0e}", "\u{2024}", "é", "𝐀",
];
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

type Kind = (&'static str, fn(&mut Forger<'_>, &str) -> String);

/// All of them.
pub(super) const KINDS: [Kind; 19] = [
    ("a bit flipped in the decoded bytes", bit),
    ("a character for another", character),
    (
        "another unused bit in the last character of a segment",
        last_character,
    ),
    ("two characters swapped", |forger, text| {
        let mut all: Vec<char> = text.chars().collect();
        let (one, other) = (forger.dice.below(all.len()), forger.dice.below(all.len()));
        all.swap(one, other);
        all.into_iter().collect()
    }),
    ("cut off at the end", |forger, text| {
        text.chars().take(forger.dice.below(text.len())).collect()
    }),
    ("cut off at the start", |forger, text| {
        text.chars()
            .skip(1 + forger.dice.below(text.len()))
            .collect()
    }),
    ("a stretch left out", |forger, text| {
        let (from, to) = stretch(forger, text);
        text.chars()
            .take(from)
            .chain(text.chars().skip(to))
            .collect()
    }),
    ("a stretch twice", |forger, text| {
        let (from, to) = stretch(forger, text);
        text.chars()
            .take(to)
            .chain(text.chars().skip(from))
            .collect()
    }),
    ("a character too many", |forger, text| {
        let more = char::from(*forger.dice.pick(URL)).to_string();
        insert(forger, text, &more)
    }),
    ("an odd character in between", |forger, text| {
        let odd = *forger.dice.pick(&ODD);
        insert(forger, text, odd)
    }),
    ("an odd character for a good one", |forger, text| {
        let (at, odd) = (forger.dice.below(text.len()), *forger.dice.pick(&ODD));
        text.chars()
            .take(at)
            .chain(odd.chars())
            .chain(text.chars().skip(at + 1))
            .collect()
    }),
    ("odd characters around it", |forger, text| {
        let (before, after) = (*forger.dice.pick(&ODD), *forger.dice.pick(&ODD));
        format!("{before}{text}{after}")
    }),
    ("padded as in other base64", |forger, text| {
        let parts: Vec<_> = text.split('.').collect();
        let padded = forger.dice.below(parts.len());
        let pad = |(n, part): (usize, &&str)| {
            if n == padded {
                with_padding(part)
            } else {
                (*part).to_owned()
            }
        };
        parts
            .iter()
            .enumerate()
            .map(pad)
            .collect::<Vec<_>>()
            .join(".")
    }),
    ("in the standard alphabet", |_, text| {
        text.replace('-', "+").replace('_', "/")
    }),
    ("upper for lower case", |forger, text| {
        let (from, to) = stretch(forger, text);
        let other = |(n, c): (usize, char)| match c {
            c if n < from || n >= to => c,
            c if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
            c => c.to_ascii_lowercase(),
        };
        text.chars().enumerate().map(other).collect()
    }),
    ("percent-encoded", |forger, text| {
        let at = forger.dice.below(text.len());
        let one = |(n, c): (usize, char)| {
            if n == at {
                format!("%{:02X}", u32::from(c))
            } else {
                c.to_string()
            }
        };
        text.chars().enumerate().map(one).collect()
    }),
    ("segments in another number or order", |forger, text| {
        let parts: Vec<_> = text.split('.').chain([""]).collect();
        let many = forger.dice.below(6);
        let order: Vec<_> = (0..=many).map(|_| *forger.dice.pick(&parts)).collect();
        order.join(".")
    }),
    ("very long", |forger, text| {
        let many = *forger.dice.pick(&[1, 100, 3_000, 4_096, 8_000, 100_000]);
        let filler = char::from(*forger.dice.pick(URL)).to_string().repeat(many);
        if forger.dice.one_in(2) {
            format!("{text}{filler}")
        } else {
            insert(forger, text, &filler)
        }
    }),
    ("nothing of it", |forger, text| {
        let length = forger.dice.below(text.len() + 1);
        let fresh: String = (0..length)
            .map(|_| char::from(*forger.dice.pick(URL)))
            .collect();
        if forger.dice.one_in(2) {
            fresh
        } else {
            format!("{}.{fresh}", segments(text)[0])
        }
    }),
];

/// A bit of what one segment decodes to, canonically spelled again.
fn bit(forger: &mut Forger<'_>, text: &str) -> String {
    let mut all = text.as_bytes().to_vec();
    let at = forger.dice.below(all.len());
    let Some(value) = URL.iter().position(|c| *c == all[at]) else {
        return text.to_owned();
    };
    all[at] = URL[value ^ (1 << forger.dice.below(6))];
    String::from_utf8(all).unwrap_or_default()
}

fn character(forger: &mut Forger<'_>, text: &str) -> String {
    let at = forger.dice.below(text.len());
    let other = char::from(*forger.dice.pick(URL));
    text.chars()
        .enumerate()
        .map(|(n, c)| if n == at { other } else { c })
        .collect()
}

/// Base64's last character carries bits that nobody needs: a lax decoder takes up to sixteen
/// spellings for one.
fn last_character(forger: &mut Forger<'_>, text: &str) -> String {
    let mut parts: Vec<_> = text.split('.').map(str::to_owned).collect();
    let chosen = forger.dice.below(parts.len());
    let part = &mut parts[chosen];
    let unused = match part.len() % 4 {
        2 => 4,
        3 => 2,
        _ => return character(forger, text),
    };
    let last = part
        .pop()
        .and_then(|last| URL.iter().position(|c| char::from(*c) == last))
        .unwrap_or_default();
    part.push(char::from(
        URL[last ^ (1 + forger.dice.below((1 << unused) - 1))],
    ));
    parts.join(".")
}

fn stretch(forger: &mut Forger<'_>, text: &str) -> (usize, usize) {
    let (one, other) = (forger.dice.below(text.len()), forger.dice.below(text.len()));
    (one.min(other), one.max(other) + 1)
}

fn insert(forger: &mut Forger<'_>, text: &str, more: &str) -> String {
    let at = forger.dice.below(text.len() + 1);
    text.chars()
        .take(at)
        .chain(more.chars())
        .chain(text.chars().skip(at))
        .collect()
}

fn with_padding(part: &str) -> String {
    let missing = part.len().next_multiple_of(4) - part.len();
    format!("{part}{}", "=".repeat(missing.max(1)))
}
