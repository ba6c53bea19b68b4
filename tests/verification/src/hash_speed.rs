//! Compares the password hash with the reference implementation in C (Debian's `argon2`).
//!
//! Both have the same parameters and take turns in the same run. Each hash has a process of its
//! own, and its processor time is measured, so that the load of the machine does not matter.

use crate::{Figures, Report, ensure};
use rustix::time::{ClockId, clock_gettime};
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

const PASSWORD: &str = "correct horse battery staple";
/// The reference implementation takes the salt as text.
const SALT: &str = "sixteen bytes ok";

/// The largest share of the reference's time that ours may take.
const MAX_RATIO: f64 = 0.9;

/// The names of the figures of one hash.
const HASH: &str = "hash";
const MILLIS: &str = "ms";

#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of hashes each implementation computes
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u64).range(1..))]
    pub runs: u64,
    /// The Argon2 parameters of both implementations
    #[arg(long, default_value = "m=19456,t=2,p=1", value_parser = costs)]
    pub costs: Argon2Params,
    /// Hashes once, for the run that compares
    #[arg(long, hide = true)]
    pub once: bool,
}

fn costs(text: &str) -> Result<Argon2Params, String> {
    Argon2Params::parse(text)
        .ok_or_else(|| "must be like m=19456,t=2,p=1, within the limits".to_owned())
}

/// Compares the median processor times of both implementations.
///
/// # Errors
/// Fails if the reference implementation is missing or computes another hash, or if ours takes more
/// than 0.9 of its time.
pub fn run(settings: &Settings, _show_progress: bool) -> Report {
    if settings.once {
        return hash_once(settings.costs);
    }
    let mut ours = vec![];
    let mut theirs = vec![];
    for _ in 0..settings.runs {
        let (hash, millis) = run_ours(settings.costs)?;
        let (reference, reference_millis) = run_reference(settings.costs)?;
        ensure!(
            hash == reference,
            "ours is {hash}, the reference {reference}"
        );
        ours.push(millis);
        theirs.push(reference_millis);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    // The reference implementation prints whole milliseconds.
    let is_fast = ours <= MAX_RATIO * (theirs + 0.5);
    ensure!(
        is_fast,
        "ours takes {ours:.1} ms, more than {MAX_RATIO} of the reference's {theirs:.1} ms"
    );
    Ok(Figures::default()
        .with("parameters", &settings.costs)
        .with("hashes of each", &settings.runs)
        .with("our median processor time", &format!("{ours:.1} ms"))
        .with("the reference's", &format!("{theirs:.1} ms"))
        .with("ratio", &format!("{ratio:.2}")))
}

/// Computes one hash in this process and measures its processor time.
fn hash_once(costs: Argon2Params) -> Report {
    let password = Password::parse(PASSWORD).ok_or("the password is not valid")?;
    let salt = SALT.as_bytes().try_into();
    let salt = salt.map_err(|_| "the salt is not valid")?;
    let hasher = Hasher::new(costs, None);
    let before = processor_millis();
    let hash = hasher.hash(&password, salt);
    let took = processor_millis() - before;
    Ok(Figures::default()
        .with(HASH, &hash.as_str())
        .with(MILLIS, &format!("{took:.3}")))
}

/// Returns the processor time that this process has used, in milliseconds.
pub(crate) fn processor_millis() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Hashes in a new process of this program, which has no memory of an earlier hash to reuse.
fn run_ours(costs: Argon2Params) -> Result<(String, f64), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let costs = costs.to_string();
    let arguments = ["hash-speed", "--once", "--costs", &costs];
    let printed = run_command(Command::new(program).args(arguments), "")?;
    let figure = |name| {
        let mut lines = printed.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let millis = figure(MILLIS).and_then(|millis| millis.parse().ok());
    let result = figure(HASH).map(str::to_owned).zip(millis);
    result.ok_or_else(|| format!("not understood: {printed}"))
}

/// Hashes with the reference implementation, which prints the processor time.
fn run_reference(costs: Argon2Params) -> Result<(String, f64), String> {
    let costs = [costs.memory_kib, costs.passes, costs.lanes];
    let [memory, passes, lanes] = costs.map(|cost| cost.to_string());
    let arguments = [
        SALT, "-id", "-v", "13", "-t", &passes, "-k", &memory, "-p", &lanes,
    ];
    let printed = run_command(Command::new("argon2").args(arguments), PASSWORD)?;
    let hash = printed
        .lines()
        .find_map(|line| line.strip_prefix("Encoded:"));
    let seconds: Option<f64> = printed
        .lines()
        .find_map(|line| line.strip_suffix(" seconds")?.trim().parse().ok());
    let hash = hash.map(|hash| hash.trim().to_owned());
    let result = hash.zip(seconds.map(|seconds| seconds * 1e3));
    result.ok_or_else(|| format!("not understood: {printed}"))
}

/// Returns the output of a command that gets this input.
fn run_command(command: &mut Command, input: &str) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut run = || {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        // Closed after this, so that the input ends.
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes())?;
        }
        child.wait_with_output()
    };
    let output = run().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("{name} is missing: apt-get install argon2"),
        _ => format!("{name}: {error}"),
    })?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{name} failed: {printed}");
    Ok(printed)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
