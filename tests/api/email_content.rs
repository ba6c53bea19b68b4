//! Who gets which email and what is in it: every cell of the tables in `docs/email.md`.

#![expect(clippy::panic, reason = "a table that cannot be read fails the test")]

use kit::routes::{FORGOT_PASSWORD, SIGN_IN, VERIFY};
use kit::{ADA, Email, World, hours};
use shared::domain::address::EmailAddress;
use shared::domain::audit::{Action, AuditEvent, Target};
use shared::domain::client::ClientInfo;
use shared::domain::email::{DeliveryState, EmailKind, Notice, OutboxEntry, OutboxKey};
use shared::domain::ids::{LinkId, RecordId, UserId, sha256};
use shared::domain::language::Language;
use shared::domain::link::IdempotencyKey;
use shared::domain::next::Next;
use shared::domain::portal::PortalName;
use shared::domain::user::{Epoch, Status, User};
use shared::keys::KeyRing;
use shared::store::Store;
use shared::store::outbox::EmailRequestLimits;
use shared::store::users::NewUser;
use std::collections::{BTreeMap, BTreeSet};

const DOC: &str = include_str!("../../docs/email.md");

/// Returns the rows of the first table after this heading, without backticks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let Some((_, rest)) = DOC.split_once(heading) else {
        panic!("{heading} is not in docs/email.md")
    };
    let lines = rest.lines().skip_while(|line| !line.starts_with('|'));
    let lines = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    lines.map(cells).collect()
}

/// Puts emails into the outbox as the functions do, including those they would not let through.
struct Outbox<'a> {
    world: &'a World,
    store: Store,
    ring: KeyRing,
}

impl<'a> Outbox<'a> {
    fn new(world: &'a World) -> Self {
        Self {
            world,
            store: world.portal.store().unwrap(),
            ring: world.key_ring(),
        }
    }

    /// Adds a user with this status, unless the status is none, and puts an email into the outbox.
    async fn request(&self, address: &EmailAddress, status: &str, kind: &str) {
        self.request_with_next(address, status, kind, None).await;
    }

    async fn request_with_next(
        &self,
        address: &EmailAddress,
        status: &str,
        kind: &str,
        next: Option<Next>,
    ) {
        let now = self.world.clock.now();
        let id = sha256(address.as_str().as_bytes());
        let user = UserId::new(id[..16].try_into().unwrap());
        if let Some(status) = Status::parse(status) {
            self.add_user(&user, address, status).await;
        }
        let entry = OutboxEntry {
            key: OutboxKey {
                to: self.ring.address_hash(address),
                id: RecordId::new(now, id[..8].try_into().unwrap()),
            },
            address: address.clone(),
            kind: wanted(kind, user),
            link: LinkId::from_hash(id),
            next,
            client: ClientInfo::new(
                "192.0.2.7",
                "Mozilla/5.0 (Windows) Firefox/140.0 <b>typed</b>",
            ),
            language: Language::English,
            known_browser: None,
            requested_at: now,
            waits_until: None,
            expires_at: now.plus(hours(24)),
            message_id: None,
            redriven: false,
            state: DeliveryState::Queued,
        };
        let limits = EmailRequestLimits {
            key: entry.key.to,
            per_minute: 60,
            per_hour: 60,
            network: None,
            idempotency_key: IdempotencyKey::new(id).hash(),
        };
        self.store.enqueue_email(&entry, &limits).await.unwrap();
    }

    async fn add_user(&self, id: &UserId, address: &EmailAddress, status: Status) {
        let now = self.world.clock.now();
        let name = "Eve <b>".to_owned();
        let user = User::new(
            id.clone(),
            Epoch::new(7),
            address.clone(),
            name,
            status,
            now,
        );
        let event = AuditEvent {
            portal: PortalName::parse("test").unwrap(),
            action: Action::Added,
            subject: id.into(),
            target: Target::User(id.clone()),
            metadata: vec![],
            client: ClientInfo::default(),
            at: now,
            expires_at: now.plus(hours(24)),
        };
        let user = NewUser::from(&user);
        let _added = self.store.create_user(&user, &event).await.unwrap();
    }

    /// Returns what the delivery log says of an address: the email sent, or why there is none.
    fn log(&self, address: &EmailAddress) -> String {
        let mailbox = self.ring.address_hash(address).to_string();
        let mut rows = self.world.rows("emails");
        rows.retain(|row| row["pk"]["S"] == mailbox.as_str());
        let row = &rows[0];
        let text = |name: &str| row[name]["S"].as_str().unwrap_or_default();
        let is_dropped = text("status") == "dropped";
        assert_eq!(row.get("address").is_none(), is_dropped, "{row}");
        match text("status") {
            "sent" => text("template").to_owned(),
            status => format!("{status}: {}", text("reason")),
        }
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
        other => match Notice::parse(other) {
            Some(notice) => EmailKind::Notice(notice, user, Epoch::new(7)),
            None => panic!("docs/email.md has the kind {other}"),
        },
    }
}

/// Returns the address for a cell of a table.
fn address(row: usize, column: usize) -> EmailAddress {
    EmailAddress::parse(&format!("cell-{row}-{column}@example.com")).unwrap()
}

#[tokio::test]
async fn everybody_gets_the_email_that_the_tables_say() {
    for activation in ["password", "link"] {
        let world = World::with(&[("Activation", activation)]).await;
        let outbox = Outbox::new(&world);
        let rows = table(&format!("With `Activation={activation}`"));
        assert_eq!(rows.len(), 9);
        let statuses = ["nobody", "invited", "active", "suspended"];
        for (r, row) in rows.iter().enumerate() {
            for (c, status) in statuses.iter().enumerate() {
                outbox.request(&address(r, c), status, &row[0]).await;
            }
        }
        let emails = world.emails().await;
        for (r, row) in rows.iter().enumerate() {
            for (c, status) in statuses.iter().enumerate() {
                let address = address(r, c);
                let cell = &row[c + 1];
                let what = format!("{activation}: {} when {status}", row[0]);
                assert_eq!(outbox.log(&address), *cell, "{what}");
                let sent = emails.iter().filter(|email| email.to == address.as_str());
                assert_eq!(sent.count(), usize::from(!cell.contains(':')), "{what}");
            }
        }
    }
}

/// Sends one email of each template, and returns them by the template's name.
async fn one_of_each(world: &World) -> BTreeMap<&'static str, Email> {
    let outbox = Outbox::new(world);
    let templates = [
        ("sign-in", "active", "sign-in"),
        ("activation", "invited", "invitation"),
        ("reset", "active", "reset"),
        ("password-changed", "active", "password-changed"),
        ("address-changed", "active", "address-changed"),
        ("new-browser", "active", "new-browser"),
        ("sessions-ended", "active", "sessions-ended"),
    ];
    let mut emails = BTreeMap::new();
    for (n, (template, status, kind)) in templates.into_iter().enumerate() {
        outbox.request(&address(n, 0), status, kind).await;
        let email = world.latest_email().await;
        assert_eq!(email.to, address(n, 0).as_str());
        emails.insert(template, email);
    }
    emails
}

#[tokio::test]
async fn every_email_is_as_its_row_says() {
    let world = World::start().await;
    let emails = one_of_each(&world).await;
    let rows = table("## Templates");
    let templates: BTreeSet<_> = rows.iter().map(|row| &*row[0]).collect();
    assert_eq!(templates, emails.keys().copied().collect());
    for row in rows {
        let [template, subject, path, lifetime, code] = &row[..] else {
            panic!("{row:?}")
        };
        let email = &emails[template.as_str()];
        assert_eq!(email.subject, *subject);
        assert_eq!(email.code.is_empty(), code != "yes", "{email:?}");
        assert_eq!(email.links.len(), 1, "{email:?}");
        let page = format!("{}{path}", world.portal.public_url());
        assert!(email.link().starts_with(&page), "{email:?}");
        let sentence = format!("works once and expires after {lifetime}.");
        assert!(email.text.contains(&sentence), "{email:?}");
    }
}

#[tokio::test]
async fn an_email_says_who_requested_it_and_repeats_nothing_that_a_stranger_typed() {
    let name = "A portal with a name as long as names of portals can ever be";
    let world = World::with(&[("PortalName", name)]).await;
    for (template, email) in one_of_each(&world).await {
        // An invitation comes from an administrator, not from a browser.
        let has_client = template != "activation";
        for part in [&email.text, &email.html] {
            for expected in [
                "Firefox on Windows",
                "IP address 192.0.2.7",
                "21 November 2026 at 14:00 UTC",
            ] {
                assert_eq!(
                    part.contains(expected),
                    has_client,
                    "{template}: {expected}"
                );
            }
        }
        for typed in ["Eve", "typed", "cell-"] {
            let shown = format!("{}{}{}", email.text, email.html, email.subject);
            assert!(!shown.contains(typed), "{template}: {typed}");
        }
        let fits = |line: &str| line.chars().count() <= 72 || line.starts_with("http");
        assert!(email.text.lines().all(fits), "{}", email.text);
        let count = |tag| email.html.matches(tag).count();
        assert_eq!(count("<tr>"), count("</tr>"), "{template}");
        assert!(!email.html.contains("{{"), "{template}");
    }
}

#[tokio::test]
async fn the_code_is_a_line_of_its_own() {
    let world = World::start().await;
    let email = world.client().receive_login_email(ADA).await;
    let mut lines = email.text.lines().skip_while(|line| *line != email.code);
    assert_eq!(lines.next(), Some(email.code.as_str()), "{}", email.text);
    assert_eq!(lines.next(), Some(""), "{}", email.text);
}

#[tokio::test]
async fn every_email_has_a_reference_of_its_own() {
    let world = World::start().await;
    let mut emails: Vec<_> = one_of_each(&world).await.into_values().collect();
    for _ in 0..2 {
        world.clock.advance(hours(1));
        emails.push(world.client().receive_login_email(ADA).await);
    }
    let mut references = BTreeSet::new();
    for email in emails {
        let reference = &email.headers["X-Entity-Ref-ID"];
        assert!(
            reference.len() >= 16 && !email.text.contains(reference),
            "{email:?}"
        );
        references.insert(reference.clone());
        assert_eq!(email.headers["Auto-Submitted"], "auto-generated");
    }
    assert_eq!(references.len(), 9);
}

#[tokio::test]
async fn no_line_of_an_email_is_longer_than_998_octets() {
    let path = |length: usize| "x".repeat(length);
    let page = format!("https://portal.example.com/{}", path(101));
    let world = World::with(&[
        ("PortalName", &"'".repeat(60)),
        ("LogoUrl", &format!("https://cdn.example.com/{}", path(488))),
        ("FrontendUrl", "https://portal.example.com"),
        ("LoginPath", &format!("/{}", path(255))),
        ("ActivateUrl", &page),
        ("ResetUrl", &page),
    ])
    .await;
    let outbox = Outbox::new(&world);
    let domain = ["b".repeat(63), "c".repeat(63), "d".repeat(57)].join(".");
    let kinds = [
        ("sign-in", "active"),
        ("invitation", "invited"),
        ("reset", "active"),
        ("password-changed", "active"),
        ("address-changed", "active"),
        ("new-browser", "active"),
        ("sessions-ended", "active"),
    ];
    for length in [0, 100, 300, 340, 350, 360, 400, 512, 1000, 2048] {
        for (n, (kind, status)) in kinds.into_iter().enumerate() {
            let address = format!("{}{length:04}{n}@{domain}", "a".repeat(59));
            let address = EmailAddress::parse(&address).unwrap();
            let next = format!("https://portal.example.com/{}", path(length));
            let next = Some(Next::from_stored(next)).filter(|_| length > 0);
            outbox.request_with_next(&address, status, kind, next).await;
            let email = world.latest_email().await;
            assert_eq!(email.to, address.as_str());
            for line in email.text.lines().chain(email.html.lines()) {
                assert!(line.len() < 998, "{} octets: {line}", line.len());
            }
        }
    }
}

#[tokio::test]
async fn a_notice_has_one_link_with_a_token_and_says_where_to_get_help() {
    let world = World::start().await;
    let emails = one_of_each(&world).await;
    let origin = world.portal.public_url();
    for (template, path) in [
        ("password-changed", FORGOT_PASSWORD),
        ("address-changed", SIGN_IN),
        ("sessions-ended", SIGN_IN),
    ] {
        let email = &emails[template];
        let page = format!("{origin}{path}");
        for part in [&email.text, &email.html] {
            assert!(part.contains(&page), "{template}: {part}");
            for (at, _) in part.match_indices(origin) {
                let known = [page.as_str(), email.link()];
                let is_known = known.iter().any(|known| part[at..].starts_with(known));
                assert!(is_known, "{template}: {part}");
            }
        }
    }
}

#[tokio::test]
async fn an_invitation_without_passwords_does_not_mention_a_requesting_browser() {
    for (other_browser, has_code) in [("button", false), ("code", true)] {
        let world = World::with(&[("Activation", "link"), ("OtherBrowser", other_browser)]).await;
        let outbox = Outbox::new(&world);
        outbox
            .request(&address(0, 0), "invited", "invitation")
            .await;
        let email = world.latest_email().await;
        assert_eq!(email.subject, "Your invitation to Partner");
        for absent in ["where you requested", "REQUESTED FROM", "minutes"] {
            assert!(!email.text.contains(absent), "{}", email.text);
        }
        assert_eq!(email.code.is_empty(), !has_code, "{}", email.text);
        assert!(email.text.contains("72 hours"), "{}", email.text);
        world.clock.advance(hours(71));
        let client = world.client();
        let page = client.open(email.path()).await;
        let mut form = client.submit_link_page(VERIFY, &page);
        if has_code {
            form = form.code(&email.code);
        }
        form.await.assert("303 /auth/account");
    }
}
