"""Writes to the real stand-in service: mode rfc keeps them, mode askspoke loses what the guide says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_explain import explain
from spoke_admin.adapters.scim_patches import Change, PatchForm
from spoke_admin.adapters.scim_results import Outcome, ReadBack, Verdict, WriteResult
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.scim_json import version_of
from spoke_admin.domain.secret import Secret
from tests.adapters.scim_servers import ENTERPRISE
from tests.stand_ins import StandIns, StartStandIns

Result = TypeVar("Result")
EMAIL, PHONE = 'emails[type eq "work"].value', 'phoneNumbers[type eq "work"].value'
CITY = 'addresses[type eq "work"].locality'


def person(name: str, phone: str = "415 555 2671") -> dict[str, Any]:
    return {
        "userName": f"{name}@example.com",
        "externalId": f"00u-{name}",
        "name": {"givenName": name.title(), "familyName": "Lovelace", "formatted": f"{name.title()} Lovelace"},
        "emails": [{"type": "work", "value": f"{name}@example.com", "primary": True}],
        "phoneNumbers": [{"type": "work", "value": phone}],
        "title": "Analyst",
        "active": True,
        "groups": [],
        "password": "correct horse battery staple",
        ENTERPRISE: {"department": "Engines"},
    }


def with_stand_in(stand_ins: StandIns, use: Callable[[ScimClient, Secret], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with HttpCaller(deadline=20) as caller:
            assert stand_ins.token
            return await use(ScimClient(stand_ins.scim_url, caller), Secret(stand_ins.token))

    return asyncio.run(run())


def test_what_is_written_in_mode_rfc_is_kept(rfc_stand_ins: StandIns) -> None:
    async def use(client: ScimClient, token: Secret) -> None:
        writes = client.writes
        created = await writes.create("Users", person("ada"), token)
        assert created.proved, created
        assert {it.path for it in created.differences} >= {"userName", EMAIL, PHONE, f"{ENTERPRISE}:department"}
        again = await writes.create("Users", person("ada"), token)
        assert (again.outcome, again.status, again.scim_type) == (Outcome.REFUSED, 409, "uniqueness")
        (found,) = await client.find("Users", "externalId", "00u-ada", token)
        assert found["id"] == created.id

        before = created.kept
        replaced = await writes.replace(
            "Users", created.id, {**person("ada"), "title": "Countess"}, token, before=before
        )
        assert replaced.proved, replaced
        changes = [
            Change("title"),
            Change(PHONE, "+1 212 555 0143"),
            Change(CITY, "London"),
            Change("name.givenName", "A."),
        ]
        patched = await writes.patch("Users", created.id, changes, token, before=replaced.kept)
        assert patched.proved, patched
        assert patched.side_effects == ()
        okta = [Change("title", "Analyst"), Change(f"{ENTERPRISE}:department", "Wheels")]
        patched = await writes.patch("Users", created.id, okta, token, form=PatchForm.OKTA, before=patched.kept)
        assert patched.proved, patched
        assert patched.side_effects == ()
        off = await writes.deactivate(created.id, token)
        assert off.proved
        assert off.kept is not None
        assert off.kept["active"] is False

        gone = await writes.delete("Users", created.id, token)
        assert gone.proved
        assert (await writes.delete("Users", created.id, token)).status == 404
        assert await client.read("Users", created.id, token) is None

    with_stand_in(rfc_stand_ins, use)


def test_groups_in_mode_rfc(rfc_stand_ins: StandIns) -> None:
    async def use(client: ScimClient, token: Secret) -> None:
        writes = client.writes
        ids = [(await writes.create("Users", person(name), token)).id for name in ("ada", "bob", "cy")]
        group = await writes.create("Groups", {"displayName": "Engines", "members": []}, token)
        assert group.proved
        filled = await writes.change_members(group.id, token, add=ids, before=group.kept)
        assert filled.proved
        renamed = await writes.rename_group(group.id, "Wheels", token, before=filled.kept)
        assert renamed.proved
        assert renamed.side_effects == ()
        moved = await writes.change_members(group.id, token, add=[ids[0]], remove=ids[1:], before=renamed.kept)
        assert moved.proved, moved
        assert moved.side_effects == ()
        groups = await client.groups(token, members=True)
        assert [(it.name, it.member_ids) for it in groups.groups] == [("Wheels", (ids[0],))]
        assert groups.complete
        assert (await client.counts(token)).users == 3
        seen: list[Any] = []
        assert (await client.everything("Users", token, seen.append)).complete
        assert [it["userName"] for it in seen] == [f"{name}@example.com" for name in ("ada", "bob", "cy")]

    with_stand_in(rfc_stand_ins, use)


def test_the_answers_in_mode_rfc_need_no_explanation(rfc_stand_ins: StandIns) -> None:
    async def use(client: ScimClient, token: Secret) -> dict[str, tuple[str, ...]]:
        created = await client.writes.create("Users", person("ada"), token)
        await client.writes.create("Groups", {"displayName": "Engines", "members": [{"value": created.id}]}, token)
        paths = [
            "/Users",
            "/Groups",
            f"/Users/{created.id}",
            "/Users/none",
            "/ServiceProviderConfig",
            "/Users?filter=x",
        ]
        async with HttpCaller(deadline=20) as caller:
            calls = {it: Call("GET", client.base_url + it, authorization=f"Bearer {token.reveal()}") for it in paths}
            return {path: told for path, call in calls.items() if (told := explain(await caller(call)))}

    assert with_stand_in(rfc_stand_ins, use) == {}


def test_what_mode_askspoke_silently_loses_is_named(start_stand_ins: StartStandIns) -> None:
    async def use(client: ScimClient, token: Secret) -> list[WriteResult]:
        writes = client.writes
        created = await writes.create("Users", person("ada", "+44 20 7946 0958"), token)
        number = await writes.patch("Users", created.id, [Change(PHONE, "212 555 0143")], token, before=created.kept)
        changed = {**person("eve", "1-800-555-0199"), "title": "Countess"}
        updated = await writes.replace("Users", created.id, changed, token, before=number.kept)
        removed = await writes.deactivate(created.id, token)
        return [created, number, updated, removed]

    stand_ins = start_stand_ins(scenario="migrate-users", people=3)
    created, number, updated, removed = with_stand_in(stand_ins, use)
    assert {it.path: it.verdict for it in created.losses} == {PHONE: Verdict.DROPPED}
    assert number.losses == ()
    assert {it.path: it.verdict for it in updated.losses} == {
        "userName": Verdict.DROPPED,
        EMAIL: Verdict.DROPPED,
        PHONE: Verdict.DROPPED,
    }
    assert (removed.outcome, removed.read_back) == (Outcome.DONE, ReadBack.GONE)


def test_a_write_to_a_version_that_is_gone_is_refused(rfc_stand_ins: StandIns) -> None:
    async def use(client: ScimClient, token: Secret) -> tuple[WriteResult, WriteResult]:
        created = await client.writes.create("Users", person("ada"), token)
        assert created.kept is not None
        version = version_of(created.kept)
        assert version
        first = await client.writes.patch("Users", created.id, [Change("title", "Countess")], token, version=version)
        return first, await client.writes.patch("Users", created.id, [Change("title", "x")], token, version=version)

    first, second = with_stand_in(rfc_stand_ins, use)
    assert first.proved
    assert (second.outcome, second.status) == (Outcome.REFUSED, 412)
