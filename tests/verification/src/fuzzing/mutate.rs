//! Small changes of known inputs, as fuzzers make them.

use crate::rng::Rng;

/// Texts that have broken parsers before.
const WORDS: [&[u8]; 30] = [
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

/// Returns one of the inputs with one to four changes.
pub(super) fn change(inputs: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = rng.pick(inputs).clone();
    for _ in 0..=rng.below(4) {
        let [one, other] = [(); 2].map(|()| rng.below(bytes.len() + 1));
        let (from, to) = (one.min(other), one.max(other));
        let (range, inserted) = match rng.below(6) {
            0 => (from..to, vec![]),
            1 => (from..from, rng.pick(&WORDS).to_vec()),
            2 => (from..to, rng.pick(&WORDS).to_vec()),
            3 => (from..from, bytes[from..to].to_vec()),
            4 => {
                let other = &rng.pick(inputs)[..];
                let start = rng.below(other.len());
                let end = (start + rng.below(40)).min(other.len());
                (from..from, other[start..end].to_vec())
            }
            _ => {
                let flipped = bytes.get(from).map(|byte| byte ^ (1 << rng.below(8)));
                (
                    from..(from + 1).min(bytes.len()),
                    flipped.into_iter().collect(),
                )
            }
        };
        drop(bytes.splice(range, inserted));
    }
    bytes
}
