//! Reads and checks single environment variables.

use super::StartError;
use crate::env::Env;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Reads variables; every error is a sentence that names the variable and what it must be.
pub(super) struct Reader<'a>(pub(super) &'a Env);

impl Reader<'_> {
    /// Returns the parsed value, or `None` if the variable is not set.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StartError> {
        let Some(text) = self.0.get(name) else {
            return Ok(None);
        };
        let parsed = parse(text)
            .ok_or_else(|| StartError(format!("{name} is '{text}', but it must be {wanted}.")))?;
        Ok(Some(parsed))
    }

    /// Returns the parsed value; fails if the variable is not set.
    pub(super) fn required<T>(
        &self,
        name: &str,
        wanted: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<T, StartError> {
        self.optional(name, wanted, parse)?
            .ok_or_else(|| StartError(format!("{name} is not set. It must be {wanted}.")))
    }

    /// Returns any text; fails if the variable is not set.
    pub(super) fn text(&self, name: &str, wanted: &str) -> Result<String, StartError> {
        self.required(name, wanted, |text| Some(text.to_owned()))
    }

    /// Returns a number within `bounds`, without its fraction, which CloudFormation's numbers may
    /// have.
    pub(super) fn number(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<u64, StartError> {
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let (number, has_fraction) = self.required(name, &wanted, whole_and_fraction)?;
        let is_over = has_fraction && number == *bounds.end();
        if bounds.contains(&number) && !is_over {
            return Ok(number);
        }
        Err(StartError(format!(
            "{name} is {number}, but it must be {wanted}."
        )))
    }

    /// Returns a whole number of a smaller type, which its bounds fit into.
    pub(super) fn size<T: TryFrom<u64>>(
        &self,
        name: &str,
        bounds: RangeInclusive<u64>,
    ) -> Result<T, StartError> {
        let number = self.number(name, bounds)?;
        T::try_from(number)
            .map_err(|_| StartError(format!("{name} is {number}, but it must be smaller.")))
    }

    /// Returns a duration, which the variable gives as a whole number of `unit`s.
    pub(super) fn duration(
        &self,
        name: &str,
        unit: Duration,
        bounds: RangeInclusive<u64>,
    ) -> Result<Duration, StartError> {
        Ok(Duration::from_secs(
            self.number(name, bounds)? * unit.as_secs(),
        ))
    }
}

/// Returns a number without its fraction, and whether the fraction is more than zero.
fn whole_and_fraction(text: &str) -> Option<(u64, bool)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = fraction.bytes().all(|b| b.is_ascii_digit()) && !fraction.is_empty();
    let has_fraction = fraction.contains(|c| c != '0');
    is_number.then_some((whole.parse().ok()?, has_fraction))
}
