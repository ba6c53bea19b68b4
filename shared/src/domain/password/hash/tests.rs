use super::*;

/// Made by the reference implementation: `echo -n <password> | argon2 <salt> -id -t <t> -k <m>
/// -p <p> -l <length> -e`.
const REFERENCE: [(&str, &str); 5] = [
    (
        "password",
        "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw\
         $9iBLzuApLFRzr3bOvFkEWfh9ZzjT0WZNwad70kzTAV0",
    ),
    (
        "password",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ\
         $cpx6VEQbwTVZvcpxNIxOVUWZ5xnAipUmAe1cg2GMG70",
    ),
    (
        "Pässe 🎉 語",
        "$argon2id$v=19$m=256,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$B1/oP+WWowR5A9ZMi+jBPw",
    ),
    (
        "lanes",
        "$argon2id$v=19$m=128,t=2,p=4$MDEyMzQ1Njc4OWFiY2RlZg\
         $67GDPgoXkpbUJ6hPPD5vOLUKsz5MmEd/PIeRr2U8guDP\
         E2UuSnFYfesRAeZKXO4MdFGVxu/L030fug76+elL0A",
    ),
    (
        " ",
        "$argon2id$v=19$m=32,t=1,p=1$YSBzYWx0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHllcyE\
         $oSH+iEEiiFb10EZunr75wXNGxZFQtg4I",
    ),
];

const CHEAP: Argon2Params = Argon2Params {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};
const CHEAPER: Argon2Params = Argon2Params {
    memory_kib: 32,
    passes: 2,
    lanes: 1,
};
const OTHER: Argon2Params = Argon2Params {
    memory_kib: 64,
    passes: 2,
    lanes: 1,
};

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn hash(costs: Argon2Params, text: &str) -> PasswordHash {
    Hasher::new(costs, None).hash(&password(text), *b"0123456789abcdef")
}

#[test]
fn hashes_of_the_reference_implementation_verify() {
    for (text, phc) in REFERENCE {
        let stored = PasswordHash::parse(phc).unwrap();
        let hasher = Hasher::new(stored.costs(), None);
        assert_eq!(
            hasher.verify(&password(text), Some(&stored)),
            PasswordCheck::Match,
            "{phc}"
        );
        assert_eq!(
            hasher.verify(&password("another"), Some(&stored)),
            PasswordCheck::NoMatch,
            "{phc}"
        );
    }
}

#[test]
fn hashes_are_those_of_the_reference_implementation() {
    let (text, phc) = REFERENCE[0];
    let ours = Hasher::new(Argon2Params::parse("m=19456,t=2,p=1").unwrap(), None)
        .hash(&password(text), *b"sixteen bytes ok");
    assert_eq!(ours.as_str(), phc);
}

#[test]
fn the_test_vector_of_rfc_9106_is_met() {
    // Section 5.3 has a secret and associated data, which PHC strings lack: this tests the
    // crate alone.
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let argon2 =
        Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    argon2
        .hash_password_into(&[1; 32], &[2; 16], &mut tag)
        .unwrap();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    );
}

#[test]
fn a_hash_matches_only_its_password_and_says_when_it_needs_a_rehash() {
    let hasher = Hasher::new(CHEAP, Some(CHEAPER));
    let (new, old, foreign) = (
        hash(CHEAP, "open"),
        hash(CHEAPER, "open"),
        hash(OTHER, "open"),
    );
    let checks = |text| {
        [Some(&new), Some(&old), Some(&foreign), None]
            .map(|stored| hasher.verify(&password(text), stored))
    };
    assert_eq!(
        checks("open"),
        [
            PasswordCheck::Match,
            PasswordCheck::MatchNeedsRehash,
            PasswordCheck::NoMatch,
            PasswordCheck::NoMatch
        ]
    );
    assert_eq!(checks("Open"), [PasswordCheck::NoMatch; 4]);
    assert_eq!(
        [&new, &old, &foreign].map(|stored| hasher.accepts(stored)),
        [true, true, false]
    );
}

#[test]
fn the_computations_are_the_same_whatever_is_stored() {
    let stored = [
        Some(hash(CHEAP, "open")),
        Some(hash(CHEAPER, "open")),
        Some(hash(OTHER, "open")),
        None,
    ];
    for (previous, each) in [(None, 1), (Some(CHEAPER), 2), (Some(CHEAP), 1)] {
        for stored in &stored {
            for text in ["open", "shut"] {
                let hasher = Hasher::new(CHEAP, previous);
                hasher.verify(&password(text), stored.as_ref());
                assert_eq!(hasher.computed(), each, "{previous:?} {text}");
            }
        }
    }
}

#[test]
fn the_password_of_the_dummy_hash_does_not_match() {
    let mut tag = [0; 32];
    tag.copy_from_slice(hash(CHEAP, "open").output.as_bytes());
    let hasher = Hasher {
        dummy: (*b"0123456789abcdef", tag),
        ..Hasher::new(CHEAP, None)
    };
    for stored in [None, Some(hash(OTHER, "open"))] {
        assert_eq!(
            hasher.verify(&password("open"), stored.as_ref()),
            PasswordCheck::NoMatch
        );
    }
    assert_eq!(
        hasher.verify(&password("open"), Some(&hash(CHEAP, "open"))),
        PasswordCheck::Match
    );
}

#[test]
fn another_salt_gives_another_hash_and_one_changed_bit_does_not_match() {
    let hasher = Hasher::new(CHEAP, None);
    let one = hash(CHEAP, "open");
    assert_ne!(
        hasher.hash(&password("open"), [0; 16]).as_str(),
        one.as_str()
    );
    for at in [0, 31] {
        let mut bytes: [u8; 32] = one.output.as_bytes().try_into().unwrap();
        bytes[at] ^= 1;
        let near = build(CHEAP, *b"0123456789abcdef", bytes).unwrap();
        assert_eq!(
            hasher.verify(&password("open"), Some(&near)),
            PasswordCheck::NoMatch,
            "byte {at}"
        );
    }
}

#[test]
fn a_hash_parses_only_in_its_canonical_spelling() {
    let one = hash(CHEAP, "open");
    assert_eq!(
        PasswordHash::parse(one.as_str()).unwrap().as_str(),
        one.as_str()
    );
    let good = "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert!(PasswordHash::parse(good).is_some());
    for (part, instead) in [
        ("$argon2id", "$argon2i"),
        ("$argon2id", "argon2id"),
        ("$argon2id", "$argon2id$argon2id"),
        ("$v=19", "$v=16"),
        ("$v=19", "$v=019"),
        ("$v=19", "$v=+19"),
        ("$v=19", ""),
        ("m=64,t=1,p=1", "t=1,m=64,p=1"),
        ("m=64,t=1,p=1", "m=064,t=1,p=1"),
        ("m=64,t=1,p=1", "m=64,t=1"),
        ("m=64,t=1,p=1", "m=64,t=1,p=1,keyid=AAAA"),
        ("m=64,t=1,p=1", "m=64,m=64,t=1,p=1"),
        ("m=64,t=1,p=1", "m=7,t=1,p=1"),
        ("m=64,t=1,p=1", "m=64,t=0,p=1"),
        ("m=64,t=1,p=1", "m=64,t=1,p=0"),
        ("m=64,t=1,p=1", "m=4294967295,t=1,p=1"),
        ("m=64,t=1,p=1", "m=64,t=4294967295,p=1"),
        ("m=64,t=1,p=1", "m=99999999999,t=1,p=1"),
        ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZg=="),
        ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEyMzQ1Njc4OWFiY2RlZh"),
        ("MDEyMzQ1Njc4OWFiY2RlZg", "MDEy"),
        ("MDEyMzQ1Njc4OWFiY2RlZg", ""),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAA",
        ),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ""),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA$",
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        ),
        (
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        ),
    ] {
        let bad = good.replacen(part, instead, 1);
        assert_ne!(bad, good);
        assert!(PasswordHash::parse(&bad).is_none(), "{bad}");
    }
    for bad in [
        "",
        "$",
        "hunter2",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=64,t=1,p=1",
    ] {
        assert!(PasswordHash::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn parameters_parse_only_in_their_canonical_spelling_within_bounds() {
    assert_eq!(
        Argon2Params::parse("m=19456,t=2,p=1"),
        Some(Argon2Params {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1
        })
    );
    for bad in [
        "",
        "m=19456",
        "m=19456,t=2",
        "m=19456,t=2,p=1,",
        " m=19456,t=2,p=1",
        "m=19456, t=2, p=1",
        "m=19456,t=2,p=1,keyid=AAAA",
        "t=2,m=19456,p=1",
        "m=19456,t=+2,p=1",
        "m=31,t=2,p=4",
        "m=131073,t=2,p=1",
        "m=19456,t=11,p=1",
        "m=19456,t=2,p=17",
    ] {
        assert_eq!(Argon2Params::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_hash_prints_as_redacted() {
    assert_eq!(format!("{:?}", hash(CHEAP, "open")), "[redacted]");
}
