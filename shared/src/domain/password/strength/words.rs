//! The list of common passwords, names and words, and of rows of words and keys.

use crate::domain::password::strength::kind::Kind;
use std::sync::LazyLock;

/// Sections of words in order of their rank. `words.py` makes it and states its origin.
const LIST: &str = include_str!("words.list");

/// Rows of keys: QWERTY, QWERTZ and AZERTY in rows, columns and zigzag, other alphabets in rows.
/// Accents are left out, as in every normalized text.
const KEYS: [&str; 46] = [
    "1234567890-=",
    "1234567890ss",
    "`1234567890",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopu+",
    "asdfghjkloa#",
    "yxcvbnm,.-",
    "azertyuiop^$",
    "qsdfghjklmu*",
    "wxcvbn,;:!",
    "!@#$%^&*()_+",
    "!\"§$%&/()=?`",
    "!\"£$%^&*()_+",
    "&e\"'(-e_ca)=",
    "qwertyuiop{}|",
    ":\"<>?",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1qay2wsx3edc4rfv5tgb6zhn7ujm8ik,9ol.0po-",
    "zaq12wsxcde34rfvbgt56yhnmju78ik,",
    "yaq12wsxcde34rfvbgt56zhnmju78ik,",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qaywsxedcrfvtgbzhnujmikolp",
    "qazxswedcvfrtgbnhyujmkiolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1q2w3e4r5t6z7u8i9o0p",
    "q1w2e3r4t5z6u7i8o9p0",
    "1a2z3e4r5t6y7u8i9o0p",
    "qawsedrftgyhujikolp",
    "qawsedrftgzhujikolp",
    "azsxdcfvgbhnjmkl",
    "aqswdefrgthyjukilo",
    "aysxdcfvgbhnjmkl",
    "1qa2ws3ed4rf5tg6yh7uj8ik9ol",
    "147258369",
    "741852963",
    "789456123",
    "ицукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    ";σερτυθιοπ",
    "ασδφγηξκλ",
    "ζχψωβνμ",
    "ضصثقفغعهخحج",
];

/// The longest word that is looked up, in characters.
pub(super) const LONGEST: usize = 56;

/// A word of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub kind: Kind,
    /// Its rank among the words of its section, from 1.
    pub rank: u32,
}

/// The list, read once.
#[derive(Debug)]
pub(super) struct Words {
    /// Sorted in alphabetical order.
    words: Vec<(&'static str, Word)>,
    keys: Rows,
    rows: Rows,
}

static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

/// Returns the list. Reading it the first time takes about 10 ms.
pub(super) fn words() -> &'static Words {
    &WORDS
}

impl Words {
    fn read() -> Self {
        let (mut words, mut rows) = (vec![], vec![]);
        let (mut kind, mut rank) = (None, 0);
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            if let Some(section) = line.strip_prefix('[') {
                kind = match section.split_once(']') {
                    Some(("common", _)) => Some(Kind::Common),
                    Some(("names", _)) => Some(Kind::Name),
                    Some(("words", _)) => Some(Kind::Word),
                    _ => None,
                };
                rank = 0;
            } else if let Some(kind) = kind {
                rank += 1;
                words.push((line, Word { kind, rank }));
            } else {
                rows.push(line.to_owned());
            }
        }
        let numbers = (0..=100).chain(1900..=2050);
        rows.push(numbers.map(|number: u32| number.to_string()).collect());
        words.sort_unstable_by_key(|word| word.0);
        Self {
            words,
            keys: Rows::new(&KEYS),
            rows: Rows::new(&rows),
        }
    }

    /// Returns the first of the words in alphabetical order that starts like this, and how it goes
    /// on from there.
    pub(super) fn first_with(&self, start: &str) -> Option<(&'static str, Word)> {
        let at = self.words.partition_point(|(word, _)| *word < start);
        let (word, found) = self.words.get(at)?;
        Some((word.strip_prefix(start)?, *found))
    }

    /// Returns the word that is spelled exactly like this.
    pub(super) fn get(&self, word: &str) -> Option<Word> {
        let (rest, found) = self.first_with(word)?;
        rest.is_empty().then_some(found)
    }

    /// Returns true if these are neighbouring keys, in one direction.
    pub(super) fn are_keys(&self, text: &str) -> bool {
        self.keys.contain(text)
    }

    /// Returns true if this is part of a row of words or numbers, in one direction.
    pub(super) fn are_in_order(&self, text: &str) -> bool {
        self.rows.contain(text)
    }
}

/// Rows, forwards and backwards, to search for parts of them.
#[derive(Debug)]
struct Rows {
    /// Each row on a line of its own.
    text: String,
    /// Where each character starts, in the alphabetical order of the text from there.
    places: Vec<usize>,
}

impl Rows {
    fn new(rows: &[impl AsRef<str>]) -> Self {
        let mut text = String::new();
        for row in rows.iter().map(AsRef::as_ref) {
            let backwards = row.chars().rev();
            text.extend(row.chars().chain(['\n']).chain(backwards).chain(['\n']));
        }
        let mut places: Vec<_> = text.char_indices().map(|(place, _)| place).collect();
        places.sort_unstable_by_key(|place| text.get(*place..));
        Self { text, places }
    }

    fn contain(&self, part: &str) -> bool {
        let from = |place: &usize| self.text.get(*place..).unwrap_or_default();
        let at = self.places.partition_point(|place| from(place) < part);
        let first = self.places.get(at);
        first.is_some_and(|place| from(place).starts_with(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::password::strength::normalize::{READ, normalize};

    #[test]
    fn the_list_is_spelled_as_passwords_are_read() {
        let words = words();
        assert!((15_000..40_000).contains(&words.words.len()));
        for (word, _) in &words.words {
            assert_eq!(normalize(word).iter().collect::<String>(), *word);
            assert!((2..=LONGEST).contains(&word.chars().count()), "{word}");
        }
        for row in words.keys.text.lines().chain(words.rows.text.lines()) {
            let read: Vec<_> = row.chars().take(READ).collect();
            assert_eq!(normalize(row), read);
        }
    }

    #[test]
    fn words_have_the_rank_of_their_section() {
        let found = |word| words().get(word).map(|word| (word.kind, word.rank));
        assert_eq!(found("password"), Some((Kind::Common, 1)));
        assert_eq!(found("the"), Some((Kind::Word, 1)));
        assert_eq!(found("mary"), Some((Kind::Name, 1)));
        assert_eq!(found("qpwoeirutyx"), None);
    }

    #[test]
    fn rows_are_read_in_both_directions() {
        for keys in ["qwertz", "ztrewq", "azerty", "1qaz2wsx", "ицукен"] {
            assert!(words().are_keys(keys), "{keys}");
        }
        for row in ["tuesdaywednesday", "zweidreivier", "31415926", "20242025"] {
            assert!(words().are_in_order(row), "{row}");
        }
        assert!(!words().are_keys("qe") && !words().are_in_order("mondayfriday"));
    }
}
