use super::*;
use crate::keys::hs256;

fn ring(portal: &str) -> KeyRing {
    hs256::install();
    let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "r".repeat(64));
    KeyRing::parse(&value, &PortalName::parse(portal).unwrap()).unwrap()
}

fn link() -> Link {
    Link {
        purpose: Purpose::SignIn,
        id: LinkId::from_bytes([1; 32]),
        user: UserId::new([2; 16]),
        address: EmailAddress::parse("ada@example.com").unwrap(),
        epoch: Epoch::new(3),
        account: LinkAccount::Active,
        expires_at: Timestamp::from_secs(4),
        next: LinkNext::Page(Next::from_stored("https://portal.example.com/".to_owned())),
    }
}

fn session() -> SessionClaims {
    let id = SessionId::new([5; 32]);
    SessionClaims {
        id,
        user: UserId::new([2; 16]),
        address: EmailAddress::parse("ada@example.com"),
        expires_at: Timestamp::from_secs(6),
    }
}

/// Returns a link's token whose header and claims were changed before it was signed with the
/// portal's subkey.
fn signed_after(change: impl Fn(&mut Header, &mut serde_json::Value)) -> String {
    let ring = ring("partner");
    let key = ring.get("1").unwrap();
    let token = ring.sign_link(key, &link());
    let mut header = jsonwebtoken::decode_header(&token).unwrap();
    let mut claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token)
        .unwrap()
        .claims;
    change(&mut header, &mut claims);
    jsonwebtoken::encode(
        &header,
        &claims,
        &EncodingKey::from_secret(key.link.expose()),
    )
    .unwrap()
}

#[test]
fn a_token_returns_the_signed_content() {
    let ring = ring("partner");
    let key = ring.get("1").unwrap();
    let page = link().next;
    for next in [LinkNext::None, page, LinkNext::Stored] {
        let link = Link { next, ..link() };
        let token = ring.sign_link(key, &link);
        let read = ring.read_link(Purpose::SignIn, &token).unwrap();
        assert_eq!(read.content, link);
    }
    let read = ring
        .read_session(&ring.sign_session(key, &session()))
        .unwrap()
        .content;
    assert_eq!(
        (read.id.expose(), read.user, read.address),
        (session().id.expose(), session().user, session().address)
    );
    assert!(
        ring.read_link(Purpose::SignIn, &signed_after(|_, _| ()))
            .is_ok(),
        "each forgery below differs only in its change"
    );
}

#[test]
fn a_token_names_its_type_purpose_and_portal() {
    let ring = ring("partner");
    let key = ring.get("1").unwrap();
    for (token, typ, audience) in [
        (ring.sign_link(key, &link()), "link+jwt", "partner/link"),
        (
            ring.sign_session(key, &session()),
            "session+jwt",
            "partner/session",
        ),
    ] {
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token)
            .unwrap()
            .claims;
        assert_eq!(
            (header.typ.as_deref(), header.alg),
            (Some(typ), Algorithm::HS256)
        );
        assert_eq!(
            (&claims["iss"], &claims["aud"]),
            (&"vestibule/partner".into(), &audience.into())
        );
    }
}

#[test]
fn tokens_of_another_key_and_changed_tokens_are_rejected() {
    let (ours, key) = (ring("partner"), ring("partner").get("1").unwrap().clone());
    let token = ours.sign_link(&key, &link());
    let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "s".repeat(64));
    let theirs = KeyRing::parse(&value, &ours.portal).unwrap();
    assert_eq!(
        theirs.read_link(Purpose::SignIn, &token).unwrap_err(),
        TokenError::Invalid
    );
    let (signed, signature) = token.rsplit_once('.').unwrap();
    for wrong in [
        format!("{signed}."),
        format!("{signed}.{}", "A".repeat(signature.len())),
    ] {
        assert_eq!(
            ours.read_link(Purpose::SignIn, &wrong).unwrap_err(),
            TokenError::Invalid
        );
    }
}

#[test]
fn type_audience_issuer_key_and_every_claim_are_checked() {
    type Change = fn(&mut Header, &mut serde_json::Value);
    let wrong: [(&str, Change); 11] = [
        ("the type of a session", |header, _| {
            header.typ = Some("session+jwt".to_owned());
        }),
        ("the general type", |header, _| {
            header.typ = Some("JWT".to_owned());
        }),
        ("no type", |header, _| header.typ = None),
        ("no key", |header, _| header.kid = None),
        ("an unknown key", |header, _| {
            header.kid = Some("2".to_owned());
        }),
        ("the audience of sessions", |_, claims| {
            claims["aud"] = "partner/session".into();
        }),
        ("another portal's audience", |_, claims| {
            claims["aud"] = "staff/link".into();
        }),
        ("no audience", |_, claims| {
            drop(claims.as_object_mut().unwrap().remove("aud"));
        }),
        ("another issuer", |_, claims| {
            claims["iss"] = "vestibule/staff".into();
        }),
        ("no expiry", |_, claims| {
            drop(claims.as_object_mut().unwrap().remove("exp"));
        }),
        ("a broken id", |_, claims| claims["jti"] = "x".into()),
    ];
    for (what, change) in wrong {
        assert_eq!(
            ring("partner")
                .read_link(Purpose::SignIn, &signed_after(change))
                .unwrap_err(),
            TokenError::Invalid,
            "{what}"
        );
    }
}

#[test]
fn tokens_of_other_purposes_and_portals_are_rejected_even_with_the_same_key() {
    let (partner, staff) = (ring("partner"), ring("staff"));
    let key = partner.get("1").unwrap();
    let purposes = [
        Purpose::SignIn,
        Purpose::Activation,
        Purpose::Reset,
        Purpose::Report,
    ];
    let session = partner.sign_session(key, &session());
    assert!(partner.read_session(&session).is_ok() && staff.read_session(&session).is_err());
    for purpose in purposes {
        let link = partner.sign_link(key, &Link { purpose, ..link() });
        assert!(
            partner.read_session(&link).is_err() && partner.read_link(purpose, &session).is_err()
        );
        for other in purposes {
            assert_eq!(partner.read_link(other, &link).is_ok(), other == purpose);
            assert!(staff.read_link(other, &link).is_err());
        }
    }
}

#[test]
fn a_token_longer_than_the_maximum_is_rejected() {
    let ring = ring("partner");
    let key = ring.get("1").unwrap();
    let token = |next: usize| {
        ring.sign_link(
            key,
            &Link {
                next: LinkNext::Page(Next::from_stored("x".repeat(next))),
                ..link()
            },
        )
    };
    let fits: Vec<_> = (2500..3000)
        .map(token)
        .filter(|token| (4095..=4098).contains(&token.len()))
        .collect();
    assert!(
        fits.iter().any(|token| token.len() == MAX_LENGTH)
            && fits.iter().any(|token| token.len() > MAX_LENGTH)
    );
    for token in fits {
        assert_eq!(
            ring.read_link(Purpose::SignIn, &token).is_ok(),
            token.len() <= MAX_LENGTH,
            "{}",
            token.len()
        );
    }
}

#[test]
fn an_unknown_key_is_invalid_only_while_the_ring_is_fresh() {
    let token = signed_after(|header, _| header.kid = Some("2".to_owned()));
    assert_eq!(
        ring("partner")
            .read_link(Purpose::SignIn, &token)
            .unwrap_err(),
        TokenError::Invalid
    );
    assert_eq!(
        ring("partner")
            .as_stale()
            .read_link(Purpose::SignIn, &token)
            .unwrap_err(),
        TokenError::UnknownKeyWhileStale
    );
}
