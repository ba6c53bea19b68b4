//! Steps: two things at once. Whoever calls the store first, both have begun by then.

use super::asking::Handed;
use super::model::{Redeems, Row};
use super::outcome::Outcome;
use super::simulation::{Said, Simulation, idle, note};
use futures_util::join;
use http::Method;
use serde_json::json;
use tests::Answer;

/// After so long a look is noted: five minutes, and a second.
const UNSEEN: u64 = 301_000;

impl Simulation<'_> {
    /// Two redeems of one link: a double click, or two browsers.
    pub(super) async fn race_redeems(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        let asker = self.sides[s].model.links[link].client;
        let (one, other) = (
            self.some_client(s, Some(asker)),
            self.some_client(s, Some(asker)),
        );
        let first = self.some_redeem(s, link, one);
        let mut second = self.some_redeem(s, link, other);
        if self.dice.one_in(2) {
            second.attempt.clone_from(&first.attempt);
        }
        let (a, b) = join!(self.send_redeem(s, &first), self.send_redeem(s, &second));
        let line = format!("link {link} clients {one} {other}");

        let tries = self.sides[s].model.links[link].tries;
        // The other way round, the second is counted first.
        let (other_late, other_alone) = (
            self.expect_redeem(s, &second),
            self.expect_redeem(s, &first),
        );
        self.sides[s].model.links[link].tries = tries;
        let (alone, late) = (
            self.expect_redeem(s, &first),
            self.expect_redeem(s, &second),
        );
        self.read_link(s, link, &[first.shown.as_deref(), second.shown.as_deref()])?;
        let good = |answer: &Answer| Outcome::of(answer) == Outcome::Good;
        if [&a, &b]
            .iter()
            .any(|answer| matches!(Outcome::of(answer), Outcome::Odd(_)))
        {
            return Err(format!("{} {}, {} {}", a.status, a.body, b.status, b.body));
        }
        for (request, answer) in [(&first, &a), (&second, &b)] {
            if good(answer) {
                self.signed_in(s, request.client, link, answer, request.form)?;
            }
        }
        if self.may_fail() {
            return note(line, "in bad weather");
        }
        if (alone, late) != (other_alone, other_late) {
            // One try of the code was left: whichever was counted first has it.
            let wins = |must| matches!(must, Redeems::Fresh | Redeems::Again(_));
            let won = (good(&a), good(&b));
            if won != (wins(alone), wins(late)) && won != (wins(other_alone), wins(other_late)) {
                return Err(format!(
                    "of one try came {} {} and {} {}",
                    a.status, a.body, b.status, b.body
                ));
            }
            return note(line, "one had a try");
        }
        let may_win = [alone, late].map(|must| matches!(must, Redeems::Fresh | Redeems::Again(_)));
        if (good(&a) && !may_win[0]) || (good(&b) && !may_win[1]) {
            return Err(format!(
                "of {alone:?} and {late:?} came {} and {}",
                a.status, b.status
            ));
        }
        if alone == Redeems::Fresh && late == Redeems::Fresh {
            let asked = [one, other].map(|client| self.sides[s].has_asked(client, link));
            let same = first.attempt.is_some() && first.attempt == second.attempt;
            // The loser is signed in too, where it shows what the winner has shown.
            let right = match (good(&a), good(&b)) {
                (true, true) => asked.contains(&true) || same,
                (true, false) => !same && !asked[1] && Outcome::of(&b) == Outcome::UsedToken,
                (false, true) => !same && !asked[0] && Outcome::of(&a) == Outcome::UsedToken,
                (false, false) => false,
            };
            if !right {
                return Err(format!(
                    "two redeems of a fresh link: {} {}, {} {}",
                    a.status, a.body, b.status, b.body
                ));
            }
            return note(
                line,
                if good(&a) && good(&b) {
                    "both signed in"
                } else {
                    "one signed in"
                },
            );
        }
        note(line, "not a fresh link")
    }

    /// A session is looked at, and noted as seen, while it is logged out: it ends.
    pub(super) async fn race_logout(&mut self, s: usize) -> Said {
        if self.dice.one_in(2) {
            self.pass(UNSEEN);
        }
        let side = &self.sides[s];
        let living = |session: &usize| {
            let known = &side.model.sessions[*session];
            side.model.lives(*session, side.now()) && !known.tokens.is_empty()
        };
        let Some(session) = (0..side.model.sessions.len()).rev().find(living) else {
            return idle("no session");
        };
        let token = side.model.sessions[session].tokens[0].clone();
        let (one, other) = (side.world.browser(), side.world.browser());
        let empty = json!({});
        let (me, logout) = join!(
            super::sessions::shows(&one, Method::GET, "/auth/me", &token, &empty),
            super::sessions::shows(&other, Method::POST, "/auth/logout", &token, &empty),
        );
        let judged = self.judge("logging out", &logout, &Outcome::Good)?;
        if !matches!(Outcome::of(&me), Outcome::Good | Outcome::NotSignedIn) {
            self.judge("a look beside a logout", &me, &Outcome::Good)?;
        }
        self.after_logout(s, Some(session), judged)?;
        note(format!("session {session}"), Outcome::of(&me).name())
    }

    /// Two mailers are handed the same records.
    pub(super) async fn race_mailers(&mut self, s: usize) -> Said {
        let model = &self.sides[s].model;
        let mut open = model.open();
        if open.is_empty() {
            return idle("no mail");
        }
        // Rather what a mailer has left behind, and rather once its lease is over.
        open.sort_by_key(|link| matches!(model.links[*link].row, Row::Sending { .. }));
        let picks: Vec<_> = open.into_iter().rev().take(2).collect();
        let lease = picks.iter().find_map(|link| match model.links[*link].row {
            Row::Sending { lease_until, .. } => lease_until.checked_sub(self.sides[s].now()),
            _ => None,
        });
        if let (Some(left), true) = (lease, self.dice.one_in(2)) {
            self.pass(left);
        }
        let model = &self.sides[s].model;
        let records: Vec<_> = picks
            .iter()
            .map(|link| model.links[*link].record.clone())
            .collect();
        let expected = self.foresee(s, &picks);
        let portal = &self.sides[s].world.portal;
        let event = json!({ "Records": records });
        let (one, other) = join!(
            portal.invoke("mailer", event.clone()),
            portal.invoke("mailer", event)
        );
        // The one that comes too late reports the mail: only the rows and the letters say what
        // became of it.
        let (_one, _other) = (one?, other?);
        self.after_mailing(s, &expected, &Handed::Twice)
    }

    /// A user's epoch moves while she signs in.
    pub(super) async fn race_epoch(&mut self, s: usize) -> Said {
        let Some(link) = self.some_link(s) else {
            return idle("no link");
        };
        let client = self.sides[s].model.links[link].client;
        let request = self.some_redeem(s, link, client);
        let expected = self.expect_redeem(s, &request);
        let person = self.sides[s].model.links[link].person;
        let waits = self.dice.below(4);
        let moved = async {
            for _ in 0..waits {
                tokio::task::yield_now().await;
            }
            self.write_user(s, person, "ADD epoch :one", &json!({":one": {"N": "1"}}));
        };
        let (answer, ()) = join!(self.send_redeem(s, &request), moved);
        self.read_link(s, link, &[request.shown.as_deref()])?;
        if let Some(user) = &mut self.sides[s].model.people[person].user {
            user.epoch += 1;
        }
        let got = Outcome::of(&answer);
        let fresh = matches!(expected, Redeems::Fresh | Redeems::Again(_));
        if matches!(got, Outcome::Odd(_)) || (got == Outcome::Good && !fresh) {
            return Err(format!(
                "{expected:?}, and the epoch moved: {} {}",
                answer.status, answer.body
            ));
        }
        if got == Outcome::Good {
            self.signed_in(s, client, link, &answer, request.form)?;
        }
        note(format!("link {link}"), got.name())
    }
}
