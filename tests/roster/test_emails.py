"""Verdicts on addresses: those of email-validator, one by one and in bulk, on anything that may stand in a cell.

EMAIL_STRINGS=2000000 makes the seeded test as long as one likes; the suite takes a slice of it.
"""

import os
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import count

import email_validator
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spoke_admin.roster import emails
from spoke_admin.roster.emails import WIDTH, Domains, Emails, is_valid

STRINGS = int(os.environ.get("EMAIL_STRINGS", "40000"))
BATCH = 4_000
PLAIN = re.compile(rb"[A-Za-z0-9'+./^_`-]*@[A-Za-z0-9'+./^_`-]*")

LONG_CJK = "xn--" + ("中" * 48).encode("punycode").decode()  # 55 bytes that stand for 144
FINE_LOCALS = (
    "ada", "ada.lovelace", "Ada-L", "o'neil", "a+b", "x_y", "a/b^c`", "INFO", "a.b.c", "1", "a" * 63, "a" * 64,
    "jörg", "zoe\u0308", "用户", "\u1112\u1161\u11ab", "\u212a", "a\u0301", "é" * 64, "e\u0301" * 32, "😀" * 50,
)  # fmt: skip
ODD_LOCALS = (
    "", '"ada"', '"a b"', '"a@b"', '"', ".a", "a.", "a..b", "(c)a", "a(c)", "a\\b", "\u0301a", "=\u0338", "<\u0338",
    "a" * 65, "é" * 65, "e\u0301" * 33, "\u0958" * 33, "中" * 64, "😀" * 63,
)  # fmt: skip
FINE_DOMAINS = (
    "acme.com", "gmail.com", "Acme.Co.UK", "mail.example.org", "a-b.c-d.io", "3com.com", "localhost.com", "test.de",
    "xn--bcher-kva.de", "XN--BCHER-KVA.de", "xn--4dbc.com", "a--b.com", "bücher.de", "BÜCHER.DE", "אב.com",
    "bu\u0308cher.de", "a\u3002com", "a.b\uff0ecom", "a\uff61com", "ａcme.com", "faß.de", "ﬁn.com", "中文.中国", "a.рф",
    "l·l.com", "a---b.com", "a" * 28 + ".com", "a" * 29 + ".com", "b" * 63 + ".com", "a." + "b" * 63, f"{LONG_CJK}.com",
    f"{LONG_CJK}.{'d' * 48}.com", ".".join("d" * 45 for _ in range(4)) + ".com",
)  # fmt: skip
ODD_DOMAINS = (
    "", "localhost", "com", "a.test", "x.LOCAL", "b.onion", "arpa", "c.arpa", "d.invalid", "example", "1.xn--4dbc.com",
    "xn--a.com", "xn--.com", "xn---bbk.com", "ab--cd.com", "1.אב.com", "a·.com", "a.c0m", "a.1", "1.2.3.4", "[1.2.3.4]",
    "[IPv6:::1]", "[", "-a.com", "a-.com", "a.-b.com", "a..com", ".com", "a.com.", "a_b.com", "a/b.com", "a`.com",
    "b" * 64 + ".com", "a." + "b" * 64, f"{LONG_CJK}.{LONG_CJK}.com", ".".join(["中" * 20] * 4), "x" * 300 + ".com",
)  # fmt: skip
FRAMES = (
    "<{}@{}>", "Ada <{}@{}>", '"Ada" <{}@{}>', " {}@{}", "{}@{} ", "{} @{}", "{}＠{}", "{}﹫{}", "{}@@{}",
    "{}@\u0338{}", "{}@{}@acme.com", "{}@(c){}", "mailto:{}@{}", "{}.{}", "{}@.{}", "{}{}", "{}@{}\u200b", "{}@{}\n",
    "x@{}{}",
)  # fmt: skip
STRANGE = (
    *"..--@@\"<> \t\n\0\x1c\x7f_/^`+'!,;:\\()[]{}|~#$%&*=?01aZz",
    *"\x80\x85\xa0\xad·\u200b\u200c\u200d\u200e\u2028\u202e\u2060\u3000\ufeff\u0301\u0308\u0338\u0345\u064b\u0903",
    *"éßſıİςΣ\u094d\u20dd\u212a\u2126\u037e\u0387\u1fef\u2024\u2025\u2026⒈\ufe33\uff0d\uff0e\u3002\uff61＠﹫％＜＂",
    *"\u2010\u2011\u2212\u2044\u05f4\u0375\u0660\u06f0אبجй中ー・한\u1161\u11a8\u0958\ufb1d\uf900😀\U00010400\u0378",
    *"\ue000\U000e0001\U0010ffff\ud800\udbff\udc80\udcc3\udca9\udcff",
    "..", "--", "xn--", "XN--", ".test", ".local", ".", "ab--", "a" * 60,
)  # fmt: skip
MILD = (*"abcXYZ019.-_+éüé中", "", "", "")
SIMPLE = (*"abzAZ059--...//^_`@", "..", ".test", "xn--", "")  # what a cell of the quick way may hold


def by_library(text: str) -> bool:
    try:
        email_validator.validate_email(text, check_deliverability=False, strict=True)
    except email_validator.EmailNotValidError:
        return False
    return True


def ats_of(cells: Sequence[bytes], starts: Sequence[int]) -> NDArray[np.int64]:
    """What a scan of the bytes tells: the place of the "@" in a cell of plain bytes with just one, else -1."""
    pairs = zip(cells, starts, strict=True)
    return np.array([start + cell.index(b"@") if PLAIN.fullmatch(cell) else -1 for cell, start in pairs], np.int64)


def in_bulk(
    cells: Sequence[bytes], judge: Emails | None = None, between: Sequence[bytes] = (b",",), after: bytes = b"\0"
) -> list[bool]:
    """The bulk verdict on cells that lie in one buffer; `between` them, and `after` them, anything may stand."""
    parts, starts, place = [], [], 0
    for number, cell in enumerate(cells):
        border = between[number % len(between)]
        starts.append(place + len(border))
        parts += [border, cell]
        place += len(border) + len(cell)
    buffer = np.frombuffer(b"".join(parts) + after * 64, np.uint8)
    begins = np.array(starts, np.int64)
    ends = begins + np.array([len(cell) for cell in cells], np.int64)
    found = (judge or Emails()).invalid(buffer, begins, ends, ats_of(cells, starts))
    return [bool(bad) for bad in found]


def hold_against_the_library(texts: Sequence[str], rng: random.Random, judge: Emails) -> int:
    """Every text alone, and those that can be bytes in bulk. How many are valid."""
    wanted = {text: by_library(text) for text in texts}
    assert [text for text in wanted if is_valid(text) is not wanted[text]] == []
    cells = [
        text.encode("utf-8", "surrogateescape") for text in texts if not re.search("[\ud800-\udc7f\udd00-\udfff]", text)
    ]
    between = rng.choices((b",", b"..", b"@", b'"\r\n"', b"", b".", b";a@b.com;", b"\xff"), k=97)
    found = in_bulk(cells, judge, between, rng.choice((b"\0", b".", b"a", b"@", b"\xff")))
    shown = [cell.decode("utf-8", "surrogateescape") for cell in cells]
    for text, bad in zip(shown, found, strict=True):
        valid = wanted[text] if text in wanted else by_library(text)  # two halves of a character may have met
        assert bad is (not valid and bool(text.strip())), text
    return sum(wanted[text] for text in texts)


def labels(size: int) -> str:
    """So many bytes to put before a domain."""
    return "".join("." if place % 62 == 61 else "d" for place in range(size))


def changed(text: str, signs: Sequence[str], rng: random.Random) -> str:
    place = rng.randrange(len(text) + 1)
    return text[:place] + rng.choice(signs) + text[place + rng.randrange(2) :]


def mutated(rng: random.Random) -> str:
    """An address, valid or not, with up to three changes, most of them mild."""
    kind = rng.randrange(16)
    local = rng.choice(ODD_LOCALS if kind == 0 else FINE_LOCALS)
    domain = rng.choice(ODD_DOMAINS if kind == 1 else FINE_DOMAINS)
    if kind == 2:  # about as long as may be, before the "@" or in all
        local = rng.choice(("a", "é", "中", "e\u0301", "\u0958", "\ufb1d\ufb1d")) * rng.randrange(20, 67)
        domain = labels(254 - len(local.encode()) - 1 - len(domain) + rng.randrange(-2, 3)) + domain
    elif kind >= 12:
        local, domain = rng.choice(FINE_LOCALS[5:12]), rng.choice(FINE_DOMAINS[:12])
    text = (rng.choice(FRAMES) if kind == 3 else "{}@{}").format(local, domain)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        signs = SIMPLE if kind >= 10 else rng.choice((STRANGE, STRANGE, MILD, MILD, chr(rng.randrange(0x110000))))
        text = changed(text, signs, rng)
    return text


@pytest.mark.timeout(120 + STRINGS // 2000)
def test_forty_thousand_mutated_addresses_or_as_many_as_one_likes() -> None:
    rng, judge, valid = random.Random(int(os.environ.get("EMAIL_SEED", "3"))), Emails(), 0
    for _ in range(0, STRINGS, BATCH):
        valid += hold_against_the_library([mutated(rng) for _ in range(BATCH)], rng, judge)
    assert 0.25 < valid / STRINGS < 0.75  # of both kinds enough


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(
                "{}@{}".format,
                st.text(st.sampled_from("ab.-_/^`é\u0301"), max_size=6),
                st.sampled_from(FINE_DOMAINS + ODD_DOMAINS),
            ),
            st.builds(
                "{}@{}".format,
                st.sampled_from(FINE_LOCALS + ODD_LOCALS),
                st.text(st.sampled_from("xnab1.-É中א"), max_size=12),
            ),
            st.lists(st.sampled_from((*STRANGE, "a", "b", "@", ".com")), max_size=8).map("".join),
            st.builds("a@{}.com".format, st.text(st.sampled_from("ab-."), min_size=24, max_size=36)),
            st.emails(),
            st.text(max_size=10),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
@example([], random.Random(0))
@example(["@", "@a.com", "a@", "@"], random.Random(0))
@example(["\udcc3", "\udca9@a.com", "\udcc3\udca9@a.com"], random.Random(0))
def test_whatever_stands_in_a_column(texts: list[str], rng: random.Random) -> None:
    hold_against_the_library(texts, rng, Emails())


def test_every_ascii_character_in_every_position() -> None:
    frames = ["{}@a.com", "{}a@a.com", "a{}b@a.com", "a{}@a.com", "a@{}.com", "a@{}b.com", "a@b{}c.com", "a@b{}.com"]
    frames += ["a@b.{}", "a@b.{}c", "a@b.c{}", "a@b.c{}d"]
    texts = [frame.format(chr(code)) for code in range(128) for frame in frames]
    hold_against_the_library(texts, random.Random(0), Emails())


@pytest.mark.timeout(120 + STRINGS // 2000)
def test_characters_beyond_ascii_in_every_position() -> None:
    """All of them in a long run, one in 500 in the suite."""
    judge = Emails()
    for start in range(0x80, 0x110000, 0x8000):
        step = max(1, 20_000_000 // STRINGS)
        signs = [chr(code) for code in range(start, min(start + 0x8000, 0x110000), step)]
        frames = ("{}@a.com", "a{}@a.com", "a@{}a.com", "a@a{}.com")
        hold_against_the_library([it.format(sign) for sign in signs for it in frames], random.Random(0), judge)


def test_composing_makes_no_unsafe_character() -> None:
    """So that looking for those once is enough."""
    for sign in map(chr, range(0x110000)):
        if sign.isprintable():
            assert unicodedata.normalize("NFC", sign).isprintable()
        elif parts := unicodedata.decomposition(sign):
            assert len(parts.split()) == 1 or parts.startswith("<")  # what is composed has two parts


@pytest.mark.parametrize("size", range(1, 68))
def test_domains_around_the_width_of_the_table(size: int) -> None:
    name = "d" * size + ".com"
    names = [name, name[:-1] + "n", name[:-4] + ".test", name[:-4] + "-.de", "e" + name[1:]]
    hold_against_the_library([f"a@{it}" for it in names], random.Random(0), Emails())


def test_the_length_as_written_and_in_the_normal_forms() -> None:
    """A local part may grow or shrink when it is composed, and so may a domain, in ASCII or in Unicode."""
    domains = ("a.com", "faß.de", "l·l.com", "ﬁn.com", "bu\u0308.de", "ａ.com", "xn--bcher-kva.de", f"{LONG_CJK}.de")
    units = ("a", "é", "e\u0301", "中", "\u0958", "\ufb1d", "\u212a", "😀")
    texts = []
    for local in (unit * size for unit in units for size in (1, 31, 32, 33, 63, 64, 65)):
        for domain in domains:
            spare = 254 - len(f"{local}@{domain}".encode())
            sizes = range(spare - (100 if domain.startswith(LONG_CJK) else 12), spare + 4)
            texts += [f"{local}@{labels(size)}{domain}" for size in sizes]
    assert 0.2 < hold_against_the_library(texts, random.Random(0), Emails()) / len(texts) < 0.8


def test_dots_of_the_neighbours_are_not_the_cells_own() -> None:
    cells = [b"a@b.com", b"a.b@b.com", b"a..b@b.com", b"a.b.c@b..com", b"..@b.com", b"x..", b"a.@b.com", b".a@b.com"]
    wanted = [False, False, True, True, True, True, True, True]
    assert in_bulk(cells, between=[b".."]) == wanted
    far = b"," * (1 << 18)  # what is looked through at once: its border moves over the third cell
    for short in range(24):
        assert in_bulk(cells, between=[b".", far[short:]]) == wanted


def test_blank_cells_are_not_invalid() -> None:
    cells = [b"", b" ", b"\t", "\u00a0\u3000".encode(), b"\x1c", b"\0", "\u200b".encode(), b"@", b"\xff"]
    assert in_bulk(cells) == [False] * 5 + [True] * 4


def test_cells_of_any_length() -> None:
    cells = [b"a" * 1_000_000 + b"@a.com", b"a@" + b"b." * 500_000 + b"com", b"\xc3\xa9" * 500_000, b" " * 1_000_000]
    assert in_bulk(cells) == [True, True, True, False]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the library was asked, from nothing known."""
    asked: list[str] = []
    ask = email_validator.validate_email

    def told(text: str, **options: bool) -> email_validator.ValidatedEmail:
        asked.append(text)
        return ask(text, check_deliverability=options["check_deliverability"], strict=options["strict"])

    monkeypatch.setattr(email_validator, "validate_email", told)
    caches = (emails._room, emails._top_level_serves, emails._last_label_decides)
    for cache in caches:
        cache.cache_clear()
    yield asked
    for cache in caches:
        cache.cache_clear()


def test_the_library_is_asked_once_for_a_top_level_or_a_difficult_domain(asked: list[str]) -> None:
    texts = [f"ada{number}@acme{number}.com" for number in range(20_000)]
    texts += ["no at sign", "ada@localhost", " ada@acme.com", "ada@@acme.com", "ada@acme..com", '"ada"@acme.com'] * 50
    texts += ["jörg@acme.com", "zoe\u0308@acme.com", "ada@acme.com\u200b", "Ada <ada@acme.com>", "ada@acme.test"] * 50
    texts += [f"a{number}@bücher.de" for number in range(50)] + [f"a{number}@xn--bcher-kva.de" for number in range(50)]
    found = in_bulk([text.encode() for text in texts])
    assert sorted(asked) == ["a@a.com", "a@a.test", "a@bücher.de", "a@xn--bcher-kva.de"]
    assert [not bad for bad in found] == [is_valid(text) for text in texts]
    assert len(asked) == 4  # and not once more


def test_a_special_use_name_of_two_labels_is_heeded(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    names = email_validator.SPECIAL_USE_DOMAIN_NAMES
    monkeypatch.setattr(email_validator, "SPECIAL_USE_DOMAIN_NAMES", [*names, "acme.com"])
    verdicts = {domain: is_valid(f"a@{domain}") for domain in ("acme.com", "b.acme.com", "bacme.com", "acme.de")}
    assert verdicts == {"acme.com": False, "b.acme.com": False, "bacme.com": True, "acme.de": True}
    assert len(asked) == 4


def test_cancelling() -> None:
    class CancelledError(Exception):
        pass

    looks = count(1)

    def look() -> None:
        if next(looks) == 3:
            raise CancelledError

    buffer = np.frombuffer(b"a+b@acme.com," * 2_000 + bytes(64), np.uint8)
    starts = np.arange(0, 2_000 * 13, 13)
    with pytest.raises(CancelledError):
        Emails().invalid(buffer, starts, starts + 12, np.full(2_000, -1), look)
    assert next(looks) == 4
    names = [b"a@d%06d.com" % number for number in range(2_000)]
    buffer = np.frombuffer(b",".join(names) + bytes(64), np.uint8)
    looks, starts = count(1), np.arange(0, 2_000 * 14, 14)
    judge = Emails()
    with pytest.raises(CancelledError):
        judge.invalid(buffer, starts, starts + 13, starts + 1, look)
    assert not judge.invalid(buffer, starts, starts + 13, starts + 1).any()  # what was left half done does no harm


def names_of(domains: Sequence[str]) -> NDArray[np.uint64]:
    rows = b"".join(domain.encode().ljust(WIDTH, b"\0") for domain in domains)
    return np.frombuffer(rows, np.uint64).reshape(-1, WIDTH // 8)


@pytest.mark.parametrize("most", [1, 8, 500, 5_000])
@pytest.mark.parametrize("keys", ["random", "all domains fall on one place"])
def test_a_table_that_is_too_small_or_hashes_badly_is_exact(most: int, keys: str) -> None:
    table, rng = Domains(most), random.Random(most)
    if keys != "random":
        table._keys = np.zeros_like(table._keys)
    known = ["", *(f"d{number}.{'com' if number % 3 else 'test'}" for number in range(400))]
    for _ in range(4):
        domains = rng.choices(known, k=200)
        wanted = [0 if not it or it.endswith("test") else 64 for it in domains]
        assert table.rooms(names_of(domains), lambda: None).tolist() == wanted
        assert table._count <= most
        assert table._count == np.count_nonzero(table._names[:, 0])


def test_the_table_stays_within_its_bound() -> None:
    table = Domains()
    for start in range(0, 300_000, 30_000):
        domains = [f"d{number}.com" for number in range(start, start + 30_000)]
        assert (table.rooms(names_of(domains), lambda: None) == 64).all()
    assert table._names.nbytes + table._rooms.nbytes < 10 << 20
