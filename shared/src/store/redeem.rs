//! Redeeming a link (promises 3, 5 and 8).

use super::items::{Item, audit, n, put_new, s, sessions, tokens, users};
use super::transaction::{Refusal, Transaction, with_old};
use super::{Store, Unavailable};
use crate::domain::audit::Event;
use crate::domain::link::{Link, REPEAT_WITHIN, Redeemer};
use crate::domain::session::Session;
use crate::domain::user::Status;
use aws_sdk_dynamodb::types::Update;

/// Why a link gave no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No such link, or its user may not sign in, or her epoch has moved.
    Invalid,
    /// Its time is over.
    Expired,
    /// It has been redeemed, and not by this browser or page within the last minute.
    Used,
    /// The store could not be asked.
    Unavailable,
}

/// What is redeemed for what.
pub struct Redeem<'a> {
    /// The link: from its token, or from its row after a code.
    pub link: &'a Link,
    /// Who redeems it.
    pub by: &'a Redeemer,
    /// The session it gives, if it gives one; its `created_at` is now.
    pub session: &'a Session,
    /// What is written down then.
    pub event: &'a Event,
    /// Whether it also makes an invited user an active one.
    pub activates: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Write {
    Token,
    User,
    Session,
    Audit,
}

impl Store {
    /// One link, one session: the link is marked used, the session created and the audit written together, and only while
    /// the link is unused and unexpired and its user active and of its epoch.
    ///
    /// A repeat by the same browser or page within [`REPEAT_WITHIN`] gives the same session again, if it still lives,
    /// and writes nothing.
    ///
    /// Costs 1 transaction of 2 updates and 2 puts; a repeat, 1 look more.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn redeem(&self, redeem: &Redeem<'_>) -> Result<Session, Refused> {
        let writes = Transaction::new()
            .update(Write::Token, self.use_up(redeem))
            .update(Write::User, self.sign_in(redeem))
            .put(Write::Session, put_new(&self.tables.sessions, sessions::to_item(redeem.session)))
            .put(Write::Audit, audit::put(redeem.event, &self.tables.audit, self.random.bytes()));
        match writes.commit(self, "redeem").await {
            Ok(()) => Ok(redeem.session.clone()),
            Err(Refusal::Conditions(failed)) => {
                let token = failed.into_iter().find(|(write, _)| *write == Write::Token);
                // Only the token's own condition says anything about the token; without it, it was the user's.
                let Some((_, row)) = token else {
                    return Err(Refused::Invalid);
                };
                self.judge(redeem, row.as_ref()).await
            }
            Err(Refusal::Conflict) => {
                let row = self.token(redeem.link).await?;
                self.judge(redeem, row.as_ref()).await
            }
            Err(Refusal::Unavailable) => Err(Refused::Unavailable),
        }
    }

    /// What a link that could not be redeemed is: `row` is its row as it was.
    async fn judge(&self, redeem: &Redeem<'_>, row: Option<&Item>) -> Result<Session, Refused> {
        let now = redeem.session.created_at;
        let Some(row) = row else {
            return Err(if redeem.link.expires_at <= now { Refused::Expired } else { Refused::Invalid });
        };
        let Some((used_at, attempt)) = tokens::redeemed(row) else {
            return Err(if redeem.link.expires_at <= now { Refused::Expired } else { Refused::Unavailable });
        };
        let same_page = attempt.is_some() && attempt == redeem.by.attempt;
        if (redeem.by.asked || same_page) && now.since(used_at) <= REPEAT_WITHIN {
            let living = self.look(&redeem.link.user, &redeem.session.hash, now).await?;
            return living.map(|(_, session)| session).ok_or(Refused::Used);
        }
        Err(Refused::Used)
    }

    fn use_up(&self, redeem: &Redeem<'_>) -> Update {
        let attempt = redeem.by.attempt.map(|attempt| s(attempt.to_string()));
        let set = if attempt.is_some() { "SET used_at = :now, attempt = :attempt" } else { "SET used_at = :now" };
        let mut update = Update::builder()
            .table_name(&self.tables.tokens)
            .set_key(Some(tokens::key(&redeem.link.id)))
            .update_expression(set)
            .condition_expression(
                "attribute_exists(pk) AND attribute_not_exists(used_at) AND expires_at > :now_in_seconds",
            )
            .expression_attribute_values(":now", n(redeem.session.created_at.millis()))
            .expression_attribute_values(":now_in_seconds", n(redeem.session.created_at.secs()))
            .return_values_on_condition_check_failure(with_old());
        if let Some(attempt) = attempt {
            update = update.expression_attribute_values(":attempt", attempt);
        }
        #[expect(clippy::expect_used, reason = "every required field is set")]
        update.build().expect("a whole update")
    }

    fn sign_in(&self, redeem: &Redeem<'_>) -> Update {
        let also = if redeem.activates { Status::Invited } else { Status::Active };
        #[expect(clippy::expect_used, reason = "every required field is set")]
        Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(users::user_key(&redeem.link.user)))
            .update_expression("SET last_sign_in_at = :now, #status = :active")
            .condition_expression(
                "attribute_exists(pk) AND #status IN (:active, :also) AND epoch = :epoch AND address = :address",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":now", n(redeem.session.created_at.millis()))
            .expression_attribute_values(":active", s(Status::Active.as_str()))
            .expression_attribute_values(":also", s(also.as_str()))
            .expression_attribute_values(":epoch", n(redeem.link.epoch.0))
            .expression_attribute_values(":address", s(redeem.link.address.as_str()))
            .build()
            .expect("a whole update")
    }

    async fn token(&self, link: &Link) -> Result<Option<Item>, Unavailable> {
        let get = self.client.get_item().table_name(&self.tables.tokens).consistent_read(true);
        let got = get.set_key(Some(tokens::key(&link.id))).send().await;
        Ok(got.map_err(|error| Unavailable::because("redeem", &error))?.item)
    }
}

impl From<Unavailable> for Refused {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}
