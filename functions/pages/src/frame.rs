//! The parts that all pages have in common.

use crate::filters::{escape, put};
use crate::flash::{Flash, FlashKind};
use crate::theme::PageBrand;
use shared::domain::language::sentences::PageSentences;
use shared::domain::next::Next;
use shared::http::form_draft::FormDraft;

pub(crate) struct Frame<'a> {
    pub(crate) brand: &'a PageBrand,
    pub(crate) t: &'static PageSentences,
    /// The value of the `lang` attribute.
    pub(crate) lang: &'static str,
    pub(crate) script: &'static str,
    pub(crate) flash: Option<Flash>,
    /// Id of the input that has the focus, unless another one must be corrected.
    pub(crate) focus: &'static str,
    /// Holds what was typed into the last form.
    pub(crate) draft: FormDraft,
    pub(crate) next: Option<Next>,
    /// The key of this view of a form: posting it twice acts once.
    pub(crate) idempotency_key: String,
}

impl Frame<'_> {
    /// Forgets which input must be corrected if the page has only the inputs `ids`.
    pub(crate) fn with_fields(mut self, ids: &[&str]) -> Self {
        if let Some(flash) = &mut self.flash
            && !ids.contains(&flash.field)
        {
            flash.field = "";
        }
        self
    }

    /// Returns the beginning of the title: screen readers do not announce an alert that is there
    /// when a page loads.
    pub(crate) fn title_prefix(&self) -> String {
        match &self.flash {
            Some(flash) if flash.kind == FlashKind::Error => format!("{}: ", self.t.error),
            _ => String::new(),
        }
    }

    /// Returns the attributes of the input `id`: the focus, whether it must be corrected, and what
    /// describes it. `hint` is the id of its hint, empty for none.
    pub(crate) fn attributes(&self, id: &str, hint: &str) -> String {
        let wrong = self.flash.as_ref().map_or("", |flash| flash.field);
        let is_wrong = wrong == id;
        let mut html = String::new();
        let described_by = [hint, if is_wrong { "notice" } else { "" }].join(" ");
        let described_by = described_by.trim();
        if !described_by.is_empty() {
            html += &format!(" aria-describedby=\"{described_by}\"");
        }
        if is_wrong {
            html += " aria-invalid=\"true\"";
        }
        if is_wrong || (wrong.is_empty() && self.focus == id) {
            html += " autofocus";
        }
        html
    }

    /// Returns the attribute of a button that cannot be pressed until a wait is over.
    pub(crate) fn wait(&self) -> String {
        let wait = self.flash.as_ref().and_then(|flash| flash.wait);
        wait.map_or_else(String::new, |wait| format!(" data-wait=\"{wait}\""))
    }

    /// Returns the heading. With a logo it names the portal, which is otherwise above it.
    pub(crate) fn heading(&self, short: &str, long: &str) -> String {
        if self.brand.logo.is_none() {
            return short.to_owned();
        }
        let name = escape(&self.brand.name);
        put(long, &format!("<bdi>{name}</bdi>"))
    }
}
