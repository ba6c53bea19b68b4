//! Findings of `doctor` and `smoke`, as text and as JSON.

use crate::error::Error;
use serde::Serialize;

/// Something that is wrong, in one sentence, and what fixes it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) problem: String,
    pub(crate) fix: String,
}

/// All that was found at a portal.
#[derive(Default, Serialize)]
pub(crate) struct Findings {
    findings: Vec<Finding>,
    /// Sentences about what this command cannot find out.
    check_yourself: Vec<String>,
}

impl Findings {
    pub(crate) fn add(&mut self, problem: impl Into<String>, fix: impl Into<String>) {
        self.findings.push(Finding {
            problem: problem.into(),
            fix: fix.into(),
        });
    }

    pub(crate) fn check_yourself(&mut self, what: impl Into<String>) {
        self.check_yourself.push(what.into());
    }

    /// Adds a finding if a part of the examination failed, such as for want of a permission.
    pub(crate) fn note(&mut self, examined: Result<(), Error>) {
        if let Err(error) = examined {
            let fix = "Make this call possible, such as with the permissions of docs/operating.md.";
            self.add(error.to_string(), fix);
        }
    }

    #[cfg(test)]
    pub(crate) fn problems(&self) -> Vec<&str> {
        let findings = self.findings.iter();
        findings.map(|finding| finding.problem.as_str()).collect()
    }

    /// Returns the report about a portal of this name.
    ///
    /// # Errors
    /// [`Error::Found`] with the report if anything was found.
    pub(crate) fn report(self, name: &str, as_json: bool) -> Result<String, Error> {
        let report = if as_json {
            serde_json::to_string_pretty(&self).unwrap_or_default()
        } else {
            self.text(name)
        };
        if self.findings.is_empty() {
            Ok(report)
        } else {
            Err(Error::Found(report))
        }
    }

    fn text(&self, name: &str) -> String {
        let heading = match self.findings.len() {
            0 => format!("{name}: found nothing wrong."),
            1 => format!("{name}: found one thing that is wrong."),
            count => format!("{name}: found {count} things that are wrong."),
        };
        let findings = self.findings.iter();
        let findings = findings.map(|Finding { problem, fix }| format!("{problem}\n  {fix}"));
        let checks = self.check_yourself.iter();
        let checks = checks.map(|what| format!("Check this yourself: {what}"));
        let parts = std::iter::once(heading).chain(findings).chain(checks);
        parts.collect::<Vec<_>>().join("\n\n")
    }
}
