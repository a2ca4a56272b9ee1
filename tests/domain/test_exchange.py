"""Answers: JSON or words that say what came instead, and never the right that was sent."""

import contextlib
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply


def reply(body: bytes, content_type: str = "application/json", hidden: str = "") -> Reply:
    return Reply(200, {"content-type": content_type}, body, hidden)


@pytest.mark.parametrize(
    ("status", "ok"), [(199, False), (200, True), (201, True), (299, True), (300, False), (404, False)]
)
def test_ok_is_what_begins_with_2(status: int, ok: bool) -> None:
    assert Reply(status, {}, b"").ok is ok


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_is_read_in_any_of_its_encodings(encoding: str) -> None:
    assert reply('{"name": "Zoë"}'.encode(encoding)).document() == {"name": "Zoë"}


@pytest.mark.parametrize(
    ("body", "content_type", "title", "detail"),
    [
        (b"<html>Log in", "text/html; charset=utf-8", "answered text/html instead of JSON", "HTTP 200: <html>Log in"),
        (b"\0\1\2", "application/octet-stream", "answered application/octet-stream instead", "HTTP 200: 3 bytes"),
        (b"", "", "answered something instead of JSON", "HTTP 200: 0 bytes"),
        (b'{"token": "abc', "application/json", "is broken JSON", "HTTP 200, 14 bytes"),
        (b"", "application/scim+json", "is broken JSON", "HTTP 200, 0 bytes"),
        (b"[" * 99_999, "application/json", "is broken JSON", "HTTP 200, 99,999 bytes"),
        (b"1" * 5_000, "application/json", "is broken JSON", "HTTP 200, 5,000 bytes"),
        (b'{"a": "\xff"}', "application/json", "is broken JSON", "HTTP 200, 10 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_named(body: bytes, content_type: str, title: str, detail: str) -> None:
    with pytest.raises(AdminError) as refused:
        reply(body, content_type).document()
    assert title in refused.value.title
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"[]," * 1_300_000 + b"[]]",
        b"[" + b'{"a":[]},' * 400_000 + b"1]",
        b"[" + b"1," * 2_000_000 + b"1]",
        b'{"a": "' + "\U0001f600".encode() + b"x" * 4_190_000 + b'"}',
        b'{"a": "' + b"x" * 5_000_000 + b'"}',
    ],
    ids=["lists", "objects", "numbers", "wide text", "long text"],
)
def test_json_that_would_swell_is_taken_within_64_mib(body: bytes) -> None:
    tracemalloc.start()
    try:
        with contextlib.suppress(AdminError):
            reply(body).document()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * 1024 * 1024


@pytest.mark.parametrize(("size", "taken"), [(250_000, True), (250_001, False)])
def test_the_bound_of_values(size: int, taken: bool) -> None:
    body = b"[" + b"1," * (size - 1) + b"1]"
    if taken:
        assert len(reply(body).document()) == size
    else:
        assert "more than this program takes in" in error_of(reply(body)).title


def test_a_quotation_is_one_short_line_without_the_right() -> None:
    assert reply(b"", hidden="abc").quote("a\r\n\tb \x1b[2J abc\u202e!") == "a b [2J … !"
    assert reply(b"", hidden="").quote("abc") == "abc"
    assert len(reply(b"").quote("x" * 1000)) == 300


@given(
    st.text(),
    st.text("abc", min_size=4, max_size=6),
    st.sampled_from(["text/html", "text/plain", "", "\x1b", "x/json"]),
)
def test_no_error_holds_the_right_or_a_control_character(text: str, hidden: str, content_type: str) -> None:
    said = error_of(reply(f"<{text}{hidden}{text}".encode("utf-8", "replace"), content_type, hidden))
    shown = said.title + said.remedy + said.detail
    assert hidden not in shown
    assert shown.isprintable()


def error_of(answer: Reply) -> AdminError:
    with pytest.raises(AdminError) as refused:
        answer.document()
    return refused.value


def test_whoever_listens_hears_what_is_read_and_nothing_that_is_refused() -> None:
    heard: list[object] = []
    assert reply(b'{"a": 1}').heard_by(heard.append).document() == {"a": 1}
    with pytest.raises(AdminError):
        reply(b'{"a"').heard_by(heard.append).document()
    assert heard == [{"a": 1}]
    whole = Reply(201, {"a": "b"}, b"{}", "hidden", 0.5)
    assert whole.heard_by(heard.append) == whole


@given(st.binary())
def test_any_body_is_json_or_refused_in_words(body: bytes) -> None:
    try:
        document = reply(body).document()
    except AdminError:
        return
    json.dumps(document)
