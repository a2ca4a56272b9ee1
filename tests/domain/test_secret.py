"""A secret does not show itself: not in words, logs, JSON, pickles, copies or tracebacks."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import string
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeptToken, KeychainState

TOKENS = st.text(st.sampled_from(string.ascii_letters + string.digits + "-._~+/="), min_size=8, max_size=60)


@dataclasses.dataclass
class Holder:
    secret: Secret


WAYS_OUT = {
    "repr": repr,
    "str": str,
    "format": lambda secret: f"{secret}",
    "format repr": lambda secret: f"{secret!r}",
    "percent": lambda secret: "%s" % secret,  # noqa: UP031  # the old way must not show it either
    "concatenation": lambda secret: "" + secret,
    "join": lambda secret: "".join([secret]),
    "bytes": bytes,
    "list": lambda secret: repr([secret, (secret,), {secret: secret}]),
    "dataclass": lambda secret: repr(Holder(secret)),
    "asdict": lambda secret: dataclasses.asdict(Holder(secret)),
    "kept": lambda secret: repr(KeptToken(KeychainState.AVAILABLE, "x", secret)),
    "pretty": pprint.pformat,
    "json": json.dumps,
    "json with a default": lambda secret: json.dumps(secret, default=repr),
    "pickle": pickle.dumps,
    "copy": copy.deepcopy,
    "vars": vars,
    "iteration": list,
    "index": lambda secret: secret[0],
    "length": len,
    "logging": lambda secret: logging.LogRecord("x", 1, "x", 1, "%r", (secret,), None).getMessage(),
    "exception": lambda secret: str(ValueError(secret)),
    "traceback": lambda secret: "".join(traceback.format_exception_only(ValueError("no", repr(secret)))),
}


@pytest.mark.parametrize("way", WAYS_OUT)
@given(text=TOKENS.map(lambda token: f"canary-{token}"))
def test_no_way_out_shows_a_secret(way: str, text: str) -> None:
    shown = shown_by(way, Secret(text))
    assert text not in shown


def shown_by(way: str, secret: Secret) -> str:
    """What a way out lets out: its result, or the words of its refusal."""
    open_way: Any = WAYS_OUT[way]
    try:
        return repr(open_way(secret))
    except TypeError as refusal:
        return "".join(traceback.format_exception(refusal))


@given(TOKENS)
def test_a_secret_is_revealed_compared_and_hashed_by_its_text(text: str) -> None:
    assert Secret(f"  {text}\n").reveal() == text
    assert Secret(text) == Secret(text)
    assert hash(Secret(text)) == hash(Secret(text))
    assert Secret(text) != Secret(text + "x")
    assert Secret(text) != text


@given(TOKENS)
def test_the_last_four_are_shown_only_of_long_ones(text: str) -> None:
    assert Secret(text).last_four == (text[-4:] if len(text) >= 12 else "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (" \n\t ", "it is empty"),
        ("canary\nX-Other: 1", "a line break"),
        ("canary\r1", "a line break"),
        ("canary\0", "control character"),
        ("canary\x7f", "control character"),
        ("canary two", "a blank"),
        ("canäry", "beyond ASCII"),
        ("canary\u00a0x", "beyond ASCII"),
        ("canary" * 2000, "12,000 characters"),
    ],
)
def test_what_cannot_travel_in_a_header_is_refused_without_being_shown(text: str, reason: str) -> None:
    with pytest.raises(AdminError) as refused:
        Secret(text)
    said = "".join(traceback.format_exception(refused.value)) + str(refused.value.document())
    assert reason in refused.value.title
    assert "canary" not in said


@given(st.text())
def test_any_text_is_taken_whole_or_refused(text: str) -> None:
    taken = taken_or_none(text)
    if taken is not None:
        assert taken.reveal() == text.strip()
        assert taken.reveal().isascii()
        assert taken.reveal().isprintable()
        assert " " not in taken.reveal()


def taken_or_none(text: str) -> Secret | None:
    try:
        return Secret(text)
    except AdminError:
        return None


@given(TOKENS)
def test_calls_and_replies_do_not_show_the_right_they_carry(token: str) -> None:
    call = Call("GET", "https://x.example", authorization=f"Bearer {token}")
    reply = Reply(401, {}, token.encode(), hidden=token)
    assert token not in repr(call) + repr(reply)
