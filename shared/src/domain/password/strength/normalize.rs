//! One spelling for everything that attackers vary for free.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::{CanonicalDecompositionBorrowed, Decomposed};

/// The most characters that are read: compatibility forms can stand for up to 18 each.
pub(super) const READ: usize = 256;

/// Returns the text in lower case, without accents, in compatibility composition (NFKC).
pub(super) fn normalize(text: &str) -> Vec<char> {
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(text)
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| !is_accent(*c))
        .flat_map(without_accent)
        .take(READ)
        .collect()
}

/// The letters and digits of [`normalize`], as [`String`].
pub(super) fn letters_and_digits(text: &str) -> String {
    normalize(text)
        .into_iter()
        .filter(|c| c.is_alphanumeric())
        .collect()
}

const fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn without_accent(c: char) -> impl Iterator<Item = char> {
    let mut base = c;
    while let Decomposed::Expansion(first, second) =
        CanonicalDecompositionBorrowed::new().decompose(base)
        && is_accent(second)
    {
        base = first;
    }
    let (first, second) = match base {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' => ('d', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// Returns the letter that `c` is often written for, where `one` is what `1` stands for; other
/// characters as they are. Covers leet spelling, and Cyrillic and Greek letters that look Latin.
pub(super) const fn unleet(c: char, one: char) -> char {
    match c {
        '4' | '@' | 'а' | 'α' => 'a',
        '8' | 'в' | 'β' => 'b',
        '(' | '{' | '[' | '<' | 'с' => 'c',
        '3' | '€' | 'е' | 'ε' => 'e',
        '6' | '9' => 'g',
        'н' => 'h',
        'і' | 'ι' => 'i',
        '1' | '!' | '|' => one,
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'η' => 'n',
        '0' | 'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        '5' | '$' | 'ѕ' => 's',
        '7' | '+' | 'т' | 'τ' => 't',
        'υ' => 'u',
        'ν' => 'v',
        'х' | 'χ' => 'x',
        'у' => 'y',
        '2' => 'z',
        other => other,
    }
}
