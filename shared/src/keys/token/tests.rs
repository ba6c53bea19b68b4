use super::*;
use crate::domain::origin::Origin;
use crate::domain::paths;
use crate::keys::hs256;

fn ring(portal: &str) -> KeyRing {
    hs256::install();
    let value = format!("{{\"root\": \"{}\", \"keys\": []}}", "r".repeat(64));
    KeyRing::parse(&value, &PortalName::parse(portal).unwrap()).unwrap()
}

fn link() -> LinkClaims {
    LinkClaims {
        purpose: Purpose::SignIn,
        id: LinkId::from_bytes([1; 12]),
        address: EmailAddress::parse("ada@example.com").unwrap(),
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
    let name = String::new();
    for next in [LinkNext::None, page, LinkNext::Stored] {
        for account in [
            LinkAccount::Active,
            LinkAccount::Invited,
            LinkAccount::New { name: name.clone() },
        ] {
            for purpose in [Purpose::SignIn, Purpose::Activation, Purpose::Reset] {
                let (next, account) = (next.clone(), account.clone());
                let link = LinkClaims {
                    purpose,
                    next,
                    account,
                    ..link()
                };
                let token = ring.sign_link(key, &link);
                assert_eq!(ring.read_link(purpose, &token).unwrap().content, link);
            }
        }
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
    for (token, typ, names) in [
        (ring.sign_link(key, &link()), None, ["partner", "link"]),
        (
            ring.sign_session(key, &session()),
            Some("session+jwt"),
            ["vestibule/partner", "partner/session"],
        ),
    ] {
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let claims: serde_json::Value = jsonwebtoken::dangerous::insecure_decode(&token)
            .unwrap()
            .claims;
        assert_eq!((header.typ.as_deref(), header.alg), (typ, Algorithm::HS256));
        assert_eq!([&claims["iss"], &claims["aud"]], names);
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
    let wrong: [(&str, Change); 12] = [
        ("the type of a session", |header, _| {
            header.typ = Some("session+jwt".to_owned());
        }),
        ("the general type", |header, _| {
            header.typ = Some("JWT".to_owned());
        }),
        ("no key", |header, _| header.kid = None),
        ("an unknown key", |header, _| {
            header.kid = Some("2".to_owned());
        }),
        ("the audience of sessions", |_, claims| {
            claims["aud"] = "partner/session".into();
        }),
        ("the audience of resets", |_, claims| {
            claims["aud"] = "reset".into();
        }),
        ("no audience", |_, claims| {
            drop(claims.as_object_mut().unwrap().remove("aud"));
        }),
        ("another issuer", |_, claims| {
            claims["iss"] = "staff".into();
        }),
        ("no issuer", |_, claims| {
            drop(claims.as_object_mut().unwrap().remove("iss"));
        }),
        ("an unknown account", |_, claims| {
            claims["acc"] = "old".into();
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
        let link = partner.sign_link(key, &LinkClaims { purpose, ..link() });
        assert!(
            partner.read_session(&link).is_err() && partner.read_link(purpose, &session).is_err()
        );
        for other in purposes {
            assert_eq!(partner.read_link(other, &link).is_ok(), other == purpose);
            assert!(staff.read_link(other, &link).is_err());
        }
    }
}

/// The whole URL is on a line of its own in emails.
#[test]
fn a_link_without_next_has_at_most_280_characters() {
    let ring = ring("partner");
    let public = Origin::parse("https://auth.partners.example.com").unwrap();
    let new = LinkAccount::New {
        name: String::new(),
    };
    let links = [
        (Purpose::SignIn, paths::VERIFY, LinkAccount::Active),
        (Purpose::SignIn, paths::VERIFY, LinkAccount::Invited),
        (Purpose::SignIn, paths::VERIFY, new.clone()),
        (Purpose::Activation, paths::ACTIVATE, LinkAccount::Invited),
        (Purpose::Activation, paths::ACTIVATE, new),
        (Purpose::Reset, paths::RESET_PASSWORD, LinkAccount::Active),
    ];
    for (purpose, page, account) in links {
        let link = LinkClaims {
            purpose,
            address: EmailAddress::parse("adalove@partners.com").unwrap(),
            account,
            expires_at: Timestamp::from_secs(1_800_000_000),
            next: LinkNext::None,
            ..link()
        };
        assert_eq!(link.address.as_str().len(), 20);
        let token = ring.sign_link(ring.get("1").unwrap(), &link);
        let url = paths::link_page(&public, page, &token);
        assert!(url.len() <= 280, "{}: {url}", url.len());
    }
}

#[test]
fn a_token_longer_than_the_maximum_is_rejected() {
    let ring = ring("partner");
    let key = ring.get("1").unwrap();
    let token = |next: usize| {
        ring.sign_link(
            key,
            &LinkClaims {
                next: LinkNext::Page(Next::from_stored("x".repeat(next))),
                ..link()
            },
        )
    };
    let fits: Vec<_> = (2500..3200)
        .map(token)
        .filter(|token| (4095..=4098).contains(&token.len()))
        .collect();
    assert!(
        fits.iter().any(|token| token.len() <= MAX_LENGTH)
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
