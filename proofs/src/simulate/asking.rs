//! Steps: asking for links, and the mailer.

use super::model::{Letter, Link, Minted, Row};
use super::outcome::Outcome;
use super::simulation::{Note, Said, Simulation, idle, note};
use serde_json::{Value, json};
use shared::domain::link::Nonce;
use std::collections::BTreeMap;
use tests::Answer;

/// How old a mail must be to be swept.
const SWEPT_FROM: u64 = 30_000;

/// How mails have come to the mailer.
pub(super) enum Handed {
    /// As records of the stream; this was the answer.
    Once(Value),
    /// To two mailers at once. The one that comes too late may say anything.
    Twice,
    /// By a sweep: in any order, and nobody hears what failed.
    Swept,
}

impl Simulation<'_> {
    /// Somebody asks for a link.
    pub(super) async fn ask(&mut self, s: usize) -> Said {
        let client = self.dice.below(self.sides[s].clients.len());
        let person = self.some_person(s);
        let (leads_on, form) = (self.dice.one_in(3), self.dice.one_in(4));
        let side = &self.sides[s];
        let now = side.now();
        let address = side.model.people[person].address.clone();
        let older = side.nonces(client);
        let until = side.model.refuses_ask_until(person, client, now);

        let caller = &side.clients[client];
        let answer = if form && !caller.bearer {
            let mut fields = vec![("email", address.as_str())];
            fields.extend(leads_on.then_some(("next", "/reports")));
            caller
                .browser
                .post_form("/auth/request-login", &fields)
                .await
        } else {
            let mut body = json!({"email": address, "transport": if caller.bearer { "bearer" } else { "cookie" }});
            if leads_on {
                body["next"] = json!("/reports");
            }
            caller.browser.post("/auth/request-login", body).await
        };

        let must = if until.is_some() {
            Outcome::TooMany
        } else {
            Outcome::Good
        };
        let judged = self.judge("asking", &answer, &must)?;
        let nonce = self.nonce_given(s, client, &answer, &older, judged && until.is_none())?;
        let queued = self.take_up_asks(s, client, person, leads_on, nonce.as_ref())?;
        let allowed = if judged {
            usize::from(until.is_none())..=usize::from(until.is_none())
        } else {
            0..=1
        };
        if !allowed.contains(&queued) {
            return Err(format!(
                "{address} was answered {}, and {queued} mails were queued",
                answer.status
            ));
        }
        if let (true, 429, Some(until)) = (judged, answer.status.as_u16(), until) {
            let wait = (until.millis() - now).div_ceil(1000).to_string();
            if answer.headers.get("retry-after") != Some(&wait) {
                return Err(format!(
                    "Retry-After must be {wait}: {:?}",
                    answer.headers.get("retry-after")
                ));
            }
        }
        note(
            format!("client {client} for {address}"),
            Outcome::of(&answer).name(),
        )
    }

    /// The nonce that an accepted ask left with the client, in front of those it had.
    fn nonce_given(
        &mut self,
        s: usize,
        client: usize,
        answer: &Answer,
        older: &[String],
        accepted: bool,
    ) -> Result<Option<String>, String> {
        let side = &mut self.sides[s];
        if side.clients[client].bearer {
            let Some(request) = answer.json()["request"].as_str().map(str::to_owned) else {
                return if accepted {
                    Err("a program was given no request".to_owned())
                } else {
                    Ok(None)
                };
            };
            side.clients[client].requests.insert(0, request.clone());
            return Ok(Some(request));
        }
        let nonces = side.nonces(client);
        if !accepted {
            return if nonces == older {
                Ok(None)
            } else {
                Err("a refused ask changed the cookie".to_owned())
            };
        }
        let kept = older.len().min(2);
        if nonces.len() != kept + 1
            || nonces.get(1..) != older.get(..kept)
            || older.contains(&nonces[0])
        {
            return Err(format!(
                "the ask cookie had {} nonces and has {} now, not in order",
                older.len(),
                nonces.len()
            ));
        }
        Ok(nonces.first().cloned())
    }

    /// Reads the stream on: a link for each mail that was queued.
    fn take_up_asks(
        &mut self,
        s: usize,
        client: usize,
        person: usize,
        leads_on: bool,
        nonce: Option<&String>,
    ) -> Result<usize, String> {
        let side = &mut self.sides[s];
        let now = side.now();
        let records = side
            .world
            .portal
            .stream_records(side.stream.as_deref())
            .unwrap();
        let mut queued = 0;
        for record in records {
            let text = |path: &str| {
                record
                    .pointer(path)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            side.stream = Some(text("/dynamodb/SequenceNumber"));
            if record["eventName"] != "INSERT" {
                continue;
            }
            queued += 1;
            let id = text("/dynamodb/NewImage/link_id/S");
            let named = nonce
                .and_then(|nonce| Nonce::parse(nonce))
                .map(|nonce| nonce.link().to_string());
            if named.is_some_and(|named| named != id) {
                return Err("the queued mail is not the one whose nonce was given".to_owned());
            }
            side.model
                .count("ask", (person, client), [u64::MAX; 3], now);
            let key = (text("/dynamodb/Keys/pk/S"), text("/dynamodb/Keys/sk/S"));
            side.model.links.push(Link {
                id,
                nonce: nonce.cloned(),
                client,
                person,
                requested_at: now,
                leads_on,
                record,
                key,
                row: Row::Queued,
                minted: None,
                letter: None,
                pages: vec![],
                tries: 0,
                used: None,
                swept: false,
            });
        }
        Ok(queued)
    }

    /// The stream hands over some records: young ones and old ones, in any order, some of them
    /// twice.
    pub(super) async fn deliver(&mut self, s: usize) -> Said {
        let (open, links) = (self.sides[s].model.open(), &self.sides[s].model.links);
        let mut picks = vec![];
        for _ in 0..=self.dice.below(4) {
            if !open.is_empty() && !self.dice.one_in(6) {
                picks.push(open[self.dice.below(open.len())]);
            } else if !links.is_empty() {
                picks.push(self.dice.below(links.len()));
            }
        }
        if picks.is_empty() {
            idle("no mail")
        } else {
            self.hand_over(s, &picks).await
        }
    }

    /// Hands these mails' records to the mailer, and judges what becomes of each.
    ///
    /// # Errors
    /// What broke.
    pub(super) async fn hand_over(&mut self, s: usize, picks: &[usize]) -> Said {
        let records: Vec<_> = picks
            .iter()
            .map(|link| self.sides[s].model.links[*link].record.clone())
            .collect();
        let expected = self.foresee(s, picks);
        let answer = self.sides[s]
            .world
            .portal
            .invoke("mailer", json!({ "Records": records }))
            .await?;
        self.after_mailing(s, &expected, &Handed::Once(answer))
    }

    /// The schedule's sweep: it takes up whatever is not over and old enough, and leaves what is
    /// younger to the stream.
    pub(super) async fn sweep(&mut self, s: usize) -> Said {
        let (model, now) = (&self.sides[s].model, self.sides[s].now());
        let due: Vec<_> = model
            .open()
            .into_iter()
            .filter(|link| model.links[*link].requested_at + SWEPT_FROM < now)
            .collect();
        let expected = self.foresee(s, &due);
        let answer = self.sides[s]
            .world
            .portal
            .invoke("mailer", json!({"Sweep": {}}))
            .await?;
        if answer["batchItemFailures"] != json!([]) {
            return Err(format!("a sweep reported {answer}"));
        }
        self.after_mailing(s, &expected, &Handed::Swept)
    }

    /// What must become of each of these mails, one after the other.
    pub(super) fn foresee(
        &mut self,
        s: usize,
        picks: &[usize],
    ) -> BTreeMap<usize, (&'static str, bool)> {
        let now = self.sides[s].now();
        let model = &mut self.sides[s].model;
        let counters = model.counters.clone();
        let mut expected: BTreeMap<usize, (&'static str, bool)> = BTreeMap::new();
        for link in picks {
            // A second time round, it is over, or somebody has it.
            if !expected.contains_key(link) {
                expected.insert(*link, model.mails(*link, now));
            }
        }
        model.counters = counters;
        expected
    }

    /// Reads letters and rows, and compares them with what was foreseen.
    pub(super) fn after_mailing(
        &mut self,
        s: usize,
        expected: &BTreeMap<usize, (&'static str, bool)>,
        handed: &Handed,
    ) -> Said {
        let rough = self.may_fail();
        let letters = self.read_letters(s, expected)?;
        let now = self.sides[s].now();
        let (mut line, mut foreseen, mut went) = (vec![], 0, 0);
        for (link, (end, mailed)) in expected {
            let before = self.sides[s].model.links[*link].row.clone();
            let after = self.read_row(s, *link)?;
            let sent = letters.get(link).copied().unwrap_or_default();
            let free = matches!(handed, Handed::Swept);
            judge_mail((&before, &after), sent, (end, *mailed), rough, free).map_err(|why| {
                let was = format!("{before:?}");
                format!("mail {link}, which was {was}: {why}, with {sent} letters, foreseen {end}, at {now}")
            })?;
            if let Handed::Once(answer) = handed {
                let reported = is_reported(answer, &self.sides[s].model.links[*link]);
                // What nobody has claimed, the next moment may do better; and nothing comes again
                // in good weather.
                if (reported && !rough) || (!reported && after == Row::Queued) {
                    return Err(format!(
                        "mail {link}, which is {after:?} now, was reported as failed: {reported}"
                    ));
                }
            }
            foreseen += u64::from(*end == "sent");
            went += u64::from(!before.is_over() && after.name() == "sent");
            line.push(format!("{link} {} -> {}", before.name(), after.name()));
            self.sides[s].model.links[*link].row = after;
        }
        // In whatever order the budgets were used up, they let the same number through.
        if foreseen != went && !rough {
            return Err(format!("{went} mails were sent, not {foreseen}"));
        }
        let outcome = if letters.is_empty() {
            "no letter"
        } else {
            "letters"
        };
        Ok(Note {
            line: line.join(", "),
            outcome,
        })
    }

    /// The row of a mail now; what its first claim fixed is checked, and stays.
    fn read_row(&mut self, s: usize, link: usize) -> Result<Row, String> {
        let signing = self.keys.signing(self.sides[s].now() / 1000).to_owned();
        let old_keys = self.may_fail();
        let side = &mut self.sides[s];
        let now = side.now();
        let (pk, sk) = side.model.links[link].key.clone();
        let Some(row) = side.row("emails", &pk, Some(&sk)) else {
            return if side.model.links[link].row == Row::Gone {
                Ok(Row::Gone)
            } else {
                Err("its row is gone".into())
            };
        };
        let text = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
        let number = |name: &str| {
            row[name]["N"]
                .as_str()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default()
        };
        let minted = row.get("kid").map(|_| Minted {
            user: text("user_id"),
            epoch: number("epoch"),
            kid: text("kid"),
            expires_at: number("link_expires_at"),
            activates: text("template") == "activation",
        });
        let known = &side.model.links[link];
        match (&known.minted, &minted) {
            (None, None) => {}
            (Some(before), Some(after)) if before == after => {}
            (None, Some(after)) => {
                let user = side.model.people[known.person].user.as_ref();
                let activates = side.model.mails_activation(link);
                let expires_at = side.model.link_expires_at(link, activates);
                let good =
                    user.is_some_and(|user| user.id == after.user && user.epoch == after.epoch);
                if !good
                    || after.activates != activates
                    || after.expires_at != expires_at
                    || (after.kid != signing && !old_keys)
                {
                    return Err(format!(
                        "mail {link} was claimed as {after:?} for {user:?} by key {signing}"
                    ));
                }
                let of = (known.person, 0);
                side.model.count("emails", of, [u64::MAX; 3], now);
                side.model.links[link].minted = minted;
            }
            (before, after) => {
                return Err(format!(
                    "what mail {link} was minted as changed: {before:?}, {after:?}"
                ));
            }
        }
        let known = &side.model.links[link];
        if let (Some(minted), Some(letter)) = (&known.minted, &known.letter) {
            let activation = (
                letter.path.starts_with("/auth/activate/"),
                letter.code.is_empty(),
            );
            if activation != (minted.activates, minted.activates) {
                return Err(format!(
                    "mail {link}, minted as {minted:?}, had the letter {letter:?}"
                ));
            }
        }
        Ok(match text("status").as_str() {
            "queued" => Row::Queued,
            "sending" => Row::Sending {
                lease_until: number("lease_until"),
                unanswered: number("unanswered"),
            },
            end => Row::Over {
                end: end.to_owned(),
                at: number("ended_at"),
            },
        })
    }

    /// Takes the inbox: how many letters each mail has sent. All letters of a mail are the same.
    fn read_letters(
        &mut self,
        s: usize,
        expected: &BTreeMap<usize, (&'static str, bool)>,
    ) -> Result<BTreeMap<usize, u64>, String> {
        let side = &mut self.sides[s];
        let mut letters = BTreeMap::new();
        for mail in side.world.portal.take_inbox() {
            let path = mail
                .links
                .first()
                .and_then(|link| link.find("/auth/").map(|at| link[at..].to_owned()));
            let path = path.ok_or("a letter has no link")?;
            let token = path.rsplit('/').next().unwrap_or_default().to_owned();
            let claims: Value = jsonwebtoken::dangerous::insecure_decode(&token)
                .map_err(|e| e.to_string())?
                .claims;
            let link = expected
                .keys()
                .find(|link| claims["jti"] == side.model.links[**link].id.as_str());
            let link = *link.ok_or("a letter is of a mail that was not handed over")?;
            let known = &mut side.model.links[link];
            let address = &side.model.people[known.person].address;
            if mail.to != *address || claims["email"] != address.as_str() {
                return Err(format!("a letter for {address} went to {}", mail.to));
            }
            let code = mail.code.unwrap_or_default();
            let letter = Letter { path, token, code };
            if known.letter.as_ref().is_some_and(|first| *first != letter) {
                return Err(format!("mail {link} sent two letters that differ"));
            }
            known.letter = Some(letter);
            *letters.entry(link).or_default() += 1;
        }
        Ok(letters)
    }
}

fn is_reported(answer: &Value, link: &Link) -> bool {
    let number = &link.record["dynamodb"]["SequenceNumber"];
    let failures = answer["batchItemFailures"].as_array();
    failures.is_some_and(|failures| {
        failures
            .iter()
            .any(|failure| failure["itemIdentifier"] == *number)
    })
}

/// Whether a mail may go from `before` to `after` with so many letters, where in good weather it
/// ends as foreseen.
///
/// In `free` order it may be another one that finds a budget used up.
fn judge_mail(
    (before, after): (&Row, &Row),
    letters: u64,
    foreseen: (&str, bool),
    rough: bool,
    free: bool,
) -> Result<(), String> {
    let (end, mailed) = foreseen;
    if before.is_over() {
        let same = before == after && letters == 0;
        return if same {
            Ok(())
        } else {
            Err(format!("a mail that was over became {after:?}"))
        };
    }
    let good = match (after.name(), end) {
        ("sending", "sending") => before == after,
        (after, end) if after == end => true,
        ("sent" | "throttled", "sent" | "throttled") if free && *before == Row::Queued => true,
        (_, _) if !rough => false,
        (after, _) if after == before.name() => true,
        // The provider refuses, an answer is lost, or an earlier one of the batch was not counted.
        ("sent" | "failed" | "sending" | "throttled", "sent" | "throttled") => true,
        _ => false,
    };
    let lettered = match (after.name(), mailed) {
        ("sent", _) => letters == 1 || (rough && letters > 0),
        ("sending" | "failed", _) if rough => true,
        _ => letters == 0,
    };
    let unsent = letters > 0 && !mailed && end != "throttled";
    if good && lettered && !unsent {
        Ok(())
    } else {
        Err(format!("it became {after:?}"))
    }
}
