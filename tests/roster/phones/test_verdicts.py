"""Verdicts on phones: `judge_us_phone`'s, one by one and in bulk, on anything that may stand in a cell.

PHONE_STRINGS=2000000 makes the seeded test as long as one likes (with --timeout=0), PHONE_SEED makes it another one.
"""

import os
import random
from collections.abc import Iterator, Sequence

import numpy as np
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spoke_admin.domain.phone import PhoneCode, judge_us_phone
from spoke_admin.roster.phones import verdicts as phones
from spoke_admin.roster.phones.verdicts import BETWEEN_LOOKS, CODES, WIDTH, Bytes, code_of, codes

STRINGS = int(os.environ.get("PHONE_STRINGS", "60000"))
SEED = int(os.environ.get("PHONE_SEED", "1"))
BATCH = 6_000
ALIKE = 12  # strings that differ in digits only

AREAS = (
    "212", "415", "646", "202", "907", "808", "555", "983", "613", "867", "787", "939", "671", "684", "876", "242",
    "246", "800", "888", "877", "833", "880", "900", "500", "521", "523", "524", "600", "622", "710", "310", "211",
    "911", "000", "011", "111", "112", "100", "023",
)  # fmt: skip
SIXES = ("246521", "246522", "876606", "242300", "242225", "809200", "658200", "721500", "340200", "310310")
COUNTRIES = (
    "44", "33", "49", "52", "521", "54", "549", "5411", "55", "550", "7", "81", "810", "39", "3906", "378", "3780549",
    "41", "61", "64", "672", "6723", "241", "24101", "261", "353", "358", "800", "808", "870", "878", "881", "882",
    "883", "888", "979", "290", "676", "999", "210", "990", "0", "01", "1", "11", "121", "1868",
)  # fmt: skip
FRAMES = (
    "{a}-{b}-{c}", "({a}) {b}-{c}", "{a}{b}{c}", "{a}.{b}.{c}", "{a} {b} {c}", "+1 {a} {b} {c}", "+1{a}{b}{c}",
    "1-{a}-{b}-{c}", "1{a}{b}{c}", "1 ({a}) {b}-{c}", "+1 ({a}) {b}-{c}", "(+1) {a} {b} {c}", "+ 1 {a}/{b}/{c}",
    "[{a}] {b}-{c}", "{a}/{b}-{c}", " {a}-{b}-{c} ", "{a}–{b}–{c}", "{a}\u00a0{b}\u00a0{c}",
    "\u202a+1 {a} {b}-{c}\u202c", "{b}-{c}", "{c}", "{b}{c}", "11{a}{b}{c}", "+11{a}{b}{c}", "+111{a}{b}{c}",
    "111{a}{b}{c}", "1{b}{c}", "{a}{b}{c}{c}", "+1{b}{c}", "+1 1 {b}{c}", "0{a}{b}{c}", "1{b}{b}{b}", "{n}", "+{n}",
    "1{n}", "011{n}", "+011{n}", "0110{n}", "00{n}", "+{k}{n}", "+{k} {b} {c}", "+{k} {b} {b} {b}", "011 {k} {b} {c}",
    "011{k}{n}", "0 11 {k} {n}", "{k}{n}", "({k}) {n}", "+{k}{n}x{c}", "++{k}{n}", "+{k}+{n}", "{n}+{n}", "+{k}",
    "+{a}", "+{a}{k}", "{a}-{b}-{c} x{x}", "{a}-{b}-{c}x{x}", "({a}) {b}-{c} ext. {x}", "{a}{b}{c} EXT{x}",
    "{a}-{b}-{c} extension {x}", "{a}-{b}-{c} ext {x}", "{a}-{b}-{c} xtn:{x}", "{a}-{b}-{c} #{x}", "{a}-{b}-{c}#{x}",
    "{a}-{b}-{c} {x}#", "{n} x{n}", "{a}-{b}-{c} int {x}", "{a}-{b}-{c} anexo {x}", "{a}-{b}-{c},{x}",
    "{a}-{b}-{c},,{x}", "{a}-{b}-{c};{x}", "{a}~{x}", "{a}-{b}-{c} / x{x}", "{a}-{b}-{c} /x{x}", "{a}-{b}-{c}/ext{x}",
    "{a}-{b}-{c} x{x}/x{x}", "{a}-{b}-{c} ｘ{x}", "{a}-{b}-{c} x.{x}", "{a}-{b}-{c} x - {x}", "{a}-{b}-{c} доб. {x}",
    "{a}-{b}-{c} extensión {x}", "x{x}", "1 x{x}", "{a}-{b}-{c} x{x} x{x}", "+1 {a} {b} {c} ext.: {x}", "12 x{x}",
    "{a} x {b} x {c}", "{a}x{b}x{c}", "tel:{a}-{b}-{c}", "Tel: {a}-{b}-{c}", "tel:+1-{a}-{b}-{c};ext={x}",
    "{a}-{b}-{c};ext={x}", "home ({a}) {b}-{c}", "{b}-{c};phone-context=+1-{a}",
    "tel:{b}{c};phone-context=example.com", "{a}{b}{c};isub={x}", "*{a}{b}{c}", "tel:{b}{c};phone-context=+44",
    "{a};phone-context=", ";{a}{b}{c}", "{a}{b}{c};", "phone: +{k} {n}", "№ {a}{b}{c}", "1-{a}-FLOWERS",
    "{a}-CALL-NOW", "1-800-GO-FEDEX", "{a}-{b}-HELP", "{a}-HELP-{c}", "{a}-TEXT-{c}", "{a}-NO {c}",
    "1 ({a}) Taxi {x}", "{a}{b}o{b}{c}", "{a}-{b}-{c} (cell)", "{a}-{b}-{c} mobile", "{a}-{b}-{c} ab",
    "{a}-{b}-{c} x", "{a}-{b}-{c} ext", "{a}-{b}-{c}a", "+{k} {n} desk", "{a} / {b} home {c}",
    "{a}-{b}-{c} or {a}-{b}-{c}", "1o{a}", "{a}-{b}-{c} / {a}-{b}-{c}", "{a}-{b}-{c}, {a}-{b}-{c}",
    "{a}-{b}-{c}\n{a}-{b}-{c}", "{a}-{b}-{c}\n", "\t{a}{b}{c}\t", "n/a", "none", "", " ", "\u00a0", "\u3000\t", "-",
    "+", "(", "see {x}", "#{x}", "ada@acme.com", "{a}-{x}@acme.com", "{a}{b}{c}.0", "2.1{a}E+09", "20{x}-0{x}-1{x}",
    "{c}{c}{c}{c}{c}", "{a}-{b}-{c}\x00", "\x00{a}{b}{c}", "{a}-{b}-{c}\\", "{a}-{b}-{c}\\x{x}", "{a}_{b}_{c}",
    "{a}-{b}-{c}_", "{a}'{b}'{c}", '"{a}-{b}-{c}"', "={a}-{b}-{c}", "'{a}{b}{c}",
)  # fmt: skip
PIECES = (
    *"0123456789+-./\\()[]#*~,;:=_ xXeEtTnNaAoOzZ'\"@&\t\n\r\x00\x1c\x7f",
    *"\u0660\u0661\u0662\u0665\u06f1\u0966\u0e51\uff10\uff11\uff12\uff15\uff18\uff19\U0001d7ce\U0001d7d9²½Ⅷ①〇",
    *"\u00a0\u00ad\u200b\u200c\u200d\u200e\u202a\u202c\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2060\u3000\ufeff\u30fc",
    *"\uff0b\uff0d\uff0e\uff0f\uff08\uff09\uff3b\uff3d\u2053\u223c\uff5e\uff58\uff38\uff03\uff0c\uff1b\uff54\uff4e",
    *"éßſKİıдñ中ー・\u0301\u0308😀\U0010ffff\u2028\x85",
    "ext", "ext.", " x", "x5", "extn", "int", "доб", "anexo", " #", "5#", ",,", ";ext=", ";isub=", ";phone-context=",
    "tel:", "+1", "011", "00", "++", "/x", "\\ x", "000", "1", "11", "extensio\u0301n", "xx",
    "0" * 30, " " * 30, "a" * 230,
)  # fmt: skip


def in_a_buffer(texts: Sequence[bytes]) -> tuple[Bytes, list[int], list[int]]:
    """The cells with other digits and letters around them."""
    buffer, starts, ends = bytearray(), [], []
    for number, text in enumerate(texts):
        buffer += b"+1 x9,"[: number % 7]
        starts.append(len(buffer))
        buffer += text
        ends.append(len(buffer))
    return np.frombuffer(bytes(buffer) + b"9" * 64, np.uint8), starts, ends


def in_bulk(texts: Sequence[str | bytes]) -> list[str]:
    as_bytes = [text if isinstance(text, bytes) else text.encode(errors="surrogateescape") for text in texts]
    buffer, starts, ends = in_a_buffer(as_bytes)
    return [CODES[code] for code in codes(buffer, np.array(starts, np.int64), np.array(ends, np.int64)).tolist()]


def by_the_library(text: str) -> str:
    code = judge_us_phone(text).code if text.strip() else None
    return code.value if code else ""


def mutated(choose: random.Random) -> Iterator[str]:
    """Without end: numbers in many frames, changed here and there; each with some that differ in ASCII digits only."""

    def digits(count: int) -> str:
        return f"{choose.randrange(10**count):0{count}}"

    while True:
        six = choose.choice(SIXES) if choose.random() < 0.1 else choose.choice(AREAS) + str(choose.randint(100, 999))
        text = choose.choice(FRAMES).format(
            a=six[:3] if choose.random() < 0.8 else digits(3),
            b=six[3:],
            c=digits(4),
            x=digits(choose.choice((1, 2, 3, 4, 5, 6, 7, 9, 10, 15, 16, 20, 21))),
            k=choose.choice(COUNTRIES),
            n=digits(choose.randint(1, 19)),
        )
        for _ in range(choose.choice((0, 0, 0, 1, 1, 2, 3))):
            at, cut = choose.randint(0, len(text)), choose.choice((0, 0, 0, 1, 2))
            text = text[:at] + choose.choice(PIECES) + text[at + cut :]
        yield text
        for _ in range(ALIKE - 1 if any(map(str.isdigit, text)) else 0):
            kept = choose.choice((0, 0, 3, 7))  # places whose digits stay
            yield text[:kept] + "".join(digits(1) if "0" <= sign <= "9" else sign for sign in text[kept:])


def test_the_codes_are_those_of_the_rule() -> None:
    assert CODES[0] == ""
    assert sorted(CODES[1:]) == sorted(code.value for code in PhoneCode)


def test_mutated_numbers() -> None:
    strings = mutated(random.Random(SEED))
    for first in range(0, STRINGS, BATCH):
        texts = [next(strings) for _ in range(min(BATCH, STRINGS - first))]
        expected = [by_the_library(text) for text in texts]
        together = in_bulk(texts)
        apart = [code_of(text) for text in texts]
        wrong = [found for found in zip(texts, expected, together, apart, strict=True) if len({*found[1:]}) > 1]
        assert not wrong, (len(wrong), wrong[:10])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.text(st.sampled_from("0123456789+-.()/ xX#*;,\u0662\uff12\u00a0\u200b\uff0bExtnAB"), max_size=40),
            st.from_regex(r"\A[ (]?\+?[0-9]{1,4}[)\-. /]{0,2}[0-9]{3}[-. ]?[0-9]{4}( ?(x|ext\.? ?|#)[0-9]{1,10})?\Z"),
            st.from_regex(r"\A[+\uff0b]?[0-9\uff10-\uff19\u0660-\u0669]{7,15}\Z"),
            st.integers(240, 260).map(lambda count: "415-555-2671" + " " * (count - 12)),
            st.sampled_from(["4155552671" * 30, "x" * 3_000 + "4155552671", " " * 300, "\u3000" * 300]),
        ),
        max_size=12,
    ).flatmap(lambda texts: st.integers(1, 9).map(lambda times: texts * times))
)
@example(["415-555-2671"] * 9 + ["415-555-2671\x00"] * 9 + ["\x00415-555-2671"] * 9)
@example(["\x00"] * 8 + [" "] * 8 + ["\x1c"] * 8 + ["\u200b"] * 8)
def test_bulk_and_one_by_one_are_the_library(texts: list[str]) -> None:
    texts = [text.encode(errors="surrogatepass").decode(errors="surrogateescape") for text in texts]
    expected = [by_the_library(text) for text in texts]
    assert in_bulk(texts) == expected
    assert [code_of(text) for text in texts] == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(415) 555-2671", ""), ("+1 415.555.2671", ""), ("", ""), (" \u00a0", ""), ("900-555-1234", ""),
        ("1-800-555-0199", "phone_toll_free_800_888"), ("833-466-7724", "phone_toll_free_other"),
        ("613-232-1000", "phone_not_us"), ("+44 20 7946 0958", "phone_not_us"), ("011 44 20 7946 0958", "phone_not_us"),
        ("310-1234", "phone_not_us"), ("+999 123456789", "phone_invalid"), ("555-0100", "phone_invalid"),
        ("415-555-2671 x42", "phone_extension"), ("415-555-CALL", "phone_letters"), ("n/a", "phone_invalid"),
        ("1 1 415 555 2671", ""), ("Tel: 415-555-2671", "phone_letters"), ("Tel: 415-555-2671 x3", "phone_extension"),
    ],
)  # fmt: skip
def test_what_is_found(text: str, code: str) -> None:
    assert code_of(text) == by_the_library(text) == code
    assert in_bulk([text] * 20) == [code] * 20


def test_cells_of_every_length_and_of_none() -> None:
    texts = [end.join(("4155552671", "")) for end in (" " * count for count in range(WIDTH + 5))]
    assert in_bulk(texts) == [""] * len(texts)
    assert in_bulk([]) == []
    assert in_bulk([""]) == [""]


def test_damage_neither_ends_it_nor_reaches_other_cells() -> None:
    fine = [b"415-555-2671", b"n/a", b"  ", "\u00a0 ".encode(), b"212-555-01"]
    for damage in (b"\xff", b"\xff\xff\xff", b"\x80", b"\xc2", b"\xed\xa0\x80", b"\xf0\x9f"):
        spoilt = [[cell + damage, damage + cell, cell[:3] + damage + cell[3:], damage] for cell in fine]
        cells = [cell for one, others in zip(fine, spoilt, strict=True) for cell in (*others, one)] * 10
        found = in_bulk(cells)
        assert found[4::5] == [by_the_library(cell.decode()) for cell in fine] * 10


def test_more_cells_than_are_judged_at_once() -> None:
    texts = ["415-555-2671", "", "613-232-1000", "+44 20 7946 0958", "415-555-CALL"] * 9_000
    assert in_bulk(texts) == ["", "", "phone_not_us", "phone_not_us", "phone_letters"] * 9_000


class _EndedError(Exception):
    pass


def test_it_can_be_ended() -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 4:
            raise _EndedError

    cells = [f"call {number} or {number}".encode() for number in range(10 * BETWEEN_LOOKS)]
    buffer, starts, ends = in_a_buffer(cells)
    with pytest.raises(_EndedError):
        codes(buffer, np.array(starts, np.int64), np.array(ends, np.int64), look)


@pytest.fixture
def _another_plan(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library's data say that 00 is dialled before a country code, which the tables are not made for."""
    known = phonenumbers.PhoneMetadata.metadata_for_region("US")
    assert known is not None
    changed = phonenumbers.PhoneMetadata(
        "US", known.general_desc, known.fixed_line, known.mobile, known.toll_free, known.premium_rate,
        country_code=1, international_prefix="00", national_prefix_for_parsing="1", register=False,
    )  # fmt: skip
    monkeypatch.setitem(phonenumbers.PhoneMetadata._region_metadata, "US", changed)
    for remembered in (phones._dialled, phones._asked):
        remembered.cache_clear()
    yield
    for remembered in (phones._dialled, phones._asked):
        remembered.cache_clear()


@pytest.mark.usefixtures("_another_plan")
def test_of_data_of_another_kind_the_library_is_asked() -> None:
    texts = [
        "415-555-2671",
        "00 44 20 7946 0958",
        "011 44 20 7946 0958",
        "800-555-0199",
        "",
        "   ",
        "415-555-2671 x3",
    ] * 9
    expected = [by_the_library(text) for text in texts]
    assert expected[:3] == ["", "phone_not_us", "phone_invalid"]
    assert in_bulk(texts) == [code_of(text) for text in texts] == expected
