//! Who may do what: every route of the template for every kind of visitor. A route that is added is
//! tested, or it fails.

use local::template::Template;
use reqwest::Method;
use serde_json::json;
use tests::{Browser, World, mins, owned};

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Visitor {
    Nobody,
    User,
    OtherUser,
    Suspended,
    Ended,
    Expired,
    OtherPortal,
    UnsignedAdmin,
    SignedAdmin,
}

use Visitor::{
    Ended, Expired, Nobody, OtherPortal, OtherUser, SignedAdmin, Suspended, UnsignedAdmin, User,
};

const VISITORS: [Visitor; 9] = [
    Nobody,
    User,
    OtherUser,
    Suspended,
    Ended,
    Expired,
    OtherPortal,
    UnsignedAdmin,
    SignedAdmin,
];

/// What a route answers this visitor; `None` for a route that nobody has decided about.
fn expected(route: &str, visitor: Visitor) -> Option<u16> {
    let signed_in = [User, OtherUser].contains(&visitor);
    let only_for =
        |may: bool, status: u16, otherwise: u16| Some(if may { status } else { otherwise });
    match route {
        // What everybody may ask, and nobody has asked well here.
        "POST /auth/request-login"
        | "POST /auth/verify"
        | "POST /auth/sign-in"
        | "POST /auth/activate"
        | "POST /auth/forgot-password"
        | "POST /auth/reset-password"
        | "POST /auth/sign-up" => Some(400),
        "GET /auth/sign-in"
        | "GET /auth/sign-up"
        | "GET /auth/check-email"
        | "GET /auth/forgot-password"
        | "GET /auth/verify" => Some(200),
        "GET /auth/verify/{token}"
        | "GET /auth/activate/{token}"
        | "GET /auth/reset-password/{token}" => Some(303),
        // Trusts the signed cookie alone, and shows nothing about anybody.
        "GET /auth/signed-in" => {
            only_for(signed_in || [Suspended, Ended].contains(&visitor), 200, 303)
        }
        "POST /auth/logout" => Some(200),
        "GET /auth/me" | "GET /auth/sessions" => only_for(signed_in, 200, 401),
        "DELETE /auth/sessions" => only_for(signed_in, 204, 401),
        "DELETE /auth/sessions/{id}" if visitor == OtherUser => Some(404),
        "DELETE /auth/sessions/{id}" => only_for(visitor == User, 204, 401),
        "POST /admin/users" | "POST /admin/users/import" | "PATCH /admin/users/{id}" => {
            only_for(visitor == SignedAdmin, 400, 403)
        }
        "GET /admin/users" | "GET /admin/users/{id}" => only_for(visitor == SignedAdmin, 200, 403),
        "POST /admin/users/{id}/resend" => only_for(visitor == SignedAdmin, 409, 403),
        "DELETE /admin/users/{id}" | "DELETE /admin/users/{id}/sessions" => {
            only_for(visitor == SignedAdmin, 204, 403)
        }
        _ => None,
    }
}

/// A visitor, and the id of the user and the session that the routes are about.
async fn arrive<'a>(
    (world, staff): (&'a World, &World),
    visitor: Visitor,
    n: usize,
) -> (Browser<'a>, String, String) {
    // The latest mail is looked for in all of them.
    for portal in [world, staff] {
        let browser = portal.browser();
        browser
            .send(browser.bare(Method::DELETE, "/_local/inbox"))
            .await;
    }
    let (target, other) = (
        format!("target{n}@example.com"),
        format!("other{n}@example.com"),
    );
    for email in [&target, &other] {
        let added = world
            .browser()
            .admin(
                "local",
                &[],
                &json!({"email": email, "name": "x", "status": "active"}),
            )
            .await;
        assert_eq!(added.status, 201, "{}", added.body);
    }
    let browser = world.browser();
    let signed_in = [User, Suspended, Ended, Expired].contains(&visitor);
    browser
        .sign_in(if signed_in { &target } else { &other })
        .await;
    let owner = world.browser();
    if !signed_in {
        owner.sign_in(&target).await;
    }
    let of_target = if signed_in { &browser } else { &owner };
    let session = of_target.me().await.json()["session"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let cookie = browser.cookie("partner.sid").unwrap();
    match visitor {
        User | OtherUser => {}
        Suspended => world.suspend(&target),
        Ended => {
            browser.post("/auth/logout", json!({})).await;
            browser.set_cookie("partner.sid", Some(&cookie));
        }
        Expired => world.time.pass(mins(24 * 60)),
        OtherPortal => {
            let stranger = staff.browser();
            stranger.sign_in("ada@example.com").await;
            browser.set_cookie("partner.sid", Some(&stranger.cookie("staff.sid").unwrap()));
        }
        Nobody | UnsignedAdmin | SignedAdmin => browser.set_cookie("partner.sid", None),
    }
    (browser, world.id_of(&target), session)
}

/// What leaves the visitor, or the user it is about, as she was not before.
fn ends_something(route: &str) -> bool {
    route.starts_with("DELETE ") || route == "POST /auth/logout"
}

#[tokio::test]
async fn every_route_answers_every_kind_of_visitor_as_it_must() {
    let ring = json!({"root": "k".repeat(64), "keys": []}).to_string();
    let portal = |name: &str| local::Options {
        parameters: owned(&[
            ("Portal", name),
            ("SelfSignUp", "on"),
            ("EmailsPerDayPortal", "10000"),
            ("EmailsPerHour", "1000"),
            ("EmailsPerDay", "10000"),
        ]),
        key_ring: Some(ring.clone()),
        ..local::Options::default()
    };
    let (world, staff) = (
        World::of(portal("partner")).await,
        World::of(portal("staff")).await,
    );
    let template = Template::read(&owned(&[("EmailFrom", "no-reply@example.com")])).unwrap();
    let routes: Vec<_> = template
        .functions
        .iter()
        .flat_map(|function| &function.routes)
        .collect();
    let mut cells = 0;
    for visitor in VISITORS {
        let mut arrived = arrive((&world, &staff), visitor, cells).await;
        for route in &routes {
            let key = format!("{} {}", route.method, route.path);
            let expected = expected(&key, visitor)
                .unwrap_or_else(|| unreachable!("nobody has decided about {key}"));
            let (browser, user, session) = &arrived;
            let id = if route.path.starts_with("/admin") {
                user
            } else {
                session
            };
            let path = route.path.replace("{id}", id).replace("{token}", "x");
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            let answer = if visitor == SignedAdmin && route.path.starts_with("/admin") {
                let body = json!({});
                let has_body = [
                    "POST /admin/users",
                    "POST /admin/users/import",
                    "PATCH /admin/users/{id}",
                ];
                browser
                    .call(
                        method,
                        &path,
                        has_body.contains(&key.as_str()).then_some(&body),
                    )
                    .await
            } else {
                let request = browser.request(method.clone(), &path);
                let bodied = method == Method::POST || method == Method::PATCH;
                let json = request
                    .try_clone()
                    .unwrap()
                    .header("content-type", "application/json")
                    .body("{}");
                browser.send(if bodied { json } else { request }).await
            };
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{key} for {visitor:?}: {}",
                answer.body
            );
            cells += 1;
            if ends_something(&key) {
                arrived = arrive((&world, &staff), visitor, cells).await;
            }
        }
    }
    assert_eq!(cells, routes.len() * VISITORS.len());
}
