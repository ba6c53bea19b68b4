//! The evaluation of `template.yaml`.

use local::template::Template;
use std::collections::BTreeMap;

/// A template is read or refused in a sentence, whatever it says about itself.
///
/// # Panics
/// When it is neither.
pub fn template(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match Template::of(text, &BTreeMap::new()) {
        Err(refused) => assert!(refused.0.ends_with('.'), "{refused}"),
        Ok(template) => {
            for mapping in template
                .functions
                .iter()
                .flat_map(|function| &function.streams)
            {
                let _patterns = mapping.patterns();
                assert!(!mapping.table().contains('/'));
            }
        }
    }
}
