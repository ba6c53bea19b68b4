//! Filters that put values into sentences. The sentence and the value are escaped.

#![expect(unreachable_pub, reason = "askama's macro makes the filters public")]

use askama::Values;
use askama::filters::{self, Safe};
use std::fmt::Display;

/// Puts `value` into the only place of the sentence, in bold.
#[askama::filter_fn]
pub(crate) fn bold<T: Display>(
    sentence: impl Display,
    _: &dyn Values,
    value: T,
) -> askama::Result<Safe<String>> {
    let value = format!(
        "<strong dir=\"auto\">{}</strong>",
        escape(&value.to_string())
    );
    Ok(Safe(put(&escape(&sentence.to_string()), &value)))
}

/// Puts `value` into the only place of the sentence.
#[askama::filter_fn]
pub(crate) fn fill<T: Display>(
    sentence: impl Display,
    _: &dyn Values,
    value: T,
) -> askama::Result<String> {
    Ok(put(&sentence.to_string(), &value.to_string()))
}

/// Links the part of the sentence in brackets to `url`.
#[askama::filter_fn]
pub(crate) fn link<T: Display>(
    sentence: impl Display,
    _: &dyn Values,
    url: T,
) -> askama::Result<Safe<String>> {
    let open = format!("<a href=\"{}\">", escape(&url.to_string()));
    let html = escape(&sentence.to_string());
    let (before, rest) = html.split_once('[').unwrap_or((&html, ""));
    let (text, after) = rest.split_once(']').unwrap_or((rest, ""));
    Ok(Safe(format!("{before}{open}{text}</a>{after}")))
}

/// Returns `text` with the characters escaped that have a meaning in HTML.
pub(crate) fn escape(text: &str) -> String {
    let escaped = filters::escape(text, filters::Html);
    escaped.map(|html| html.to_string()).unwrap_or_default()
}

/// Replaces the place of a sentence, such as `{address}`.
pub(crate) fn put(sentence: &str, value: &str) -> String {
    match sentence.split_once('{') {
        Some((before, rest)) => {
            let (_, after) = rest.split_once('}').unwrap_or_default();
            format!("{before}{value}{after}")
        }
        None => sentence.to_owned(),
    }
}
