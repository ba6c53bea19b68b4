//! What `docs/email.md` says, cell by cell: who gets which letter, and what is in it.

#![expect(
    clippy::panic,
    reason = "a table that cannot be read is to stop the test"
)]

use serde_json::Value;
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent};
use shared::domain::client::ClientInfo;
use shared::domain::email::{DeliveryState, EmailKind, Notice, OutboxEntry, OutboxKey};
use shared::domain::ids::{LinkId, RecordId, UserId, sha256};
use shared::domain::portal::PortalName;
use shared::domain::user::{Epoch, Status, User};
use shared::keys::KeyRing;
use shared::store::users::NewUser;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::World;

const DOC: &str = include_str!("../../docs/email.md");
const DAY: Duration = Duration::from_secs(86_400);

/// The rows of the first table after `words`: a cell each, without its backticks.
fn table(words: &str) -> Vec<Vec<String>> {
    let rest = DOC
        .split_once(words)
        .unwrap_or_else(|| panic!("{words} is not in docs/email.md"))
        .1;
    let lines = rest
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect::<Vec<_>>()
    };
    lines.skip(2).map(cells).collect()
}

/// Puts mails into the outbox as the functions do, whatever the portal's functions would let
/// through.
struct Outbox<'a> {
    world: &'a World,
    ring: KeyRing,
}

impl<'a> Outbox<'a> {
    fn new(world: &'a World) -> Self {
        let ring = KeyRing::parse(
            &world.portal.key_ring().unwrap(),
            &PortalName::parse("partner").unwrap(),
        )
        .unwrap();
        Self { world, ring }
    }

    /// The user in this state, if it is one that users are in.
    async fn user(&self, address: &EmailAddress, state: &str) -> Option<User> {
        let now = self.world.time.now();
        let id = sha256(address.as_str().as_bytes())[..16]
            .try_into()
            .unwrap();
        let name = "Eve <b>".to_owned();
        let user = User::new(
            UserId::new(id),
            address.clone(),
            name,
            Status::parse(state)?,
            now,
        );
        let user = User {
            epoch: Epoch::new(7),
            ..user
        };
        let event = AuditEvent {
            portal: PortalName::parse("test").unwrap(),
            action: Action::Added,
            subject: (&user.id).into(),
            target: shared::domain::audit::Target::User(user.id.clone()),
            metadata: vec![],
            client: ClientInfo::default(),
            at: now,
            expires_at: now.plus(DAY),
        };
        let _added = self
            .world
            .portal
            .store()
            .unwrap()
            .create_user(&NewUser::from(&user), &event)
            .await
            .unwrap();
        Some(user)
    }

    async fn ask(&self, address: &EmailAddress, wanted: EmailKind) {
        let (now, id) = (self.world.time.now(), sha256(address.as_str().as_bytes()));
        let mail = OutboxEntry {
            key: OutboxKey {
                to: self.ring.address_hash(address),
                id: RecordId::new(now, id[..8].try_into().unwrap()),
            },
            address: address.clone(),
            kind: wanted,
            link: LinkId::from_bytes(id),
            next: None,
            client: ClientInfo::new(
                "192.0.2.7",
                "Mozilla/5.0 (Windows) Firefox/140.0 <b>typed</b>",
            ),
            requested_at: now,
            expires_at: now.plus(DAY),
            state: DeliveryState::Queued,
        };
        self.world
            .portal
            .store()
            .unwrap()
            .enqueue_email(&mail, &[])
            .await
            .unwrap();
    }
}

fn wanted(kind: &str, user: UserId) -> EmailKind {
    match kind {
        "sign-in" => EmailKind::SignIn,
        "reset" => EmailKind::Reset,
        "sign-up" => EmailKind::SignUp {
            name: "Eve <b>".to_owned(),
        },
        "invitation" => EmailKind::Invitation(user, Epoch::new(7)),
        "invitation, resent since" => EmailKind::Invitation(user, Epoch::new(6)),
        "password-changed" => EmailKind::Notice(Notice::PasswordChanged, user, Epoch::new(7)),
        "address-changed" => EmailKind::Notice(Notice::AddressChanged, user, Epoch::new(7)),
        other => panic!("docs/email.md has the kind {other}"),
    }
}

/// An address for a cell of a table.
fn address(row: usize, column: usize) -> EmailAddress {
    EmailAddress::parse(&format!("cell-{row}-{column}@example.com")).unwrap()
}

/// What the delivery log says of the mail to each address: the letter, or why there is none.
fn log(world: &World, outbox: &Outbox<'_>, address: &EmailAddress) -> String {
    let mailbox = outbox.ring.address_hash(address).to_string();
    let row = world
        .rows("emails")
        .into_iter()
        .find(|row| row["pk"]["S"] == mailbox.as_str())
        .unwrap();
    let text = |name: &str| row[name]["S"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        row.get("address").is_none(),
        text("status") == "dropped",
        "{row}"
    );
    if text("status") == "sent" {
        text("template")
    } else {
        format!("{}: {}", text("status"), text("reason"))
    }
}

#[tokio::test]
async fn everybody_gets_the_letter_that_the_tables_say() {
    for activation in ["password", "link"] {
        let world = World::with(&[("Activation", activation)]).await;
        let outbox = Outbox::new(&world);
        let rows = table(&format!("With `Activation={activation}`"));
        assert_eq!(rows.len(), 7);
        let states = ["nobody", "invited", "active", "suspended"];
        for (r, row) in rows.iter().enumerate() {
            for (c, state) in states.iter().enumerate() {
                let user = outbox
                    .user(&address(r, c), state)
                    .await
                    .map_or_else(UserId::nobody, |user| user.id);
                outbox.ask(&address(r, c), wanted(&row[0], user)).await;
            }
        }
        let mails = world.mails().await;
        for (r, row) in rows.iter().enumerate() {
            for (c, state) in states.iter().enumerate() {
                let (address, cell) = (address(r, c), &row[c + 1]);
                assert_eq!(
                    log(&world, &outbox, &address),
                    *cell,
                    "{activation}: {} when {state}",
                    row[0]
                );
                let got = mails
                    .iter()
                    .filter(|mail| mail["to"] == address.as_str())
                    .count();
                assert_eq!(
                    got,
                    usize::from(!cell.contains(':')),
                    "{activation}: {} when {state}",
                    row[0]
                );
            }
        }
    }
}

/// One mail of each letter, by the letter's name.
async fn letters(world: &World) -> BTreeMap<String, Value> {
    let outbox = Outbox::new(world);
    let kinds = [
        ("sign-in", "active", "sign-in"),
        ("activation", "invited", "invitation"),
        ("reset", "active", "reset"),
        ("password-changed", "active", "password-changed"),
        ("address-changed", "active", "address-changed"),
    ];
    for (n, (_, state, kind)) in kinds.iter().enumerate() {
        let user = outbox.user(&address(n, 0), state).await.unwrap();
        outbox.ask(&address(n, 0), wanted(kind, user.id)).await;
    }
    let mails = world.mails().await;
    let of = |n: usize| {
        mails
            .iter()
            .find(|mail| mail["to"] == address(n, 0).as_str())
            .unwrap()
            .clone()
    };
    kinds
        .iter()
        .enumerate()
        .map(|(n, (letter, ..))| ((*letter).to_owned(), of(n)))
        .collect()
}

#[tokio::test]
async fn every_letter_is_what_its_row_says() {
    let world = World::start().await;
    let letters = letters(&world).await;
    let rows = table("## Templates");
    assert_eq!(
        rows.iter()
            .map(|row| &row[0])
            .collect::<std::collections::BTreeSet<_>>(),
        letters.keys().collect()
    );
    for row in rows {
        let [letter, subject, leads_to, works_for, code] = &row[..] else {
            panic!("{row:?}")
        };
        let mail = &letters[letter];
        let text = mail["text"].as_str().unwrap();
        assert_eq!(mail["subject"], subject.as_str());
        assert_eq!(mail["code"].is_string(), code == "yes", "{letter}: {text}");
        let links = mail["links"].as_array().unwrap();
        if leads_to == "none" {
            assert!(links.is_empty(), "{letter}: {text}");
        } else {
            assert_eq!(links.len(), 1, "{letter}: {text}");
            assert!(
                links[0]
                    .as_str()
                    .unwrap()
                    .starts_with(&format!("{}{leads_to}", world.portal.public_url()))
            );
            assert!(
                text.contains(&format!("works once and expires after {works_for}.")),
                "{letter}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn a_letter_says_who_caused_it_and_repeats_nothing_that_a_stranger_typed() {
    let world = World::with(&[(
        "PortalName",
        "A portal with a name as long as names of portals can ever be",
    )])
    .await;
    for (letter, mail) in letters(&world).await {
        let (text, html) = (
            mail["text"].as_str().unwrap(),
            mail["html"].as_str().unwrap(),
        );
        // An administrator has sent the invitation: no browser of anybody's.
        let known = letter != "activation";
        for words in [
            "Firefox on Windows",
            "IP address 192.0.2.7",
            "21 November 2026 at 14:00 UTC",
        ] {
            assert_eq!(
                (text.contains(words), html.contains(words)),
                (known, known),
                "{letter}: {words}\n{text}"
            );
        }
        for typed in ["Eve", "typed", "cell-"] {
            assert!(
                !format!("{text}{html}{}", mail["subject"]).contains(typed),
                "{letter}: {typed}"
            );
        }
        let fits = |line: &str| line.chars().count() <= 76 || line.starts_with("http");
        assert!(text.lines().all(fits), "{text}");
        assert!(
            !html.contains("{{") && html.matches("<tr>").count() == html.matches("</tr>").count()
        );
    }
}

#[tokio::test]
async fn a_notice_holds_no_link_but_says_where_to_turn() {
    let world = World::start().await;
    let letters = letters(&world).await;
    let url = world.portal.public_url();
    for (letter, page) in [
        ("password-changed", "/auth/forgot-password"),
        ("address-changed", "/auth/sign-in"),
    ] {
        let page = format!("{url}{page}");
        for part in ["text", "html"] {
            let text = letters[letter][part].as_str().unwrap();
            assert!(text.contains(&page), "{letter}: {text}");
            let urls: Vec<_> = text
                .match_indices(url)
                .map(|(at, _)| &text[at..at + page.len()])
                .collect();
            assert!(urls.iter().all(|one| *one == page), "{letter}: {urls:?}");
        }
    }
}

#[tokio::test]
async fn an_invitation_to_a_portal_without_passwords_does_not_speak_of_a_browser_that_asked() {
    for (other_browser, has_code) in [("button", false), ("code", true)] {
        let world = World::with(&[("Activation", "link"), ("OtherBrowser", other_browser)]).await;
        let outbox = Outbox::new(&world);
        let user = outbox.user(&address(0, 0), "invited").await.unwrap();
        outbox
            .ask(&address(0, 0), wanted("invitation", user.id))
            .await;
        let mail = world.mail().await;
        let text = mail.0["text"].as_str().unwrap();
        assert_eq!(mail.0["subject"], "Your invitation to Partner");
        assert!(
            !text.contains("where you requested") && !text.contains("REQUESTED FROM"),
            "{text}"
        );
        assert_eq!(mail.0["code"].is_string(), has_code, "{text}");
        assert!(
            text.contains("72 hours") && !text.contains("minutes"),
            "{text}"
        );
        world.time.pass(Duration::from_secs(71 * 3600));
        let browser = world.browser();
        let page = browser.get(&mail.path()).await;
        let (token, code) = (mail.token(), mail.code());
        let attempt = page.field("idempotency_key");
        let fields = [
            ("token", token.as_str()),
            ("idempotency_key", &attempt),
            ("code", &code),
        ];
        let answer = browser
            .post_form("/auth/verify", &fields[..if has_code { 3 } else { 2 }])
            .await;
        assert_eq!(
            answer.location(),
            format!("{}/auth/signed-in", world.portal.public_url())
        );
    }
}
