//! `GET /admin/users/{id}/audit` and `/emails`: the whole history of a user.

use kit::{ADA, ApiRequest, WRONG, World, mins, secs};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Returns the records of a page, and the cursor of the next one.
async fn page(request: ApiRequest<'_>) -> (Vec<Value>, Option<String>) {
    let page = request.await.assert("200").json();
    let records = ["audit", "emails"]
        .iter()
        .find_map(|name| page[name].as_array());
    (
        records.unwrap().clone(),
        page["next"].as_str().map(str::to_owned),
    )
}

/// Follows the cursors to the last page.
pub(super) async fn all_pages(request: ApiRequest<'_>) -> Vec<Vec<Value>> {
    let (records, mut next) = page(request.clone()).await;
    let mut pages = vec![records];
    while let Some(cursor) = next {
        let (records, after) = page(request.clone().query("after", &cursor)).await;
        pages.push(records);
        next = after;
    }
    pages
}

/// Copies a record, so that it is older than it and than all copies of a smaller number.
fn copy(world: &World, record: &Value, pk: &Value, number: u64) {
    let at = record["at"]["N"].as_str().unwrap().parse::<u64>().unwrap() - 1000 * (number + 1);
    let mut copy = record.clone();
    copy["pk"] = pk.clone();
    copy["sk"]["S"] = json!(format!("{at:012x}-{number:016x}"));
    copy["at"]["N"] = json!(at.to_string());
    world.put_row("audit", &copy);
}

#[tokio::test]
async fn a_flood_of_failed_sign_ins_pushes_nothing_out_of_view() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    world.client().sign_in_by_link(ADA).await;
    world.clock.advance(mins(1));
    let changed = admin.update_user(&id).with("name", "Ada King").await;
    changed.assert("200");
    world.clock.advance(mins(60));
    world.client().sign_in(ADA, WRONG).await;
    let failed = world.audit("partner.login.failed").remove(0);
    let of_user = world.audit("partner.login").remove(0);
    for number in 0..1_300 {
        copy(&world, &failed, &failed["pk"], number);
        if number % 100 == 0 {
            copy(&world, &failed, &of_user["pk"], number + 10_000);
        }
    }

    let user = admin.get_user(&id).await.json();
    let mut rows = world.rows("audit");
    rows.retain(|row| [&of_user["pk"], &failed["pk"]].contains(&&row["pk"]));
    let total = rows.len();
    assert!(user["audit"].as_array().unwrap().len() < 70);
    for limit in ["7", "50", "100"] {
        let pages = all_pages(admin.list_audit(&id).query("limit", limit)).await;
        let full = limit.parse::<usize>().unwrap();
        assert!(pages.iter().all(|page| page.len() <= full));
        let records = pages.concat();
        assert_eq!(records.len(), total, "{limit}");
        let times: Vec<_> = records.iter().map(|one| one["at"].to_string()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b));
    }
    for (action, count) in [
        ("partner.login", 1),
        ("partner.changed", 1),
        ("partner.login.failed", 1_314),
        ("partner.suspended", 0),
    ] {
        let pages = all_pages(admin.list_audit(&id).query("action", action)).await;
        let records = pages.concat();
        assert_eq!(records.len(), count, "{action}");
        assert!(records.iter().all(|record| record["action"] == action));
    }
    let minute = admin
        .list_audit(&id)
        .query("from", "2026-11-21T14:01:00Z")
        .query("to", "2026-11-21T14:02:00Z")
        .query("action", "partner.changed");
    let (records, next) = page(minute).await;
    assert_eq!((records.len(), next), (1, None));
}

#[tokio::test]
async fn a_range_includes_its_start_and_not_its_end() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    for n in 0..5 {
        let changed = admin
            .update_user(&id)
            .with("name", format!("Ada {n}"))
            .await;
        changed.assert("200");
        world.clock.advance(secs(1));
    }
    let list = || admin.list_audit(&id).query("action", "partner.changed");
    let between = async |from: &str, to: &str| {
        let request = list().query("from", from).query("to", to);
        all_pages(request.query("limit", "1")).await.concat().len()
    };
    assert_eq!(
        between("2026-11-21T14:00:01Z", "2026-11-21T14:00:03Z").await,
        2
    );
    assert_eq!(
        between("2026-11-21T16:00:01+02:00", "2026-11-21T14:00:01.001Z").await,
        1
    );
    assert_eq!(
        between("2026-11-21T14:00:05Z", "2027-01-01T00:00:00Z").await,
        0
    );
    let since = list().query("from", "2026-11-21T14:00:02Z");
    assert_eq!(page(since).await.0.len(), 3);
    let until = list().query("to", "2026-11-21T14:00:02Z");
    assert_eq!(page(until).await.0.len(), 2);
}

#[tokio::test]
async fn all_emails_to_a_user_are_listed_page_by_page() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    for _ in 0..7 {
        world.clock.advance(mins(61));
        world.client().receive_login_email(ADA).await;
    }
    let shown = admin.get_user(&id).await.json();
    let pages = all_pages(admin.list_emails(&id).query("limit", "3")).await;
    let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(lengths, [3, 3, 1]);
    let mut without_stories = pages.concat();
    for email in &mut without_stories {
        email.as_object_mut().unwrap().remove("story");
    }
    assert_eq!(json!(without_stories), shown["emails"]);
    let ids: BTreeSet<_> = pages
        .concat()
        .iter()
        .map(|one| one["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 7);
    let early = admin.list_emails(&id).query("to", "2026-11-21T16:30:00Z");
    assert_eq!(page(early).await.0.len(), 2);
}

#[tokio::test]
async fn an_invalid_query_is_refused() {
    let world = World::start().await;
    let admin = world.client();
    let id = world.user_id(ADA);
    let after = "01a1fe682300-b30c531e93ed997d";
    let later = "from=2026-11-22T00:00:00Z";
    for query in [
        "limit=0",
        "limit=101",
        "limit=1&limit=1",
        "from=2026-11-21",
        "from=yesterday",
        "from=",
        "to=1795269600",
        "from=2026-11-21T16:00:01+02:00",
        "from=2026-11-21T14:00:00Z&to=2026-11-21T14:00:00Z",
        "from=2026-11-22T14:00:00Z&to=2026-11-21T14:00:00Z",
        "after=",
        "after=x",
        "after=01A1FE682300-B30C531E93ED997D",
        &format!("after={after}0"),
        &format!("{later}&after={after}"),
        "more=1",
    ] {
        for path in [kit::routes::user_audit(&id), kit::routes::user_emails(&id)] {
            let request = admin.admin_request(reqwest::Method::GET, format!("{path}?{query}"));
            request.await.assert("400 invalid-request");
        }
    }
    for action in ["", "partner login", "Partner.login", &"a".repeat(101)] {
        let request = admin.list_audit(&id).query("action", action);
        request.await.assert("400 invalid-request");
    }
}
