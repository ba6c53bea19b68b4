//! An estimate of the guesses that a chosen password takes.
//!
//! An attacker tries common passwords, words, names, dates, and runs of keys or letters, and joins
//! them. So the estimate cuts a password into the pieces that take the fewest guesses together, and
//! multiplies the guesses of the pieces. It ignores what attackers vary for free: case, accents,
//! look-alike letters, and the places of separators. docs/passwords.md has all the figures.

mod candidates;
mod kind;
mod normalize;
mod patterns;
mod personal;
mod pieces;
mod words;

#[cfg(test)]
mod tests;

use crate::domain::address::EmailAddress;
use crate::domain::password::WeakPassword;
use candidates::ANY_CHARACTER;
use kind::Kind;
use normalize::normalize;
use pieces::Pieces;
use std::collections::BTreeSet;

/// The fewest guesses that a chosen password must take, as a power of ten. Eight characters without
/// any pattern take exactly as many.
const ENOUGH: f64 = 8.0;

/// The separators that people use. Whichever of them a password has count as one character.
const COMMON_SEPARATORS: &str = " -_.,:;/|+";

/// Refuses a password that is easy to guess for somebody who knows the address and the portal's
/// name.
///
/// The work is bounded: it reads at most [`normalize::READ`] characters.
///
/// # Errors
/// The reason, taken from the piece that makes up most of the password.
pub(super) fn check(
    password: &str,
    address: &EmailAddress,
    portal: &str,
) -> Result<(), WeakPassword> {
    let personal = personal::words(address, portal);
    let text = normalize(password);
    let views = views(&text);
    let fewest = views
        .iter()
        .map(|view| view.estimate(&personal))
        .min_by(|one, other| one.guesses.total_cmp(&other.guesses));
    match fewest {
        Some(found) if found.guesses < ENOUGH - 1e-9 => Err(found.reason()),
        _ => Ok(()),
    }
}

/// One way to read a password: groups of its characters, each guessed by itself.
#[derive(PartialEq)]
struct View {
    groups: Vec<Vec<char>>,
    /// The characters that are neither letters nor digits, where they are a group of their own.
    signs: Vec<char>,
    /// Guesses for the way it was read, as a power of ten.
    extra: f64,
}

impl View {
    /// The same with every run of one character as one, if there is such a run.
    fn without_doubles(&self) -> Option<Self> {
        let groups: Vec<_> = self
            .groups
            .iter()
            .map(|group| without_doubles(group))
            .collect();
        (groups != self.groups).then(|| Self {
            groups,
            signs: self.signs.clone(),
            extra: ANY_CHARACTER,
        })
    }

    fn estimate(&self, personal: &[String]) -> Pieces {
        let mut all = Pieces::default();
        for group in &self.groups {
            all.append(Pieces::find(group, personal));
        }
        // Signs around the address or the portal's name make it no harder to guess.
        if !all.contains(Kind::Personal) {
            let mut signs = Pieces::find(&self.signs, personal);
            signs.guesses = signs.guesses.min(different_signs(&self.signs));
            all.append(signs);
        }
        all.guesses += self.extra;
        all
    }
}

/// Guesses for the signs if their places count for nothing, as a power of ten.
fn different_signs(signs: &[char]) -> f64 {
    let different: BTreeSet<_> = signs
        .iter()
        .map(|c| {
            if COMMON_SEPARATORS.contains(*c) {
                ' '
            } else {
                *c
            }
        })
        .collect();
    different.iter().map(|_| ANY_CHARACTER).sum()
}

/// The ways to read a password: as it is; without the signs; letters and digits apart; and the same
/// with every run of one character read as that character once.
fn views(text: &[char]) -> Vec<View> {
    let only = |wanted: fn(char) -> bool| -> Vec<char> {
        text.iter().copied().filter(|c| wanted(*c)).collect()
    };
    let view = |groups: Vec<Vec<char>>, signs| View {
        groups: groups
            .into_iter()
            .filter(|group| !group.is_empty())
            .collect(),
        signs,
        extra: 0.0,
    };
    let (letters, digits) = (only(char::is_alphabetic), only(char::is_numeric));
    let mut views = vec![
        view(vec![text.to_vec()], vec![]),
        view(vec![only(char::is_alphanumeric)], only(is_sign)),
        view(vec![letters, digits], only(is_sign)),
    ];
    views.dedup();
    let once: Vec<_> = views.iter().filter_map(View::without_doubles).collect();
    views.extend(once);
    views
}

fn is_sign(c: char) -> bool {
    !c.is_alphanumeric()
}

/// The text if every character was repeated as often, or else the text with all runs as one.
fn without_doubles(text: &[char]) -> Vec<char> {
    let runs = || text.chunk_by(|one, other| one == other);
    let divisor = runs().fold(0, |divisor, run| {
        greatest_common_divisor(divisor, run.len())
    });
    let step = if divisor > 1 {
        divisor
    } else {
        text.len().max(1)
    };
    runs()
        .flat_map(|run| run.iter().step_by(step))
        .copied()
        .collect()
}

const fn greatest_common_divisor(one: usize, other: usize) -> usize {
    if other == 0 {
        one
    } else {
        greatest_common_divisor(other, one % other)
    }
}
