//! The password hash against the reference implementation in C (`argon2` of Debian), at the same
//! costs in the same run: each hash in a process of its own, in turn, in processor time, so that
//! neither pays for what else the machine does.

use crate::{Figures, Report};
use rustix::time::{ClockId, clock_gettime};
use shared::domain::password::Password;
use shared::domain::password::hash::{Argon2Params, Hasher};
use std::io::Write;
use std::process::{Command, Stdio};

/// What is hashed: the same for both.
const PASSWORD: &str = "correct horse battery staple";
/// The reference takes it as text.
const SALT: &str = "sixteen bytes ok";

/// What the two figures of one hash are called.
const HASH: &str = "hash";
const MILLIS: &str = "ms";

/// How much is compared.
#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// The number of hashes each implementation computes
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u64).range(1..))]
    pub runs: u64,
    /// The Argon2 parameters
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

/// Compares.
///
/// # Errors
/// As [`against_reference`].
pub fn run(settings: &Settings, _show_progress: bool) -> Report {
    if settings.once {
        once(settings.costs)
    } else {
        against_reference(settings.runs, settings.costs)
    }
}

/// One hash in this process, and the processor time it took.
///
/// # Errors
/// The salt is none.
fn once(costs: Argon2Params) -> Report {
    let password = Password::parse(PASSWORD).ok_or("the password is none")?;
    let salt = SALT.as_bytes().try_into().map_err(|_| "the salt is none")?;
    let hasher = Hasher::new(costs, None);
    let before = processor_millis();
    let hash = hasher.hash(&password, salt);
    let took = processor_millis() - before;
    Ok(Figures::default()
        .with(HASH, &hash.as_str())
        .with(MILLIS, &format!("{took:.3}")))
}

/// What this process has had of the processor.
pub(crate) fn processor_millis() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a double holds nanoseconds of a hundred days"
    )]
    let millis = time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6;
    millis
}

/// `runs` hashes of each in turn: the same hash, and ours takes no longer.
///
/// # Errors
/// The reference is not installed, computes another hash, or is faster.
fn against_reference(runs: u64, costs: Argon2Params) -> Report {
    let (mut ours, mut theirs) = (vec![], vec![]);
    for _ in 0..runs {
        let (hash, millis) = ours_once(costs)?;
        let (reference, reference_millis) = reference_once(costs)?;
        if hash != reference {
            return Err(format!("ours is {hash}, the reference's {reference}"));
        }
        ours.push(millis);
        theirs.push(reference_millis);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = ours / theirs;
    let figures = Figures::default()
        .with("costs", &costs)
        .with("hashes of each, in turn", &runs)
        .with("ours, median of processor time", &format!("{ours:.1} ms"))
        .with(
            "the reference, median of processor time",
            &format!("{theirs:.1} ms"),
        )
        .with("ours / the reference", &format!("{ratio:.2}"));
    // The reference gives whole milliseconds.
    if ours > theirs + 0.5 {
        Err(format!("ours is slower: {:?}", figures.0))
    } else {
        Ok(figures)
    }
}

/// A hash by this program, started anew: what memory an earlier hash has left is not there to be
/// used again.
fn ours_once(costs: Argon2Params) -> Result<(String, f64), String> {
    let program =
        std::env::current_exe().map_err(|error| format!("this program is not found: {error}"))?;
    let printed = run_command(
        Command::new(program).args(["hash-speed", "--once", "--costs", &costs.to_string()]),
        "",
    )?;
    let line = |name| {
        printed
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let parsed = line(HASH).zip(line(MILLIS).and_then(|millis| millis.parse().ok()));
    parsed
        .map(|(hash, millis)| (hash.to_owned(), millis))
        .ok_or_else(|| format!("not understood: {printed}"))
}

/// A hash by the reference, and the processor time (`clock()`) that it says the hash took.
fn reference_once(costs: Argon2Params) -> Result<(String, f64), String> {
    let [memory, passes, lanes] =
        [costs.memory_kib, costs.passes, costs.lanes].map(|cost| cost.to_string());
    let arguments = [
        SALT, "-id", "-v", "13", "-t", &passes, "-k", &memory, "-p", &lanes,
    ];
    let printed = run_command(Command::new("argon2").args(arguments), PASSWORD)?;
    let hash = printed
        .lines()
        .find_map(|line| line.strip_prefix("Encoded:"))
        .map(str::trim);
    let seconds = printed
        .lines()
        .find_map(|line| line.strip_suffix(" seconds")?.trim().parse::<f64>().ok());
    let both = hash
        .zip(seconds)
        .map(|(hash, seconds)| (hash.to_owned(), seconds * 1e3));
    both.ok_or_else(|| format!("not understood: {printed}"))
}

/// What a command prints, given `input`.
fn run_command(command: &mut Command, input: &str) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{name} is not there: apt-get install argon2"),
        _ => format!("{name}: {error}"),
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Dropped at once, so that the input ends.
    child
        .stdin
        .take()
        .map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()))
        .map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        Err(format!("{name} failed: {printed}"))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
