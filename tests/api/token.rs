//! `POST /auth/token` and the documents that verifiers read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit::{ADA, ApiClient, PASSWORD, World, hours, mins, routes, secs};
use local::aws_stub::Fault;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

const ON: (&str, &str) = ("AccessTokens", "on");

/// Splits an access token into header, claims, and whether one of the published keys has signed it.
async fn verify(client: &ApiClient<'_>, token: &str) -> (Value, Value, bool) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims] = [0, 1].map(|part| -> Value {
        let json = URL_SAFE_NO_PAD.decode(parts[part]).unwrap();
        serde_json::from_slice(&json).unwrap()
    });
    let set = client.open(routes::JWKS).await.assert("200").json();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]);
    let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
    let is_signed = key.is_some_and(|key| {
        let public = RsaPublicKeyComponents {
            n: bytes(&key["n"]),
            e: bytes(&key["e"]),
        };
        let message = format!("{}.{}", parts[0], parts[1]);
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        let verified = public.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature);
        verified.is_ok()
    });
    (header, claims, is_signed)
}

async fn access_token(client: &ApiClient<'_>) -> String {
    let response = client.access_token().await.assert("200");
    response.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_is_exchanged_for_a_token_with_every_claim() {
    let world = World::with(&[ON]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.clock.advance(mins(2));
    let response = client.access_token().await.assert("200");
    assert_eq!(response.headers["cache-control"], "no-store");
    let body = response.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 300);
    let token = body["access_token"].as_str().unwrap();
    let (header, claims, is_signed) = verify(&client, token).await;
    assert!(is_signed);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("RS256"), &json!("at+jwt"))
    );
    let me = client.me().await.json();
    let now = world.clock.now().secs();
    let issuer = world.portal.public_url();
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(issuer), &json!(issuer))
    );
    assert_eq!(claims["sub"], me["id"]);
    assert_eq!(claims["client_id"], "partner");
    for same in ["email", "role", "resources"] {
        assert_eq!(claims[same], me[same], "{same}");
    }
    assert_eq!(claims["sid"], me["session"]["id"]);
    assert_eq!(claims["amr"], me["session"]["amr"]);
    assert_eq!(claims["auth_time"], now - 120);
    assert_eq!(
        (&claims["iat"], &claims["exp"]),
        (&json!(now), &json!(now + 300))
    );
    let again = access_token(&client).await;
    let (_, other, _) = verify(&client, &again).await;
    assert_ne!(claims["jti"], other["jti"]);
}

#[tokio::test]
async fn lifetime_and_audience_are_parameters_and_a_token_never_outlives_its_session() {
    let parameters = [
        ON,
        ("AccessTokenMinutes", "60"),
        ("AccessTokenAudience", "api"),
        ("SessionHours", "2"),
    ];
    let world = World::with(&parameters).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let (_, claims, _) = verify(&client, &access_token(&client).await).await;
    assert_eq!(claims["aud"], "api");
    let end = world.clock.now().secs() + 7200;
    world.clock.advance(hours(2) - secs(1));
    let body = client.access_token().await.assert("200").json();
    assert_eq!(body["expires_in"], 1);
    let token = body["access_token"].as_str().unwrap();
    let (_, claims, _) = verify(&client, token).await;
    assert_eq!(claims["exp"], end);
    world.clock.advance(secs(1));
    client.access_token().await.assert("401 not-authenticated");
}

#[tokio::test]
async fn only_a_live_session_gets_a_token() {
    let world = World::with(&[ON]).await;
    let client = world.client();
    let refused = "401 not-authenticated";
    client.access_token().await.assert(refused);
    client.sign_in_by_link(ADA).await;
    let session = client.session().unwrap();
    let foreign = client
        .access_token()
        .header("origin", "https://evil.example");
    foreign.await.assert("403 origin-not-allowed");
    let bearer = world.client();
    bearer
        .access_token()
        .bearer_token(&session)
        .await
        .assert("200");
    let token = access_token(&client).await;
    bearer
        .access_token()
        .bearer_token(&token)
        .await
        .assert(refused);
    bearer.me().bearer_token(&token).await.assert(refused);
    bearer.verify_link(&token).await.assert("400 invalid-token");
    world.suspend(ADA).await;
    client.access_token().await.assert(refused);
}

#[tokio::test]
async fn with_access_tokens_off_there_is_nothing() {
    let world = World::start().await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    world.portal.take_calls();
    client.access_token().await.assert("404 not-found");
    for path in [routes::JWKS, routes::OPENID_CONFIGURATION] {
        client.open(path).await.assert("404 not-found");
    }
    assert!(world.portal.take_calls().is_empty());
}

#[tokio::test]
async fn verifiers_read_the_issuer_and_the_keys_and_may_cache_them() {
    let world = World::with(&[ON]).await;
    let client = world.client();
    let configuration = client
        .open(routes::OPENID_CONFIGURATION)
        .await
        .assert("200");
    let set = client.open(routes::JWKS).await.assert("200");
    for document in [&configuration, &set] {
        assert_eq!(document.headers["cache-control"], "public, max-age=300");
        assert_eq!(document.headers["content-type"], "application/json");
    }
    let issuer = world.portal.public_url();
    let configuration = configuration.json();
    assert_eq!(configuration["issuer"], issuer);
    assert_eq!(
        configuration["jwks_uri"],
        format!("{issuer}{}", routes::JWKS)
    );
    let key = &set.json()["keys"][0];
    let fields: Vec<_> = key.as_object().unwrap().keys().collect();
    assert_eq!(
        fields,
        ["alg", "e", "kid", "kty", "n", "use"],
        "no private part"
    );
    // The second time, this instance knows the key.
    world.portal.take_calls();
    client.open(routes::JWKS).await.assert("200");
    assert!(world.portal.take_calls().is_empty());
}

#[tokio::test]
async fn nothing_is_signed_while_kms_or_the_store_fails() {
    let world = World::with(&[ON]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    for service in ["kms", "dynamodb"] {
        world.inject(Fault::FailBefore, move |call| call.service == service);
        client.access_token().await.assert("503 unavailable");
    }
    world.inject(Fault::FailBefore, |call| call.service == "kms");
    client.open(routes::JWKS).await.assert("503 unavailable");
    world.clear_fault();
    client.open(routes::JWKS).await.assert("200");
}

#[tokio::test]
async fn a_new_key_is_published_at_once_and_signs_once_verifiers_must_know_it() {
    let world = World::with(&[ON, ("SessionHours", "24")]).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let old = access_token(&client).await;
    let (header, ..) = verify(&client, &old).await;
    let first = format!(
        "arn:aws:kms:us-east-1:000000000000:key/{}",
        header["kid"].as_str().unwrap()
    );
    let added_at = world.clock.now().secs();
    let second = first.replace("key/", "key/second-");
    add_key(
        &world,
        &json!([{"arn": first, "added_at": 0}, {"arn": second, "added_at": added_at}]),
    );

    world.clock.advance(mins(5));
    let set = client.open(routes::JWKS).await.json();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    let kid = async || {
        let token = access_token(&client).await;
        let (header, _, is_signed) = verify(&client, &token).await;
        assert!(is_signed);
        header["kid"].clone()
    };
    world.clock.advance(mins(130) - secs(1));
    assert_eq!(kid().await, header["kid"]);
    world.clock.advance(secs(1));
    assert_ne!(kid().await, header["kid"]);
    assert!(
        verify(&client, &old).await.2,
        "the old key is still published"
    );
    add_key(&world, &json!([{"arn": second, "added_at": added_at}]));
    world.clock.advance(mins(5));
    assert_ne!(kid().await, header["kid"]);
    assert!(!verify(&client, &old).await.2, "the old key is retired");
}

/// Replaces the list of keys in the key ring.
fn add_key(world: &World, keys: &Value) {
    let mut ring: Value = serde_json::from_str(&world.portal.key_ring().unwrap()).unwrap();
    ring["access_token_keys"] = keys.clone();
    world.portal.set_key_ring(Some(ring.to_string()));
}

#[tokio::test]
async fn large_resources_are_left_out_and_a_confirmation_is_in_the_next_token() {
    let world = World::with_cheap_hashes(&[ON]).await;
    world.set_password(ADA, PASSWORD).await;
    let client = world.client();
    client.sign_in_by_link(ADA).await;
    let (_, before, _) = verify(&client, &access_token(&client).await).await;
    let name = "n".repeat(100);
    let resource =
        |n: u32| json!({"type": "partner", "id": n.to_string(), "name": name, "slug": "s"});
    let id = world.user_id(ADA);
    let resources: Vec<_> = (0..40).map(resource).collect();
    let update = client.update_user(&id).with("resources", resources);
    update.await.assert("200");
    world.clock.advance(mins(1));
    client.confirm_password(PASSWORD).await.assert("200");
    let (_, after, is_signed) = verify(&client, &access_token(&client).await).await;
    assert!(is_signed && before["resources"].is_array() && after["resources"].is_null());
    assert_eq!(after["amr"], json!(["pwd"]));
    assert!(after["auth_time"].as_u64() > before["auth_time"].as_u64());
}
