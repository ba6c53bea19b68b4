//! Forgeries of a credential's text: only one spelling of it is right.

use super::forger::Forger;

/// Characters that decoders, gateways and cookie parsers may treat as others, or ignore.
const ODD: [&str; 22] = [
    "=", "==", ".", "..", " ", "\t", "\n", "\r\n", "\0", ";", ",", "%", "%2e", "+", "/", "\"",
    "\u{200b}", "\u{feff}", "\u{ff0e}", "\u{2024}", "é", "𝐀",
];
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The kinds of these forgeries.
pub(super) const KINDS: [&str; 19] = [
    "a bit flipped in the decoded bytes",
    "one character replaced",
    "another unused bit in the last character of a segment",
    "two characters swapped",
    "cut off at the end",
    "cut off at the start",
    "a part left out",
    "a part repeated",
    "a character inserted",
    "an odd character inserted",
    "one character replaced by an odd one",
    "odd characters around it",
    "padded as in other base64",
    "in the standard alphabet",
    "upper and lower case swapped",
    "percent-encoded",
    "segments in another number or order",
    "very long",
    "random text",
];

/// Forges an ASCII text in the way that has this number in [`KINDS`].
pub(super) fn forge(forger: &mut Forger<'_>, kind: usize, text: &str) -> String {
    let rng = &mut forger.rng;
    let len = text.len();
    match kind {
        0 => flip_bit(forger, text),
        1 => replace_one(forger, text),
        2 => flip_unused_bit(forger, text),
        3 => {
            let mut bytes = text.as_bytes().to_vec();
            bytes.swap(rng.below(len), rng.below(len));
            bytes.into_iter().map(char::from).collect()
        }
        4 => text[..rng.below(len)].to_owned(),
        5 => text[1 + rng.below(len)..].to_owned(),
        6 => {
            let (from, to) = part(forger, text);
            format!("{}{}", &text[..from], &text[to..])
        }
        7 => {
            let (from, to) = part(forger, text);
            format!("{}{}", &text[..to], &text[from..])
        }
        8 => {
            let inserted = character(forger);
            insert(forger, text, &inserted)
        }
        9 => {
            let inserted = rng.pick::<&str>(&ODD);
            insert(forger, text, inserted)
        }
        10 => {
            let at = rng.below(len);
            format!("{}{}{}", &text[..at], rng.pick(&ODD), &text[at + 1..])
        }
        11 => format!("{}{text}{}", rng.pick(&ODD), rng.pick(&ODD)),
        12 => {
            let mut segments: Vec<_> = text.split('.').map(str::to_owned).collect();
            let count = segments.len();
            let segment = &mut segments[rng.below(count)];
            let missing = segment.len().next_multiple_of(4) - segment.len();
            segment.push_str(&"=".repeat(missing.max(1)));
            segments.join(".")
        }
        13 => text.replace('-', "+").replace('_', "/"),
        14 => {
            let (from, to) = part(forger, text);
            let swap = |c: char| match c {
                c if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
                c => c.to_ascii_lowercase(),
            };
            let swapped: String = text[from..to].chars().map(swap).collect();
            format!("{}{swapped}{}", &text[..from], &text[to..])
        }
        15 => {
            let at = rng.below(len);
            let byte = text.as_bytes()[at];
            format!("{}%{byte:02X}{}", &text[..at], &text[at + 1..])
        }
        16 => {
            let segments: Vec<_> = text.split('.').chain([""]).collect();
            let last = rng.below(6);
            let segments: Vec<_> = (0..=last).map(|_| *rng.pick(&segments)).collect();
            segments.join(".")
        }
        17 => {
            let count = *rng.pick(&[1, 100, 3_000, 4_096, 8_000, 100_000]);
            let filler = character(forger).repeat(count);
            if forger.rng.one_in(2) {
                format!("{text}{filler}")
            } else {
                insert(forger, text, &filler)
            }
        }
        _ => {
            let len = rng.below(len + 1);
            let random: String = (0..len).map(|_| character(forger)).collect();
            if forger.rng.one_in(2) {
                return random;
            }
            format!("{}.{random}", text.split('.').next().unwrap_or_default())
        }
    }
}

fn character(forger: &mut Forger<'_>) -> String {
    char::from(*forger.rng.pick(URL_SAFE)).to_string()
}

fn value_of(byte: u8) -> Option<usize> {
    URL_SAFE.iter().position(|one| *one == byte)
}

/// Flips a bit of the bytes that a segment decodes to, and encodes them correctly.
fn flip_bit(forger: &mut Forger<'_>, text: &str) -> String {
    let at = forger.rng.below(text.len());
    let Some(value) = value_of(text.as_bytes()[at]) else {
        return text.to_owned();
    };
    replace_at(text, at, URL_SAFE[value ^ (1 << forger.rng.below(6))])
}

fn replace_one(forger: &mut Forger<'_>, text: &str) -> String {
    let at = forger.rng.below(text.len());
    replace_at(text, at, *forger.rng.pick(URL_SAFE))
}

/// Flips bits of a segment's last character that mean nothing.
///
/// A lax decoder accepts up to sixteen spellings of the same bytes.
fn flip_unused_bit(forger: &mut Forger<'_>, text: &str) -> String {
    let segments: Vec<_> = text.split('.').collect();
    let chosen = forger.rng.below(segments.len());
    let unused = match segments[chosen].len() % 4 {
        2 => 4,
        3 => 2,
        _ => return replace_one(forger, text),
    };
    let end = segments[..=chosen].join(".").len() - 1;
    let value = value_of(text.as_bytes()[end]).unwrap_or_default();
    let flipped = value ^ (1 + forger.rng.below((1 << unused) - 1));
    replace_at(text, end, URL_SAFE[flipped])
}

fn replace_at(text: &str, at: usize, byte: u8) -> String {
    format!("{}{}{}", &text[..at], char::from(byte), &text[at + 1..])
}

/// Chooses the bounds of a part that is not empty.
fn part(forger: &mut Forger<'_>, text: &str) -> (usize, usize) {
    let one = forger.rng.below(text.len());
    let other = forger.rng.below(text.len());
    (one.min(other), one.max(other) + 1)
}

fn insert(forger: &mut Forger<'_>, text: &str, inserted: &str) -> String {
    let at = forger.rng.below(text.len() + 1);
    format!("{}{inserted}{}", &text[..at], &text[at..])
}
