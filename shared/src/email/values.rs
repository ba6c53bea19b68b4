//! The values of a message's variables.

use crate::domain::characters::is_printable;
use std::collections::BTreeMap;

/// Values by the name of their variable. One that is not there is empty.
///
/// A value is one line of printable characters, whoever chose it: it can neither end a header nor
/// start a line, and turns no text around.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// Sets a value. Characters that are not printable become spaces.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.insert(name, clean(value));
        self
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// Returns the text with a space for each character that is not printable.
pub(super) fn clean(text: &str) -> String {
    let is_kept = |c: char| is_printable(c.encode_utf8(&mut [0; 4]));
    let characters = text.chars();
    characters
        .map(|c| if is_kept(c) { c } else { ' ' })
        .collect()
}
