//! Which characters can be seen, and which may stand in a text that people read.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

const ZWNJ: char = '\u{200c}';
const ZWJ: char = '\u{200d}';

/// Returns whether every character is printable: no control or format character (general categories
/// Cc and Cf), no line or paragraph separator (Zl, Zp), nothing for private use (Co) and no
/// noncharacter. Zero-width joiners and non-joiners are printable: scripts and emoji need them.
pub fn is_printable(text: &str) -> bool {
    text.chars()
        .all(|c| matches!(c, ZWNJ | ZWJ) || is_printable_char(c))
}

/// Returns whether a reader sees nothing of the character: white space, default ignorable code
/// points, annotation marks and the blank Braille pattern.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{2800}' | '\u{fff9}'..='\u{fffb}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn is_printable_char(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    !matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
    ) && !is_noncharacter(c)
}

/// Returns whether the code point will never be a character (Unicode, 23.7).
const fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || (c as u32) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_format_and_separator_characters_are_not_printable() {
        for c in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{80}',
            '\u{85}',
            '\u{ad}',
            '\u{600}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{feff}',
            '\u{fff9}',
            '\u{110bd}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e000}',
            '\u{f8ff}',
            '\u{f0000}',
            '\u{10fffd}',
            '\u{fdd0}',
            '\u{fdef}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{1fffe}',
            '\u{10ffff}',
        ] {
            assert!(!is_printable(&format!("a{c}b")), "{c:?}");
        }
    }

    #[test]
    fn letters_marks_joiners_emoji_and_unassigned_characters_are_printable() {
        for text in [
            "",
            "Ada Lovelace",
            "José O’Neill-Ørsted",
            "Jose\u{301}",
            "محمد",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "王小明",
            "葛\u{e0100}城",
            "👩\u{200d}💻 ❤\u{fe0f}",
            "a\u{a0}b",
            "a\u{3000}b",
            "\u{378}",
            "\u{fffd}",
        ] {
            assert!(is_printable(text), "{text:?}");
        }
    }

    #[test]
    fn spaces_and_ignorable_characters_are_invisible() {
        for c in [
            ' ',
            '\t',
            '\n',
            '\u{85}',
            '\u{a0}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{1680}',
            '\u{17b4}',
            '\u{180e}',
            '\u{2000}',
            '\u{200b}',
            '\u{200d}',
            '\u{200f}',
            '\u{2028}',
            '\u{202e}',
            '\u{202f}',
            '\u{2060}',
            '\u{2064}',
            '\u{2800}',
            '\u{3000}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fffb}',
            '\u{e0020}',
            '\u{e0100}',
        ] {
            assert!(is_invisible(c), "{c:?}");
        }
        for c in ['a', '.', '\u{301}', '\u{600}', '王', '\0'] {
            assert!(!is_invisible(c), "{c:?}");
        }
    }
}
