//! Every kind of token is refused everywhere but at its own endpoint, and nothing is written.

use kit::{ADA, ApiClient, ApiRequest, CHEAP_HASHES, GRACE, PASSWORD, World, hours, mins};
use kit::{ApiResponse, parameters};
use local::Options;
use serde_json::json;
use shared::domain::link::Nonce;
use std::time::Duration;

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    SignIn,
    Activation,
    Reset,
}

const KINDS: [Kind; 3] = [Kind::SignIn, Kind::Activation, Kind::Reset];

impl Kind {
    const fn owner(self) -> &'static str {
        match self {
            Self::SignIn | Self::Reset => ADA,
            Self::Activation => GRACE,
        }
    }

    const fn lifetime(self) -> Duration {
        match self {
            Self::SignIn => mins(15),
            Self::Activation => hours(72),
            Self::Reset => hours(1),
        }
    }

    /// Requests a link and returns the token that was emailed.
    async fn request(self, world: &World, client: &ApiClient<'_>) -> String {
        let request = match self {
            Self::SignIn | Self::Activation => client.request_login(self.owner()),
            Self::Reset => client.forgot_password(self.owner()),
        };
        request.await.assert("200");
        world.latest_email().await.token()
    }

    /// Redeems a token at the endpoint of this kind.
    fn redeem<'c>(self, client: &'c ApiClient<'_>, token: &str) -> ApiRequest<'c> {
        match self {
            Self::SignIn => client.verify_link(token),
            Self::Activation => client.activate(token, PASSWORD),
            Self::Reset => client.reset_password(token, PASSWORD),
        }
    }
}

/// Starts a portal with this name and with the key that all of them here have.
async fn world(name: &str) -> World {
    World::of(Options {
        parameters: parameters(&[&CHEAP_HASHES[..], &[("Portal", name)]].concat()),
        key_ring: Some(json!({"root": "k".repeat(64), "keys": []}).to_string()),
        ..Options::default()
    })
    .await
}

/// Asserts that a request is refused and that no cookie comes back.
#[track_caller]
fn assert_refused(response: ApiResponse, outcome: &str) {
    let response = response.assert(outcome);
    assert!(response.cookies.is_empty(), "{response:?}");
}

#[tokio::test]
async fn a_link_is_accepted_only_at_its_own_endpoint() {
    for kind in KINDS {
        let world = world("partner").await;
        let client = world.client();
        let token = kind.request(&world, &client).await;
        let before = world.snapshot();
        for other in KINDS.into_iter().filter(|other| *other != kind) {
            assert_refused(other.redeem(&client, &token).await, "400 invalid-token");
        }
        for cookie in ["partner.sid", "partner.requests"] {
            let stranger = world.client();
            stranger.set_cookie(cookie, Some(&token));
            assert_refused(stranger.me().await, "401 not-authenticated");
            let code = stranger.verify_code("12345678").await;
            assert_refused(code, "400 invalid-token");
        }
        let code = client.verify_code("12345678").login_request(&token);
        assert_refused(code.await, "400 invalid-token");
        assert_eq!(world.snapshot(), before, "{kind:?}");
        kind.redeem(&client, &token).await.assert("200");
    }
}

#[tokio::test]
async fn a_session_or_a_nonce_is_not_accepted_as_a_link() {
    let world = world("partner").await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let nonce = client.nonces().unwrap();
    let before = world.snapshot();
    for token in [client.session().unwrap(), nonce.clone()] {
        for kind in KINDS {
            let refused = kind.redeem(&world.client(), &token).await;
            assert_refused(refused, "400 invalid-token");
        }
    }
    let stranger = world.client();
    stranger.set_session(Some(&nonce));
    assert_refused(stranger.me().await, "401 not-authenticated");
    assert_eq!(world.snapshot(), before);
}

#[tokio::test]
async fn a_link_of_another_portal_with_the_same_key_is_refused() {
    let partner = world("partner").await;
    let staff = world("staff").await;
    for kind in KINDS {
        let token = kind.request(&partner, &partner.client()).await;
        let before = staff.snapshot();
        let refused = kind.redeem(&staff.client(), &token).await;
        assert_refused(refused, "400 invalid-token");
        assert_eq!(staff.snapshot(), before, "{kind:?}");
        partner.clock.advance(mins(1));
    }
}

#[tokio::test]
async fn a_link_works_once() {
    for kind in KINDS {
        let world = world("partner").await;
        let token = kind.request(&world, &world.client()).await;
        kind.redeem(&world.client(), &token).await.assert("200");
        world.settle().await;
        let before = world.snapshot();
        let again = kind.redeem(&world.client(), &token).await;
        assert_refused(again, "410 used-token");
        assert_eq!(world.snapshot(), before, "{kind:?}");
    }
}

#[tokio::test]
async fn a_link_expires() {
    for kind in KINDS {
        let world = world("partner").await;
        let token = kind.request(&world, &world.client()).await;
        world.clock.advance(kind.lifetime());
        assert!(world.snapshot().contains(kind.owner()));
        let expired = kind.redeem(&world.client(), &token).await;
        assert_refused(expired, "410 expired-token");
        world.portal.sweep_ttl().unwrap();
        let swept = kind.redeem(&world.client(), &token).await;
        assert_refused(swept, "410 expired-token");
        assert!(world.rows("sessions").is_empty());
    }
}

#[tokio::test]
async fn a_link_is_void_once_its_user_is_suspended_signed_out_or_has_another_address() {
    for change in ["suspended", "sessions revoked", "another address"] {
        for kind in KINDS {
            let world = world("partner").await;
            let token = kind.request(&world, &world.client()).await;
            match change {
                "suspended" => world.suspend(kind.owner()).await,
                "sessions revoked" => world.revoke_sessions(kind.owner()).await,
                // Changing an address also changes the epoch: here only the address differs.
                _ => {
                    let address = json!({"S": "else@example.com"});
                    world.set_attribute(kind.owner(), "address", &address);
                }
            }
            let before = world.snapshot();
            let refused = kind.redeem(&world.client(), &token).await;
            assert_refused(refused, "400 invalid-token");
            assert_eq!(world.snapshot(), before, "{kind:?}, {change}");
        }
    }
}

#[tokio::test]
async fn only_a_sign_in_link_has_a_code() {
    let world = world("partner").await;
    for kind in [Kind::Activation, Kind::Reset] {
        let client = world.client();
        kind.request(&world, &client).await;
        assert_eq!(world.latest_email().await.code, "", "{kind:?}");
        // The code that the link would have, had it been emailed.
        let link = Nonce::parse(&client.nonces().unwrap()).unwrap().link();
        let ring = world.key_ring();
        let code = ring.get("1").unwrap().code(&link).expose();
        let refused = client.verify_code(&code).await;
        assert_refused(refused, "400 invalid-token");
    }
    assert!(world.rows("sessions").is_empty());
}
