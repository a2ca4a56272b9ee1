"""The modes differ by the rules of askSpoke's profile: every one is listed here with where it comes from."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import spoke_admin.sandbox
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.modes import own_attributes, played
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.settings import Settings
from spoke_admin.sandbox.settings_api import SettingsApi
from tests.sandbox.conftest import BASE_URL, ENTERPRISE, PATCH_OP, USER, DirectDoor

SPOKE = "urn:ietf:params:scim:schemas:extension:SpokeCustom:2.0:User"
HOME_PHONE = 'phoneNumbers[type eq "home"].value'

# the lines of the profile that mode rfc does not hold to, and what they rest on: the guide in its own words, or the
# design's list of what askSpoke has (service.md) and of what a forecast says (command_line.md)
RULES: Mapping[str, str] = {
    "plan.required": "All features of the integration are \"available to all askSpoke customers on the Plus plan\".",
    "saml.before_scim": "\"SAML must be active before SCIM can be enabled.\"",
    "scim.new_token_ends_old": "\"Copy or regenerate the API token\": a regenerated token ends the old one.",
    "user.fixed": "\"askSpoke will ignore any updates made to email addresses or usernames in Okta\"",
    "user.deactivation": "\"for this application, deactivating a user means removing the user's account\"",
    "phone": "\"askSpoke will silently ignore it and not set the phone number on the askSpoke profile of the user.\"",
    "attribute": "SpokeCustom startDate is its own; a target that the profile does not know is ignored.",
}  # fmt: skip


def differing(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Where two values of the same kind differ: the names of fields, with dots."""
    if is_dataclass(one) and type(one) is type(other):
        for field in fields(one):
            inner = f"{place}.{field.name}" if place else field.name
            yield from differing(getattr(one, field.name), getattr(other, field.name), inner)
    elif one != other:
        yield place


def test_mode_rfc_leaves_out_the_listed_rules_and_no_others(profile: ServiceProfile) -> None:
    assert set(differing(profile, played(profile, "rfc"))) == set(RULES)
    assert played(profile, "askspoke") == profile
    assert [it.path for it in own_attributes(profile)] == [f"{SPOKE}:startDate"]


def test_no_code_asks_for_the_mode() -> None:
    """What differs between the modes can come from the profile that is played, and from nowhere else."""
    asking = []
    for path in sorted(Path(spoke_admin.sandbox.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            inside = {it.value for it in ast.walk(node) if isinstance(it, ast.Constant) and isinstance(it.value, str)}
            if isinstance(node, ast.Compare | ast.Match | ast.Dict) and inside & {"askspoke", "rfc"}:
                asking.append(path.name)
    assert asking == ["modes.py"]


def held_to(profile: ServiceProfile, rules: set[str]) -> ServiceProfile:
    """The profile as mode rfc has it, but for these rules."""
    plain = played(profile, "rfc")
    for rule in rules:
        name, _, inner = rule.partition(".")
        value = getattr(profile, name)
        if inner:
            value = replace(getattr(plain, name), **{inner: getattr(value, inner)})
        plain = replace(plain, **{name: value})
    return plain


def patched(door: DirectDoor, user: dict[str, Any], *operations: dict[str, Any]) -> Any:
    answered = door.call("PATCH", f"/Users/{user['id']}", {"schemas": [PATCH_OP], "Operations": list(operations)})
    return shown(answered), shown(door.call("GET", f"/Users/{user['id']}"))


def shown(answered: Any) -> Any:
    """An answer without what is another one each time."""
    document = {name: value for name, value in answered.document.items() if name not in ("id", "meta", "detail")}
    return answered.status, document


def user_of(door: DirectDoor, **attributes: Any) -> dict[str, Any]:
    return door.call("POST", "/Users", {"schemas": [USER], "userName": "ada@example.com", **attributes}).document


MAIL = [{"value": "ada@example.com", "type": "work"}]
BAD, GOOD = ([{"value": number, "type": "work"}] for number in ("1-800-555-0199", "415-555-2671"))


def replacing(path: str, value: Any) -> Callable[[DirectDoor], Any]:
    operation = {"op": "replace", "path": path, "value": value}
    return lambda door: patched(door, user_of(door, active=True, emails=MAIL, phoneNumbers=GOOD), operation)


def creating(**attributes: Any) -> Callable[[DirectDoor], Any]:
    body = {"schemas": [USER, *(name for name in attributes if name.startswith("urn:"))], "userName": "ada@example.com"}
    return lambda door: shown(door.call("POST", "/Users", body | attributes))


def putting(**attributes: Any) -> Callable[[DirectDoor], Any]:
    def put(door: DirectDoor) -> Any:
        user = user_of(door, active=True, emails=MAIL, phoneNumbers=GOOD, title="Boss")
        answered = door.call("PUT", f"/Users/{user['id']}", user | attributes)
        return shown(answered), shown(door.call("GET", f"/Users/{user['id']}"))

    return put


def adding(path: str, value: Any) -> Callable[[DirectDoor], Any]:
    return lambda door: patched(door, user_of(door, active=True), {"op": "Add", "path": path, "value": value})


def removing(path: str) -> Callable[[DirectDoor], Any]:
    return lambda door: patched(door, user_of(door, active=True, emails=MAIL), {"op": "remove", "path": path})


def reading(path: str) -> Callable[[DirectDoor], Any]:
    return lambda door: shown(door.call("GET", path))


# a call, and the rules that make its answers other ones than those of mode rfc
PROBES: Mapping[str, tuple[Callable[[DirectDoor], Any], set[str]]] = {
    "create with a bad phone": (creating(active=True, phoneNumbers=BAD), {"phone"}),
    "create with a good phone": (creating(active=True, phoneNumbers=GOOD), set()),
    "create inactive": (creating(active=False), {"user.deactivation"}),
    "create without active": (creating(), {"user.deactivation"}),
    "create with a stranger": (creating(active=True, shoeSize=42), {"attribute"}),
    "create with a strange schema": (creating(active=True, **{"urn:example:2.0:User": {"x": 1}}), {"attribute"}),
    "create with startDate": (creating(active=True, **{SPOKE: {"startDate": "2026-01-01"}}), {"attribute"}),
    "create with the standard's own": (creating(active=True, nickName="A", locale="en-US"), set()),
    "create with a department": (creating(active=True, **{ENTERPRISE: {"department": "IT"}}), set()),
    "create with a password": (creating(active=True, password="t1meMa$heen"), set()),
    "create twice": (lambda door: (creating(active=True)(door), creating(active=True)(door)), set()),
    "create without a name": (creating(active=True, userName=None), set()),
    "replace userName": (replacing("userName", "new@example.com"), {"user.fixed"}),
    "replace the e-mail": (replacing('emails[type eq "work"].value', "new@example.com"), {"user.fixed"}),
    "replace all e-mails": (replacing("emails", [{"value": "x@example.com", "type": "home"}]), {"user.fixed"}),
    "replace by a bad phone": (replacing('phoneNumbers[type eq "work"].value', "123"), {"phone"}),
    "replace what is not there": (replacing(HOME_PHONE, "415-555-2672"), set()),
    "replace title": (replacing("title", "Chief"), set()),
    "replace a stranger": (replacing("shoeSize", 43), {"attribute"}),
    "replace active by False": (replacing("active", "False"), {"user.deactivation"}),
    "replace active by True": (replacing("active", "True"), set()),
    "replace a number by a text": (replacing("active", 7), set()),
    "add what is not there": (adding(HOME_PHONE, "415-555-2672"), set()),
    "add a bad phone": (adding(HOME_PHONE, "911"), {"phone"}),
    "add the first e-mail": (adding('emails[type eq "work"].value', "a@example.com"), set()),
    "add a manager": (adding(f"{ENTERPRISE}:manager", "m1"), set()),
    "remove active": (removing("active"), {"user.deactivation"}),
    "remove the e-mails": (removing("emails"), {"user.fixed"}),
    "remove userName": (removing("userName"), set()),
    "put another name": (putting(userName="new@example.com"), {"user.fixed"}),
    "put a bad phone": (putting(phoneNumbers=BAD), {"phone"}),
    "put inactive": (putting(active=False), {"user.deactivation"}),
    "put without active": (putting(active=None), {"user.deactivation"}),
    "put a stranger": (putting(shoeSize=1), {"attribute"}),
    "put a title": (putting(title="Chief"), set()),
    "a group": (
        lambda door: shown(door.call("POST", "/Groups", {"displayName": "IT", "members": [{"value": "a"}]})), set()
    ),
    "a group with a stranger": (
        lambda door: shown(door.call("POST", "/Groups", {"displayName": "IT", "shoeSize": 1})), {"attribute"}
    ),
    "a search for a stranger": (lambda door: shown(door.call("GET", "/Users", filter="shoeSize eq 1")), set()),
    "the schemas": (reading("/Schemas"), {"attribute"}),
    "the types": (reading("/ResourceTypes"), {"attribute"}),
    "the configuration": (reading("/ServiceProviderConfig"), set()),
    "nobody": (reading("/Users/nobody"), set()),
}  # fmt: skip


Answers = Callable[[set[str], str], Any]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, profile: ServiceProfile) -> Iterator[Answers]:
    """What a probe is answered by a stand-in that holds to some of the rules, with nobody in it."""
    databases: list[Database] = []
    doors: dict[frozenset[str], DirectDoor] = {}

    def answer(rules: set[str], probe: str) -> Any:
        door = doors.get(frozenset(rules))
        if door is None:
            databases.append(Database(tmp_path_factory.mktemp("door")))
            door = DirectDoor(ScimDoor(databases[-1], held_to(profile, rules), BASE_URL))
            doors[frozenset(rules)] = door
        try:
            return PROBES[probe][0](door)
        finally:
            for kind in ("/Users", "/Groups"):
                for left in door.call("GET", kind).document["Resources"]:
                    assert door.call("DELETE", f"{kind}/{left['id']}").status == 204

    yield answer
    for database in databases:
        database.close()


AT_THE_SCIM_DOOR = {"user.fixed", "user.deactivation", "phone", "attribute"}


@pytest.mark.parametrize("probe", PROBES)
def test_every_difference_at_the_scim_door_is_a_rule(answers: Answers, probe: str) -> None:
    plain = answers(set(), probe)
    differing_by = {rule for rule in AT_THE_SCIM_DOOR if answers({rule}, probe) != plain}
    assert differing_by == PROBES[probe][1]
    # and together they do not do what none of them does alone
    assert (answers(set(RULES), probe) != plain) == bool(differing_by)


def test_every_rule_at_the_scim_door_is_seen() -> None:
    assert {rule for _, rules in PROBES.values() for rule in rules} == AT_THE_SCIM_DOOR


def test_every_difference_of_the_settings_is_a_rule(tmp_path: Path, profile: ServiceProfile) -> None:
    """The gates: each is there with its rule and not without it."""

    def refused(rules: set[str]) -> set[str]:
        database = Database(tmp_path / str(len(list(tmp_path.iterdir()))))
        settings = Settings(database)
        settings.plan = "free"
        api = SettingsApi(settings, held_to(profile, rules), "http://127.0.0.1:1")
        codes = set()
        for method, path, body in (
            ("DELETE", "/saml", {}), ("POST", "/scim", {}), ("POST", "/scim/token", {"keep_old_s": 5}),
        ):  # fmt: skip
            try:
                api._calls[path][method](body)
            except Exception as refusal:  # noqa: BLE001  # by its code
                codes.add(getattr(refusal, "code", repr(refusal)))
        database.close()
        return codes

    assert refused(set()) == set()
    assert refused({"plan.required"}) == {"plan_below_plus"}
    assert refused({"saml.before_scim"}) == {"saml_not_active", "scim_not_connected"}
    assert refused({"scim.new_token_ends_old"}) == {"overlap_unsupported"}
    assert refused(AT_THE_SCIM_DOOR) == set()
