use super::*;

fn reason_of(text: &str) -> Option<&'static str> {
    let address = EmailAddress::parse("ada.lovelace+portal@analytical.example").unwrap();
    let weak = check(text, &address, "Partner Portal").err();
    weak.map(WeakPassword::as_str)
}

/// Passwords that are refused, with the reason.
const REFUSED: &[(&str, &str)] = &[
    // Repeats.
    ("aaaaaaaaaaaaaaaa", "repeats"),
    ("aaaaaaaa bbbbbbbb", "repeats"),
    ("AaAaAaAaAaAaAaAaAa", "repeats"),
    ("ababababababababab", "repeats"),
    ("blablablablablabla", "repeats"),
    ("kx7kx7kx7kx7kx7kx7", "repeats"),
    ("🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉", "repeats"),
    ("......................", "repeats"),
    ("- - - - - - - - - -", "repeats"),
    ("12345678 12345678", "repeats"),
    ("passwordpassword1", "repeats"),
    ("password.Password.PASSWORD", "repeats"),
    ("admin@admin.com123", "repeats"),
    ("incredible-incredible", "repeats"),
    ("the the the the the", "repeats"),
    ("hallo hallo hallo", "repeats"),
    ("密码密码密码密码密码密码密码密", "repeats"),
    ("パスワードパスワードパスワード", "repeats"),
    ("비밀번호비밀번호비밀번호비밀번호", "repeats"),
    ("كلمة السر كلمة السر", "repeats"),
    ("пароль пароль пароль", "repeats"),
    ("κωδικός κωδικός", "repeats"),
    ("पासवर्ड पासवर्ड पासवर्ड", "repeats"),
    // Sequences.
    ("abcdefghijklmnopqrst", "sequence"),
    ("zyxwvutsrqponmlkji", "sequence"),
    ("a-b-c-d-e-f-g-h-i-j", "sequence"),
    ("A.B.C.D.E.F.G.H.I.J", "sequence"),
    ("acegikmoqsuwyace", "sequence"),
    ("100200300400500600", "sequence"),
    ("10 20 30 40 50 60 70", "sequence"),
    ("9 10 11 12 13 14 15", "sequence"),
    ("aabbccddeeffgghh", "sequence"),
    ("1984 1985 1986 1987", "sequence"),
    ("αβγδεζηθικλμνξο", "sequence"),
    ("абвгдежзийклмноп", "sequence"),
    ("אבגדהוזחטיכלמנסע", "sequence"),
    ("ابجدهوزحطيكلمنس", "sequence"),
    ("あいうえおかきくけこさしすせそ", "sequence"),
    ("가나다라마바사아자차카타파하가", "sequence"),
    ("一二三四五六七八九十一二三四五", "sequence"),
    ("甲乙丙丁戊己庚辛壬癸甲乙丙丁戊", "sequence"),
    ("कखगघङचछजझञटठडढण", "sequence"),
    ("١٢٣٤٥٦٧٨٩٠١٢٣٤٥", "sequence"),
    ("😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎", "sequence"),
    ("monday tuesday wednesday", "sequence"),
    ("one-two-three-four-five", "sequence"),
    ("eins zwei drei vier", "sequence"),
    ("januar_februar_maerz", "sequence"),
    ("alpha bravo charlie delta", "sequence"),
    ("3.14159265358979323846", "sequence"),
    // Keyboards.
    ("qwertzuiopü+asdf", "keyboard"),
    ("asdfghjklöä#yxcv", "keyboard"),
    ("азертйцукенгшщзхъ", "keyboard"),
    ("1qaz2wsx3edc4rfv5tgb", "keyboard"),
    ("aqswdefrgthyjuki", "keyboard"),
    ("qazwsxedcrfvtgbyhn", "keyboard"),
    ("!@#$%^&*()_+!@#$%^", "keyboard"),
    // Dates.
    ("24.12.1999 31.12.2000", "dates"),
    ("19991224-20001231", "dates"),
    ("1990/1974/1955/x", "dates"),
    ("on 1.1.2000 on 2/29/96", "dates"),
    // Common passwords.
    ("password 123456", "common"),
    ("123456-password", "common"),
    ("123456789012345", "common"),
    ("1 2 3 4 5 6 7 8 9 0", "common"),
    ("Passwort123456789", "common"),
    ("P@$$w0rd-L3tm31n", "common"),
    ("p1a2s3s4w5o6r7d8", "common"),
    ("a1!s2@d3#f4$g5%h6^", "common"),
    ("drowssap 654321", "common"),
    ("ｐａｓｓｗｏｒｄ１２３４５６７", "common"),
    ("𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝 𝟏𝟐𝟑𝟒𝟓𝟔", "common"),
    ("pässwörd-qwérty", "common"),
    ("раssword_qwеrty", "common"), // Cyrillic р, а and е
    ("pass\u{200b}word\u{200b}qwerty", "common"),
    ("letmein.monkey.dragon", "common"),
    ("qwerty asdfgh zxcvbn", "common"),
    ("qwerty-123456-abc123-monkey", "common"),
    ("iloveyou🔥princess", "common"),
    ("administrator123", "common"),
    ("changeme, changed", "common"),
    ("Welcome2024!2024", "common"),
    ("lorem ipsum dolor", "common"),
    ("ichliebedich-schatz", "common"),
    ("contraseña 12345", "common"),
    ("Йцукен123456789", "common"),
    ("ⓟⓐⓢⓢⓦⓞⓡⓓ①②③④⑤⑥⑦", "common"),
    ("this is my password", "common"),
    ("to be or not to be that is the question", "common"),
    ("qwerasdfzxcv1234", "common"),
    ("password8305716", "common"),
    // Names.
    ("Christopher Robin", "names"),
    ("michael+jennifer", "names"),
    ("Müller, Schneider", "names"),
    ("Anna & Maria 2019", "names"),
    // The address and the portal's name.
    ("ada.lovelace 1990", "personal"),
    ("Lovelace, Ada 2026", "personal"),
    ("lovelacelovelace", "personal"),
    ("@da.L0ve1ace!?#%&", "personal"),
    ("ecalevol.ada 12345", "personal"),
    ("PARTNER_PORTAL_01", "personal"),
    ("p-a-r-t-n-e-r-p-o-r-t-a-l", "personal"),
    ("analytical qwertz", "personal"),
    ("ａｎａｌｙｔｉｃａｌ！！！！！", "personal"),
    // Words and little else.
    ("unbelievable1234", "guessable"),
    ("Krankenhaus 1999!", "guessable"),
    ("wonderful, really", "guessable"),
];

/// Passwords that are accepted.
const ACCEPTED: &[&str] = &[
    "my cat knocked over the blue vase",
    "the lamp in the hallway hums at night",
    "seven green bicycles under water",
    "purple-otter-juggles-lemons",
    "Grandma hides cookies behind the radio",
    "coffee tastes better on the balcony",
    "i never liked the third violin",
    "teapot walrus lantern gravel",
    "teapot.walrus.lantern.gravel",
    "teapotwalruslanterngravel",
    "rain on the tin roof of the barn",
    "two spoons of sugar and no milk please",
    "ada told me where the teapot is",
    "portal guns and purple cake tomorrow",
    "Die Katze schläft auf dem warmen Ofen",
    "Öl für das grüne Fahrrad kaufen",
    "Zwölf müde Bären suchen Honig",
    "Übermorgen gibt es Apfelkuchen bei Oma",
    "Käsebrötchen mit Gewürzgurke",
    "Straßenbahn ohne Fahrschein",
    "7 Zwerge 4 Riesen 1 Drache",
    "mon chat dort sur le vieux canapé",
    "el gato rompió el jarrón azul anoche",
    "il gatto dorme sul divano rosso",
    "Ужин в семь у бабушки",
    "мой кот спит на старом диване",
    "в понедельник мы поедем на дачу",
    "Το πρωί πίνω καφέ στο μπαλκόνι",
    "η γάτα μου κοιμάται στον ήλιο",
    "晩御飯は七時に祖母の家で食べます",
    "うちのねこはよるになるとさわぎます",
    "我们周末要去海边看日出再吃早饭",
    "昨天晚上我在厨房打碎了一个蓝色花瓶",
    "우리 고양이는 파란 꽃병을 깼어요",
    "قهوتي الصباحية على الشرفة القديمة",
    "القطة تنام فوق السرير الأزرق",
    "मेरी बिल्ली नीले फूलदान पर सोती है",
    "दादी के घर सात बजे रात का खाना",
    "החתול שלי ישן על הספה הישנה",
    "แมวของฉันนอนบนโซฟาสีฟ้า",
    "kdjfhgiuwerhtjk",
    "8305716492837465",
    "8305-7164-9283-7465",
    "x%Q2!fL9@mZ4&wB7",
    "f3a91c07be5d4682",
    "JiUyTr-VbNe42-wqKxP",
    "🐶🌵🚀🎸🍕🧊🎩🐙🌋🦑🎲🧲🛶🥨🦜",
    "~{;:>#}|<@^]*&%?",
    "password but with walrus and gravel",
];

#[test]
fn patterns_and_common_pieces_are_refused_with_the_reason() {
    let wrong: Vec<_> = REFUSED
        .iter()
        .filter(|(text, reason)| reason_of(text) != Some(*reason))
        .map(|(text, reason)| (text, reason, reason_of(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(REFUSED.iter().all(|(text, _)| text.chars().count() >= 15));
}

#[test]
fn passphrases_and_random_characters_are_accepted() {
    let wrong: Vec<_> = ACCEPTED
        .iter()
        .filter_map(|text| Some((text, reason_of(text)?)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ACCEPTED.iter().all(|text| text.chars().count() >= 15));
}

#[test]
fn no_separator_makes_common_pieces_acceptable() {
    let pieces = [
        "password", "123456", "qwerty", "abcdef", "2024", "Michael", "aaaaaa", "passwort",
        "!!!!!!", "asdfgh", "Ada", "24121999", "654321", "letmein",
    ];
    let separators = [
        "", " ", "  ", "-", "_", ".", ", ", "/", "\\", "+", "#", "—", "·", "\t", "\n", "\u{a0}",
        "\u{200b}", "🔥", "x", "語", "->",
    ];
    for (one, other) in pieces.iter().zip(pieces.iter().cycle().skip(1)) {
        for separator in separators {
            for text in [
                format!("{one}{separator}{other}"),
                format!("{one}{separator}{one}{separator}{one}{separator}{one}"),
                format!("{separator}{one}{separator}{other}{separator}{one}{separator}"),
            ] {
                assert!(reason_of(&text).is_some(), "{text:?}");
            }
        }
    }
}

#[test]
fn no_spelling_makes_a_common_password_acceptable() {
    let spellings: [fn(&str) -> String; 8] = [
        |text| text.to_uppercase(),
        |text| text.chars().rev().collect(),
        |text| text.replace('a', "@").replace('o', "0").replace('e', "3"),
        |text| text.replace('a', "4").replace('s', "$").replace('i', "!"),
        |text| text.replace('a', "a\u{308}").replace('o', "ö"),
        |text| text.chars().map(|c| format!("{c}\u{334}")).collect(),
        |text| text.chars().flat_map(|c| [c, '.']).collect(),
        |text| text.chars().flat_map(|c| [c, c]).collect(),
    ];
    for text in [
        "password princess",
        "letmein/superman",
        "sunshine123football",
    ] {
        for (number, spell) in spellings.iter().enumerate() {
            assert!(
                reason_of(&spell(text)).is_some(),
                "{number}: {}",
                spell(text)
            );
        }
    }
}

#[test]
fn any_text_is_judged_within_bounded_work() {
    let hostile = [
        "\u{fdfa}".repeat(256),
        "ab".repeat(128),
        "4@8({[<3691!|70$5+%2".repeat(12),
        "e\u{301}\u{302}".repeat(85),
        ('a'..='z').cycle().take(256).collect(),
        (0x4e00..0x4f00).filter_map(char::from_u32).collect(),
        "qwertyuiop".repeat(25),
        "password".repeat(32),
        "ada.lovelace".repeat(21),
    ];
    for text in &hostile {
        let text = normalize(text);
        assert!(text.len() <= normalize::READ);
        assert!(views(&text).len() <= 6);
        let candidates = candidates::candidates(&text, &[]).iter().flatten().count();
        assert!(candidates < 50_000, "{candidates} of {text:?}");
    }
}

#[test]
fn no_text_panics() {
    // A xorshift generator: the same texts in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for _ in 0..300 {
        let range = [0x80, 0x800, 0x3100, 0x11_0000][next(4) as usize];
        let length = next(257) as usize;
        let text: String = std::iter::repeat_with(|| char::from_u32(next(range) as u32))
            .flatten()
            .take(length)
            .collect();
        let _ = reason_of(&text);
    }
}
