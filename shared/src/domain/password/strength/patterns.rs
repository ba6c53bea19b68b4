//! Patterns that no list can hold: repeats, sequences, dates.

/// Something that a piece of a text could be: its start and end, and the period of its pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progression {
    pub start: usize,
    pub end: usize,
    /// After how many characters each one is a constant step further: 1 for `abc`, 2 for `a1b2c3`.
    pub period: usize,
}

/// The longest period of a progression.
const MAX_PERIOD: usize = 5;

/// The most that a character of a progression advances by.
const MAX_STEP: i64 = 3;

/// Returns for each character how long a copy of earlier text starts there. The copy may begin
/// before the earlier text ends, as in `abcabcabc`.
pub(super) fn repeats(text: &[char]) -> Vec<usize> {
    let mut longest = vec![0; text.len()];
    for distance in 1..text.len() {
        let mut run = 0;
        let later = text.iter().zip(&mut longest).skip(distance);
        for ((c, longest), earlier) in later.zip(text).rev() {
            run = if c == earlier { run + 1 } else { 0 };
            *longest = run.max(*longest);
        }
    }
    longest
}

/// Returns the runs in which every character is a constant step further than the one a period
/// earlier: `abc`, `97531`, `a1b2c3`, `112233`.
pub(super) fn progressions(text: &[char]) -> Vec<Progression> {
    let code_points: Vec<_> = text.iter().map(|c| i64::from(u32::from(*c))).collect();
    let mut found = vec![];
    for period in 1..=MAX_PERIOD {
        let later = code_points.iter().skip(period);
        let steps: Vec<_> = code_points.iter().zip(later).map(|(a, b)| b - a).collect();
        let as_before: Vec<_> = steps
            .iter()
            .zip(steps.iter().skip(period))
            .map(|(a, b)| a == b)
            .collect();
        let mut start = 0;
        for run in as_before.chunk_by(|a, b| a == b) {
            let length = run.len() + 2 * period;
            let shortest = if period == 1 { 3 } else { 8.max(3 * period) };
            let first = steps.iter().skip(start).take(period);
            let small = first.clone().all(|step| step.abs() <= MAX_STEP);
            let moves = first.clone().any(|step| *step != 0);
            if run.first() == Some(&true) && length >= shortest && small && moves {
                found.push(Progression {
                    start,
                    end: start + length,
                    period,
                });
            }
            start += run.len();
        }
    }
    found
}

/// Returns true for a year from 1900 to 2059.
pub(super) fn is_year(digits: &str) -> bool {
    digits.len() == 4 && number(digits).is_some_and(|year| (1900..2060).contains(&year))
}

/// Returns true for a date of 6 to 8 digits: day, month and year in any of the usual orders, or a
/// month and a year.
pub(super) fn is_date(digits: &str) -> bool {
    let at = |middle: usize| digits.split_at_checked(middle);
    let with_year = |year: &str, rest: &str| match rest.len() {
        2..=4 => is_year(year) && is_day_and_month(rest),
        _ => false,
    };
    let length = digits.len();
    let year_first = at(4).is_some_and(|(year, rest)| with_year(year, rest));
    let year_last = length > 4 && at(length - 4).is_some_and(|(rest, year)| with_year(year, rest));
    let short_year = length == 6
        && (at(4).is_some_and(|(rest, _)| is_day_and_month(rest))
            || at(2).is_some_and(|(_, rest)| is_day_and_month(rest)));
    year_first || year_last || short_year
}

/// Day and month in any order, with or without leading zeros, or a month of two digits.
fn is_day_and_month(digits: &str) -> bool {
    let month_alone = digits.len() == 2 && matches!(number(digits), Some(1..=12));
    let split = |middle| {
        digits.split_at_checked(middle).is_some_and(|(one, other)| {
            let valid = |day, month| {
                matches!(number(day), Some(1..=31)) && matches!(number(month), Some(1..=12))
            };
            one.len() <= 2 && other.len() <= 2 && (valid(one, other) || valid(other, one))
        })
    };
    month_alone || split(1) || split(2)
}

fn number(digits: &str) -> Option<u32> {
    digits
        .parse()
        .ok()
        .filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn repeats_are_copies_of_anything_earlier() {
        assert_eq!(repeats(&chars("")), [0; 0]);
        assert_eq!(repeats(&chars("aaaa")), [0, 3, 2, 1]);
        assert_eq!(repeats(&chars("abxab")), [0, 0, 0, 2, 1]);
        assert_eq!(repeats(&chars("abcabcab")), [0, 0, 0, 5, 4, 3, 2, 1]);
    }

    #[test]
    fn progressions_advance_by_a_constant_step() {
        for (text, period) in [
            ("abcdef", 1),
            ("97531", 1),
            ("a1b2c3d4", 2),
            ("11223344", 2),
            ("111222333", 3),
            ("100200300", 3),
            ("αβγδε", 1),
            ("aaaaaaa", 0),
            ("abab", 0),
            ("azby", 0),
        ] {
            let text = chars(text);
            let whole = progressions(&text)
                .into_iter()
                .find(|found| (found.start, found.end) == (0, text.len()));
            assert_eq!(whole.map_or(0, |found| found.period), period, "{text:?}");
        }
    }

    #[test]
    fn dates_are_known_in_every_order() {
        for date in [
            "24121999", "12241999", "19991224", "241299", "991224", "2411999", "112000", "122024",
            "202412",
        ] {
            assert!(is_date(date), "{date}");
        }
        for other in [
            "99999999", "24131999", "1999", "24122099", "abcdef", "", "996699",
        ] {
            assert!(!is_date(other), "{other}");
        }
        assert!(is_year("1984") && is_year("2026") && !is_year("1066") && !is_year("+202"));
    }
}
