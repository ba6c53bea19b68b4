//! The end of every email (promise 7): thousands of accepted requests while SES and DynamoDB fail,
//! functions crash at any call, and records of the stream and events of SES come twice, late and
//! out of order.
//!
//! Each email must end, and say how: with what the last word of SES was, or with what the mailer
//! decided. An email is hardly ever sent twice, and then with the same link. No limit is exceeded.

mod checks;
mod faults;
mod masks;
mod provider;
mod stream;

use crate::parallel::paused;
use crate::progress::Progress;
use crate::rng::{Rng, random};
use crate::tally::Tally;
use crate::{Figures, Report};
use clap::Args;
use kit::{World, parameters, secs};
use local::Options;
use provider::Provider;
use serde_json::{Value, json};
use stream::Stream;

/// Emails per hour and address that the portal sends.
const PER_HOUR: u64 = 6;
/// The users. Those whose index ends in 7 have no mailbox, and those whose index ends in 33 mark
/// emails as spam.
const USERS: usize = 1000;

#[derive(Args, Clone, Copy, Debug)]
pub struct Settings {
    /// The number of accepted requests
    #[arg(long, default_value_t = 20_000)]
    pub emails: u64,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The number of failure masks of a batch of ten records, from the first
    #[arg(long, default_value_t = 1024)]
    pub masks: u32,
}

/// Requests emails under failures until each has ended, and checks how.
///
/// # Errors
/// Fails with the first email that has not ended, or whose end is not the right one.
pub fn run(settings: &Settings, show_progress: bool) -> Report {
    local::logs::ignore();
    let replay = |why| {
        let command = "cargo run --profile verification -p verification -- email-delivery";
        let Settings { emails, seed, .. } = settings;
        format!("{why}\nreplay: {command} --emails {emails} --seed {seed}")
    };
    let tally = paused(settings.seed, request_all(settings, show_progress)).map_err(replay)?;
    let masks = paused(settings.seed, masks::run(settings.masks))?;
    Ok(Figures::default()
        .with("requests accepted", &settings.emails)
        .with("they ended as", &tally)
        .with("failure masks reported exactly", &masks))
}

fn address(user: usize) -> String {
    format!("user{user}@example.com")
}

async fn start(settings: &Settings, rng: &mut Rng) -> World {
    let per_day = (settings.emails * 6 / 10).to_string();
    let per_hour = PER_HOUR.to_string();
    let limits = [
        ("RequestsPerMinute", "60"),
        ("RequestsPerHour", "1000"),
        ("EmailsPerHour", per_hour.as_str()),
        ("EmailsPerDay", "1000"),
        ("EmailsPerDayPortal", per_day.as_str()),
    ];
    let world = World::in_process(Options {
        parameters: parameters(&limits),
        random: Some(random(Rng::new(rng.next_u64()))),
        events_by_hand: true,
        ..Options::default()
    })
    .await;
    let users: Vec<Value> = (0..USERS)
        .map(|user| json!({"email": address(user), "name": "One of many"}))
        .collect();
    for some in users.chunks(25) {
        let imported = world.client().import_users(json!(some)).await;
        imported.assert("200");
    }
    world
}

/// Requests all emails, about one a second, then waits until the last link has expired.
async fn request_all(settings: &Settings, show_progress: bool) -> Result<Tally, String> {
    let mut rng = Rng::new(settings.seed);
    let world = start(settings, &mut rng).await;
    let progress = Progress::new("emails requested", settings.emails, show_progress);
    let mut provider = Provider::new(Rng::new(rng.next_u64()));
    let mut stream = Stream::default();
    // A small run takes as long as a large one, so that links expire and budgets begin anew.
    let pause = (20_000 / settings.emails).clamp(1, 20);
    let (outage_from, outage_until) = (settings.emails / 3, settings.emails / 3 + 1500 / pause);
    for number in 0..settings.emails {
        let is_outage = (outage_from..outage_until).contains(&number);
        faults::inject(&world, rng.next_u64(), is_outage);
        request_email(&world, number, &mut rng).await?;
        progress.step();
        pass(&world, &mut stream, &mut provider, &mut rng, pause).await?;
    }
    for _ in 0..90 {
        faults::inject(&world, rng.next_u64(), false);
        pass(&world, &mut stream, &mut provider, &mut rng, 60).await?;
    }
    world.clear_fault();
    checks::check(&world, &provider, settings.emails).await
}

/// Requests an email until that is accepted, as a client does.
async fn request_email(world: &World, number: u64, rng: &mut Rng) -> Result<(), String> {
    // One in ten is for an address without an account, and some users request very often.
    let address = match rng.below(10) {
        0 => format!("nobody{number}@example.com"),
        1 => address(rng.below(20)),
        _ => address(rng.below(USERS)),
    };
    let client = world.client();
    for _ in 0..50 {
        let request = client.request_login(&address);
        let response = request
            .idempotency_key(&format!("request-{number:016}"))
            .await;
        match response.status {
            200 => return Ok(()),
            500.. => {}
            _ => return Err(format!("a request got {}", response.outcome())),
        }
    }
    Err("a request was never accepted".to_owned())
}

/// Lets time pass: the stream delivers, SES publishes its events, and each minute the mailer
/// sweeps.
async fn pass(
    world: &World,
    stream: &mut Stream,
    provider: &mut Provider,
    rng: &mut Rng,
    seconds: u64,
) -> Result<(), String> {
    let before = world.clock.now().secs() / 60;
    stream.deliver(world, rng).await?;
    provider.accept(world)?;
    provider.publish(world).await;
    world.clock.advance(secs(seconds));
    if world.clock.now().secs() / 60 > before {
        // The next one finds what this one leaves behind.
        let _crashed = world.portal.invoke("mailer", json!({"Sweep": {}})).await;
        provider.accept(world)?;
    }
    Ok(())
}
