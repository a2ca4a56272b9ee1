"""What a token shows of itself, and what is hardly one."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.token_kinds import OtherKindError, Wanted, ends_at, fingerprint, looks_like_okta, read_pasted

OKTA = "00" + "aB3_-xY9" * 5


def jwt(claims: object) -> Secret:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return Secret(f"eyJhbGciOiJub25lIn0.{body}.c2ln")


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("https://acme.askspoke.com/scim/v2", "a URL"),
        ("HTTP://acme", "a URL"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "a PEM (a certificate"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "a PEM with a private key"),
        ("MII" + "A" * 500, "a certificate"),
        ("<?xml version='1.0'?>", "an XML or HTML document"),
        ("<html>", "an XML or HTML document"),
        ('{"token": "abc"}', "JSON"),
        ("Bearer abcdef", "a whole header"),
        ("SSWS 00abc", "a whole header"),
        ("************", "the masked display"),
        ("••••••••", "the masked display"),
    ],
)
@pytest.mark.parametrize("wanted", ["service", "okta", "any"])
def test_what_is_no_token_is_named(pasted: str, words: str, wanted: Wanted) -> None:
    with pytest.raises(AdminError) as caught:
        read_pasted(f"  {pasted}\n", wanted)
    assert f"this looks like {words}" in caught.value.title
    assert caught.value.remedy
    assert not isinstance(caught.value, OtherKindError)


def test_oktas_token_is_refused_where_the_services_is_wanted_unless_a_person_insists() -> None:
    with pytest.raises(OtherKindError, match="looks like an Okta API token"):
        read_pasted(OKTA, "service")
    for wanted in ("okta", "any"):
        assert read_pasted(f"\t{OKTA} ", wanted) == Secret(OKTA)
    assert looks_like_okta(Secret(OKTA))
    for other in (OKTA[:-1], OKTA + "x", "01" + OKTA[2:], OKTA[:-1] + "."):
        assert not looks_like_okta(Secret(other))
        assert read_pasted(other, "service") == Secret(other)


@given(st.binary(min_size=20, max_size=60))
def test_tokens_of_every_usual_form_are_taken(data: bytes) -> None:
    for token in (data.hex(), base64.urlsafe_b64encode(data).decode(), base64.b64encode(data).decode()):
        if not looks_like_okta(Secret(token)):
            assert read_pasted(token, "service") == Secret(token)


def test_a_fingerprint_tells_two_apart() -> None:
    assert fingerprint(Secret("abc")) == "ba7816bf8f01cfea"
    assert fingerprint(Secret("abc")) != fingerprint(Secret("abd"))


def test_a_jwt_tells_its_end() -> None:
    assert ends_at(jwt({"exp": 1_900_000_000})) == datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)
    assert ends_at(jwt({"exp": 1_900_000_000.5})) is not None


@pytest.mark.parametrize(
    "claims", [{}, [], {"exp": "1900000000"}, {"exp": True}, {"exp": -5}, {"exp": 1e30}, {"exp": None}, "text"]
)
def test_a_jwt_that_tells_none_is_no_fault(claims: object) -> None:
    assert ends_at(jwt(claims)) is None


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_anything_is_looked_at_without_a_fault(text: str) -> None:
    for form in (text, f"eyJ{text}", f"eyJ.{text}.x"):
        ends_at(Secret(form))
