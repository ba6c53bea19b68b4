//! Small changes of known inputs, as fuzzers make them.

use crate::rng::Rng;

/// What has broken parsers before.
const WORDS: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\t",
    b"\\",
    b"//",
    b"@",
    b";",
    b"=",
    b".",
    b"..",
    b"%00",
    b"%0d%0a",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\xff",
    b"\xc0\xaf",
    "\u{2028}".as_bytes(),
    "\u{ff0e}".as_bytes(),
    "\u{212a}".as_bytes(),
    b"18446744073709551616",
    b"-1",
    b"null",
    b"${",
    b"@LINK@",
    b"@SESSION@",
    b"@NONCE@",
    b"@CODE@",
];

/// One of `inputs` with one to four changes.
pub(super) fn change(inputs: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = inputs
        .get(rng.below(inputs.len()))
        .cloned()
        .unwrap_or_default();
    for _ in 0..=rng.below(4) {
        let (at, to) = (rng.below(bytes.len() + 1), rng.below(bytes.len() + 1));
        let (from, to) = (at.min(to), at.max(to));
        match rng.below(6) {
            0 => drop(bytes.drain(from..to)),
            1 => drop(bytes.splice(from..from, rng.pick(WORDS).iter().copied())),
            2 => drop(bytes.splice(from..to, rng.pick(WORDS).iter().copied())),
            3 => {
                let part: Vec<u8> = bytes.iter().copied().skip(from).take(to - from).collect();
                drop(bytes.splice(from..from, part));
            }
            4 => {
                let other = inputs
                    .get(rng.below(inputs.len()))
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                let part = other
                    .iter()
                    .copied()
                    .skip(rng.below(other.len()))
                    .take(rng.below(40));
                drop(bytes.splice(from..from, part));
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << rng.below(8);
                }
            }
        }
    }
    bytes
}
