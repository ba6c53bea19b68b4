#!/usr/bin/env python3
"""Writes words.list, the words and passwords that the strength estimate knows, beside this file.

Takes them from packages of the npm registry, at the versions below (all under the MIT licence), with `npm pack`. The same
versions give the same file.
"""

import json
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unicodedata

PACKAGES = (
    "zxcvbn@4.4.2",
    "@zxcvbn-ts/language-de@3.0.2",
    "@zxcvbn-ts/language-es-es@4.1.2",
    "@zxcvbn-ts/language-fr@4.1.2",
)

HEADER = """\
# Common passwords, names and words, the most common of each section first. Made by words.py; do not edit.
# "rows" are words and digits in their usual order, written without separators.
#
# From these npm packages, under the MIT licence:
{packages}
#
# Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.
# Copyright (c) 2021 @zxcvbn-ts
"""

# Words for "password" and greetings in languages without a package, and sentences that everybody knows.
OWN_PASSWORDS = """
    password passwort kennwort contrasena motdepasse senha wachtwoord parola hasło heslo jelszó şifre lösenord salasana
    adgangskode passord пароль привет люблю любовь κωδικός συνθηματικό 密码 密碼 我爱你 パスワード あいしてる 愛してる 비밀번호 사랑해
    كلمةالسر كلمةالمرور احبك पासवर्ड नमस्ते סיסמה รหัสผ่าน admin administrator login signin changeme secret geheim default
    letmeinplease thisismypassword mypasswordis ichliebedich jetaime teamo iloveyousomuch ihatepasswords passphrase
    loremipsum loremipsumdolor com org net www http https gmail
""".split()
OWN_PHRASES = """
    tobeornottobethatisthequestion maytheforcebewithyou thequickbrownfoxjumpsoverthelazydog loremipsumdolorsitamet
    ihaveadream yeswecan onceuponatime happybirthdaytoyou merrychristmas happynewyear inthebeginningwastheword
    allyouneedislove winteriscoming youshallnotpass houstonwehaveaproblem ithinkthereforeiam knowledgeispower
    ourfatherwhoartinheaven franzjagtimkomplettverwahrlostentaxiquerdurchbayern seinodernichtsein
    supercalifragilisticexpialidocious donaudampfschifffahrtsgesellschaft antidisestablishmentarianism
    pneumonoultramicroscopicsilicovolcanoconiosis llanfairpwllgwyngyll rindfleischetikettierungsueberwachung
""".split()
OWN_ROWS = """
    nulleinszweidreivierfuenfsechssiebenachtneunzehnelfzwoelf montagdienstagmittwochdonnerstagfreitagsamstagsonntag
    januarfebruarmaerzaprilmaijunijuliaugustseptemberoktobernovemberdezember fruehlingsommerherbstwinter
    zeroonetwothreefourfivesixseveneightnineteneleventwelve alphabetagammadeltaepsilonzetaetathetaiotakappalambda doremifasollasido
    одиндватричетырепятьшестьсемьвосемьдевятьдесять понедельниквторниксредачетвергпятницасубботавоскресенье
    あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほ いろはにほへとちりぬるを 가나다라마바사아자차카타파하 一二三四五六七八九十
    甲乙丙丁戊己庚辛壬癸 子丑寅卯辰巳午未申酉戌亥 アイウエオカキクケコサシスセソタチツテトナニヌネノ ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ
    mondaytuesdaywednesdaythursdayfridaysaturdaysunday januaryfebruarymarchaprilmayjunejulyaugustseptemberoctober
    novemberdecember springsummerautumnwinter redorangeyellowgreenblueindigoviolet mercuryvenusearthmarsjupitersaturn
    alphabravocharliedeltaechofoxtrotgolfhotelindiajulietkilolimamikenovember
    αβγδεζηθικλμνξοπρστυφχψω ابجدهوزحطيكلمنسعفصقرشتثخذضظغ ابتثجحخدذرزسشصضطظعغفقكلمنهوي אבגדהוזחטיכלמנסעפצקרשת
    3141592653589793238462643383279502884197 271828182845904523536028747135266249 1618033988749894848204586834
    14142135623730950488016887242 112358132134558914423337761098 235711131719232931374143475359
    1248163264128256512102420484096819216384 149162536496481100121144169196225
""".split()


LETTERS = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ς": "σ"}


def plain(word):
    """The word as the estimate reads passwords: lower case, letters and digits, no accents."""
    word = unicodedata.normalize("NFKC", word).lower().translate(str.maketrans(LETTERS))
    bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not 0x300 <= ord(c) <= 0x36F)
    bare = unicodedata.normalize("NFC", bare)
    return "".join(c for c in bare if c.isalnum() or unicodedata.category(c)[0] == "M")


def spellings(word):
    """The plain word, and the way it is typed where there are no umlauts."""
    yield plain(word)
    without_umlauts = word.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if without_umlauts != word.lower():
        yield plain(without_umlauts)


def fetch(folder):
    """The packages, as one dictionary of lists: ("zxcvbn", "passwords"), ("language-de", "commonWords"), …"""
    lists = {}
    for package in PACKAGES:
        packed = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.split()[-1]
        name = package.rsplit("@", 1)[0].split("/")[-1]
        with tarfile.open(pathlib.Path(folder) / packed) as archive:
            for member in archive.getmembers():
                path = pathlib.PurePosixPath(member.name)
                if path == pathlib.PurePosixPath("package/lib/frequency_lists.js"):
                    source = archive.extractfile(member).read().decode()
                    for key, words in re.findall(r'(\w+): "([^"]+)"\.split\(","\)', source.replace("\\'", "'")):
                        lists[name, key] = words.split(",")
                elif path.parent.name == "src" and path.suffix == ".json":
                    lists[name, path.stem] = json.loads(archive.extractfile(member).read())
                elif path.name == "LICENSE.txt":
                    lists["license"] = archive.extractfile(member).read().decode()
    return lists


def sections(lists):
    """The sections in the order of the file: kind, title, words."""
    passwords = lists["zxcvbn", "passwords"]
    yield "common", "passwords", OWN_PASSWORDS[:2] + passwords[:10_000] + [p for p in passwords[10_000:] if len(p) >= 10]
    yield "common", "passwords in more languages, phrases", OWN_PASSWORDS[2:] + OWN_PHRASES
    yield "names", "given names (women, English)", lists["zxcvbn", "female_names"][:1000]
    yield "names", "given names (men, English)", lists["zxcvbn", "male_names"][:600]
    yield "names", "family names (English)", lists["zxcvbn", "surnames"][:1200]
    yield "names", "family names (German)", lists["language-de", "lastnames"][:300]
    yield "words", "English, written", lists["zxcvbn", "english_wikipedia"][:8000]
    yield "words", "English, spoken", lists["zxcvbn", "us_tv_and_film"][:3000]
    yield "words", "German", lists["language-de", "commonWords"][:3000]
    yield "words", "Spanish", lists["language-es-es", "commonWords"][:1000]
    yield "words", "French", lists["language-fr", "commonWords"][:1000]


def rows(lists):
    """Numbers, weekdays, months and the like."""
    for (_, key), words in lists.items():
        if key == "wordSequences":
            yield from ("".join(map(plain, row)) for row in words.values() if len(row) >= 4)


def main():
    with tempfile.TemporaryDirectory() as folder:
        lists = fetch(folder)
    license_text = lists.pop("license")
    license_text = license_text[license_text.index("Permission is hereby granted"):]
    best = {}
    kept = []
    for kind, title, words in sections(lists):
        seen = dict.fromkeys(spelling for word in words for spelling in spellings(word))
        shortest = {"common": 2, "names": 3, "words": 3}[kind]
        kept.append((kind, title, [word for word in seen if len(word) >= shortest]))
        for rank, word in enumerate(kept[-1][2]):
            best[word] = min(best.get(word, (rank, len(kept))), (rank, len(kept)))
    lines = HEADER.format(packages="\n".join(f"# - {package}" for package in PACKAGES)).splitlines()
    lines += ["#", *(f"# {line}".rstrip() for line in license_text.splitlines())]
    for number, (kind, title, words) in enumerate(kept, 1):
        lines.append(f"[{kind}] {title}")
        lines += [word for word in words if best[word][1] == number]
    lines.append("[rows]")
    lines += dict.fromkeys([*map(plain, OWN_ROWS), *rows(lists)])
    pathlib.Path(__file__).with_name("words.list").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
