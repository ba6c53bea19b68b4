//! The evaluation of `template.yaml`.

use local::template::Template;
use std::collections::BTreeMap;

/// A template is read, or refused in a sentence.
///
/// # Panics
/// If it is neither.
pub fn template(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match Template::of(text, &BTreeMap::new()) {
        Err(refused) => assert!(refused.0.ends_with('.'), "{refused}"),
        Ok(template) => {
            let functions = template.functions.iter();
            for mapping in functions.flat_map(|function| &function.streams) {
                let _patterns = mapping.patterns();
                assert!(!mapping.table().contains('/'));
            }
        }
    }
}
