//! A fault at a call site, and for how long it lasts.

use super::call_site::CallSite;
use super::fault::FaultKind;
use clap::ValueEnum;
use std::fmt;

/// For how long a fault lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FaultDuration {
    /// For one attempt; the next one succeeds
    Once,
    /// For three attempts: the SDK gives up, and the store retries
    ThreeTimes,
    /// For every attempt of this call
    Call,
    /// For every call that the invocation makes
    Invocation,
}

/// A fault to inject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Injection {
    /// The number of the attempt in the flow, starting at 1.
    pub(super) call: usize,
    pub(super) fault: FaultKind,
    pub(super) duration: FaultDuration,
}

impl Injection {
    /// Returns every fault that can happen at a call site.
    pub(super) fn all_at(site: &CallSite, call: usize) -> Vec<Self> {
        let faults = FaultKind::value_variants().iter();
        let faults = faults.filter(|fault| fault.can_happen_at(site));
        let injections = faults.flat_map(|fault| {
            FaultDuration::value_variants()
                .iter()
                .map(move |duration| Self {
                    call,
                    fault: *fault,
                    duration: *duration,
                })
        });
        injections.filter(|one| one.is_case_at(site)).collect()
    }

    fn is_case_at(self, site: &CallSite) -> bool {
        match self.duration {
            FaultDuration::Once => true,
            FaultDuration::ThreeTimes => self.fault.is_conflict(),
            // The mailer calls SES once, whatever happens.
            FaultDuration::Call => !self.fault.is_crash() && site.service != "ses",
            FaultDuration::Invocation => self.fault.is_outage(),
        }
    }

    /// Returns whether a retry succeeds, so that no client may notice the fault.
    pub(super) fn is_hidden(self) -> bool {
        match self.duration {
            FaultDuration::ThreeTimes => true,
            FaultDuration::Once => self.fault.is_retried(),
            FaultDuration::Call | FaultDuration::Invocation => false,
        }
    }

    /// Returns whether the fault that began at `first` also befalls a later attempt.
    pub(super) fn lasts(self, first: &CallSite, now: &CallSite, injected: usize) -> bool {
        match self.duration {
            FaultDuration::Once => false,
            FaultDuration::ThreeTimes => first == now && injected < 3,
            FaultDuration::Call => first == now,
            FaultDuration::Invocation => first.function == now.function,
        }
    }
}

/// Writes the options that select this injection on the command line.
impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fault, duration) = (name(&self.fault), name(&self.duration));
        write!(
            f,
            "--call {} --fault {fault} --duration {duration}",
            self.call
        )
    }
}

/// Returns the name of a value on the command line.
pub(super) fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}
