"""Why an answer is not SCIM as the standard has it, in sentences with the field and the rule."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters.scim_explain import MOST_SENTENCES, explain
from spoke_admin.domain.exchange import Reply
from tests.adapters.hostile import CANARY
from tests.adapters.scim_servers import ENTERPRISE

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
SPOKE = "urn:ietf:params:scim:schemas:extension:SpokeCustom:2.0:User"
ADA: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE, SPOKE],
    "id": "1",
    "userName": "ada@example.com",
    "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
    "active": True,
    ENTERPRISE: {"department": "Engines", "manager": {"value": "7", "$ref": "../Users/7"}},
    SPOKE: {"startDate": "1843-01-01"},
    "meta": {"resourceType": "User", "created": "2026-01-31T08:00:00Z", "version": 'W/"1"'},
}


def reply(content: object, status: int = 200, content_type: str = "application/scim+json") -> Reply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Reply(status, {"content-type": content_type}, body, hidden=CANARY)


def page(*resources: object, **more: object) -> Reply:
    return reply({"schemas": [LIST], "totalResults": len(resources), "Resources": resources, **more})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ADA.items() if key != name}


@pytest.mark.parametrize(
    "answer",
    [
        reply(ADA),
        reply(ADA, content_type="application/json; charset=utf-8"),
        page(ADA, startIndex=1, itemsPerPage=1),
        page(),
        page({"schemas": [GROUP], "id": "g", "displayName": "Engines", "members": [{"value": "1", "type": "User"}]}),
        reply({"schemas": [ERROR], "status": "404", "detail": "gone"}, 404),
        reply(b"", 204, ""),
    ],
)
def test_what_keeps_to_the_standard_needs_no_words(answer: Reply) -> None:
    assert explain(answer) == ()


@pytest.mark.parametrize(
    ("answer", "words", "rule"),
    [
        (reply(b""), "The answer has no body.", ""),
        (
            reply(b"<html>", content_type="text/html"),
            "The content type is text/html, must be application/scim+json",
            "7644, section 3.1",
        ),
        (reply(b"<html>", content_type="text/html"), "The server answered text/html instead of JSON.", ""),
        (
            reply(b"{", content_type=""),
            "The content type is missing, must be application/scim+json",
            "7644, section 3.1",
        ),
        (reply([ADA]), "The answer is a list, must be an object", "7644, section 3.1"),
        (
            reply({"schemas": [LIST], "Resources": [ADA]}),
            "totalResults is missing: nobody can tell how many there are",
            "7644, section 3.4.2",
        ),
        (page(ADA, totalResults="1"), "totalResults is a text, must be a whole number", "7644, section 3.4.2"),
        (
            page(ADA, ADA, totalResults=1),
            "totalResults is 1, and 2 came: it counts all that match, not those to come",
            "7644, section 3.4.2",
        ),
        (page(ADA, itemsPerPage=100), "itemsPerPage is 100, and 1 came", "7644, section 3.4.2"),
        (
            reply({"schemas": [LIST], "totalResults": 4}),
            "The answer: Field 'Resources' is missing or null but 'totalResults' is non-zero",
            "7644, section 3.4.2",
        ),
        (reply(without("schemas")), "schemas is missing: it tells what kind of answer this is", "7643, section 3"),
        (
            page({**ADA, "active": "False"}),
            "Resources[].active is a text, must be true or false",
            "7643, section 4.1.1",
        ),
        (page({**ADA, "emails": "a@x"}), "Resources[].emails is a text, must be a list", "7643, section 4.1.2"),
        (page({**ADA, "name": "Ada"}), "Resources[].name is a text, must be an object", "7643, section 4.1.1"),
        (
            page({**ADA, "meta": {"created": "yesterday"}}),
            "Resources[].meta.created is a text, must be a date and time like 2026-01-31T08:00:00Z",
            "7643, section 3.1",
        ),
        (
            page({**ADA, ENTERPRISE: {"manager": "7"}}),
            f"Resources[].{ENTERPRISE}.manager is a text, must be an object",
            "7643, section 4.3",
        ),
        (page(without("id")), "Resources[].id is missing", "7643, section 3.1"),
        (
            reply({**ADA, "shoeSize": 44}),
            "shoeSize is no attribute of a schema that the answer names",
            "7643, section 3",
        ),
        (
            reply({**ADA, "schemas": [USER, ENTERPRISE]}),
            f"{SPOKE} is no attribute of a schema that the answer names",
            "7643, section 3",
        ),
        (
            reply({"schemas": [ERROR], "status": 404}, 404),
            'status is a number, must be a text such as "404"',
            "7644, section 3.12",
        ),
        (
            reply({"schemas": [ERROR], "status": "400"}, 404),
            "status differs from the HTTP status, which is 404",
            "7644, section 3.12",
        ),
    ],
)
def test_a_fault_is_named_with_its_field_and_rule(answer: Reply, words: str, rule: str) -> None:
    assert (f"{words} (RFC {rule})." if rule else words) in explain(answer)


def test_a_fault_in_every_entry_is_told_once_and_no_value_is_quoted() -> None:
    entries = [{**ADA, "active": CANARY, "emails": [{"value": f"{CANARY} nowhere"}]} for _ in range(50)]
    told = explain(page(*entries))
    assert told[0] == "Resources[].active is a text, must be true or false (RFC 7643, section 4.1.1). (50 times)"
    assert len(told) == 2
    assert CANARY not in "".join(told)


def test_faults_without_number_are_told_in_a_bounded_number_of_sentences() -> None:
    told = explain(reply({**ADA, **{f"x{number}": number for number in range(100)}}))
    assert len(told) == MOST_SENTENCES + 1
    assert told[-1] == "There are 80 faults of other kinds."


KEYS = st.sampled_from([*ADA, "Resources", "totalResults", "members", "value", "type", "created", "$ref", "photos"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
FOREIGN = st.recursive(
    PLAIN | st.sampled_from(["work", USER, GROUP, ERROR]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FOREIGN, st.sampled_from([200, 201, 404, 500]))
def test_any_json_is_explained(content: Any, status: int) -> None:
    told = explain(reply(content, status))
    assert all(told)
    assert len(told) <= MOST_SENTENCES + 1


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_explained(content: bytes) -> None:
    assert all(explain(reply(content)))


def test_what_is_nested_too_deeply_is_explained() -> None:
    assert explain(reply(b'{"name":' + b"[" * 900 + b"]" * 900 + b"}"))


def test_the_models_are_imported_where_they_are_first_used() -> None:
    modules = "spoke_admin.adapters.scim, spoke_admin.adapters.scim_explain"
    program = f"import sys, {modules}; print({{'scim2_models', 'phonenumbers', 'pydantic'}} & {{*sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "set()\n"
