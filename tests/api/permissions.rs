//! Who may do what: every route of the template, for every kind of visitor. A route that is added
//! without a decision here fails the test.

use kit::{ADA, ApiClient, World, hours, parameters};
use local::Options;
use local::template::Template;
use reqwest::Method;
use serde_json::json;

/// The kind of a client that sends a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Visitor {
    Nobody,
    User,
    OtherUser,
    Suspended,
    SignedOut,
    Expired,
    OtherPortal,
    UnsignedAdmin,
    SignedAdmin,
}

use Visitor::{
    Expired, Nobody, OtherPortal, OtherUser, SignedAdmin, SignedOut, Suspended, UnsignedAdmin, User,
};

const VISITORS: [Visitor; 9] = [
    Nobody,
    User,
    OtherUser,
    Suspended,
    SignedOut,
    Expired,
    OtherPortal,
    UnsignedAdmin,
    SignedAdmin,
];

/// Returns the status of a route for a visitor who sends an empty body, or `None` for a route that
/// nobody has decided about.
fn expected(route: &str, visitor: Visitor) -> Option<u16> {
    let signed_in = [User, OtherUser].contains(&visitor);
    let is_admin = visitor == SignedAdmin;
    let only_if =
        |allowed: bool, status: u16, otherwise: u16| Some(if allowed { status } else { otherwise });
    match route {
        "POST /auth/request-login"
        | "POST /auth/verify"
        | "POST /auth/sign-in"
        | "POST /auth/activate"
        | "POST /auth/forgot-password"
        | "POST /auth/reset-password"
        | "POST /auth/report"
        | "POST /auth/change-password"
        | "POST /auth/sign-up"
        | "POST /auth/continue" => Some(400),
        "GET /favicon.ico"
        | "GET /auth/sign-in"
        | "GET /auth/continue"
        | "GET /auth/sign-up"
        | "GET /auth/check-email"
        | "GET /auth/forgot-password"
        | "GET /auth/verify"
        | "GET /auth/report/{token}"
        | "GET /auth/config"
        | "GET /auth/client/1/vestibule.js"
        | "GET /auth/client/1/vestibule.d.ts" => Some(200),
        "GET /auth/verify/{token}"
        | "GET /auth/activate/{token}"
        | "GET /auth/reset-password/{token}" => Some(303),
        "GET /auth/account" | "GET /auth/confirm" => only_if(signed_in, 200, 303),
        "GET /" | "GET /.well-known/change-password" => Some(303),
        // Off by default.
        "POST /auth/token"
        | "GET /.well-known/openid-configuration"
        | "GET /.well-known/jwks.json" => Some(404),
        // `null` without a session.
        "GET /auth/session" => Some(200),
        "POST /auth/logout" => Some(200),
        "GET /auth/me" | "GET /auth/sessions" => only_if(signed_in, 200, 401),
        "POST /auth/confirm" => only_if(signed_in, 400, 401),
        // An empty body ends all sessions but this one.
        "POST /auth/end-session" | "DELETE /auth/sessions" => only_if(signed_in, 204, 401),
        "DELETE /auth/sessions/{id}" if visitor == OtherUser => Some(404),
        "DELETE /auth/sessions/{id}" => only_if(visitor == User, 204, 401),
        "POST /admin/users" | "POST /admin/users/import" | "PATCH /admin/users/{id}" => {
            only_if(is_admin, 400, 403)
        }
        "GET /admin/users"
        | "GET /admin/users/{id}"
        | "GET /admin/users/{id}/audit"
        | "GET /admin/users/{id}/emails" => only_if(is_admin, 200, 403),
        "GET /admin/templates" | "GET /admin/templates/{message}/{language}" => {
            only_if(is_admin, 200, 403)
        }
        "POST /admin/templates/{message}/{language}/preview" => only_if(is_admin, 200, 403),
        "PUT /admin/templates/{message}/{language}" => only_if(is_admin, 400, 403),
        "DELETE /admin/templates/{message}/{language}" => only_if(is_admin, 204, 403),
        "POST /admin/users/{id}/resend" => only_if(is_admin, 409, 403),
        "GET /admin/emails" | "POST /admin/emails/lift" | "POST /admin/emails/redrive" => {
            only_if(is_admin, 400, 403)
        }
        "DELETE /admin/users/{id}" | "DELETE /admin/users/{id}/sessions" => {
            only_if(is_admin, 204, 403)
        }
        "HEAD /" => Some(303),
        // They are asked for a path that does not exist.
        "GET /{proxy+}" | "HEAD /{proxy+}" => Some(404),
        _ => None,
    }
}

/// Returns a client of this kind, and the ids of the user and the session that the routes are
/// about.
async fn arrive<'a>(
    world: &'a World,
    staff: &World,
    visitor: Visitor,
    n: usize,
) -> (ApiClient<'a>, String, String) {
    let target = format!("target{n}@example.com");
    let other = format!("other{n}@example.com");
    for email in [&target, &other] {
        let created = world
            .client()
            .create_user(email, "x")
            .status("active")
            .await;
        created.assert("201");
    }
    let [client, owner] = [(); 2].map(|()| world.client());
    let is_target = [User, Suspended, SignedOut, Expired].contains(&visitor);
    let (of_target, of_other) = if is_target {
        (&client, &owner)
    } else {
        (&owner, &client)
    };
    of_target.sign_in_by_link(&target).await;
    of_other.sign_in_by_link(&other).await;
    let me = of_target.me().await.json();
    let session = me["session"]["id"].as_str().unwrap().to_owned();
    let cookie = client.session();
    match visitor {
        User | OtherUser => {}
        Suspended => world.suspend(&target).await,
        SignedOut => {
            client.logout().await;
            client.set_session(cookie.as_deref());
        }
        Expired => world.clock.advance(hours(24)),
        OtherPortal => {
            let stranger = staff.client();
            stranger.sign_in_by_link(ADA).await;
            client.set_session(stranger.session().as_deref());
        }
        Nobody | UnsignedAdmin | SignedAdmin => client.set_session(None),
    }
    (client, world.user_id(&target), session)
}

#[tokio::test]
async fn every_route_has_the_right_status_for_every_kind_of_visitor() {
    let options = |name| Options {
        parameters: parameters(&[
            ("Portal", name),
            ("SelfSignUp", "on"),
            ("EmailsPerDayPortal", "10000"),
            ("EmailsPerHour", "1000"),
            ("EmailsPerDay", "10000"),
        ]),
        key_ring: Some(json!({"root": "k".repeat(64), "keys": []}).to_string()),
        ..Options::default()
    };
    let world = World::of(options("partner")).await;
    let staff = World::of(options("staff")).await;
    let required = parameters(&[("EmailFrom", "no-reply@example.com")]);
    let template = Template::read(&required).unwrap();
    let routes = template.functions.iter().flat_map(|one| &one.routes);
    let routes: Vec<_> = routes.collect();
    let mut cells = 0;
    for visitor in VISITORS {
        let mut arrived = arrive(&world, &staff, visitor, cells).await;
        for route in &routes {
            let key = route.key();
            let Some(expected) = expected(&key, visitor) else {
                unreachable!("nobody has decided about {key}")
            };
            let (client, user, session) = &arrived;
            let is_admin = route.path.starts_with("/admin");
            let id = if is_admin { user } else { session };
            let path = route.path.replace("{id}", id).replace("{token}", "x");
            let path = path.replace("{message}/{language}", "sign-in/en");
            let path = path.replace("{proxy+}", "nothing");
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            let mut request = client.request(method.clone(), path);
            if [Method::POST, Method::PATCH, Method::PUT].contains(&method) {
                request = request.body(json!({}));
            }
            if visitor == SignedAdmin && is_admin {
                request = request.signed_by("local");
            }
            let response = request.await;
            assert_eq!(
                response.status, expected,
                "{key} for {visitor:?}: {response:?}"
            );
            cells += 1;
            let ends_something = method == Method::DELETE
                || ["POST /auth/logout", "POST /auth/end-session"].contains(&key.as_str());
            if ends_something {
                arrived = arrive(&world, &staff, visitor, cells).await;
            }
        }
    }
    assert_eq!(cells, routes.len() * VISITORS.len());
}
