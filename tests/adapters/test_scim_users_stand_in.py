"""The users of the real stand-in service, held against a roster."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from spoke_admin.adapters import profiles
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.service import ScimService
from spoke_admin.domain.cross_check import Standing, cross_check
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeptToken, KeychainState, ServiceUsers
from tests.stand_ins import StandIns, StartStandIns


class Held:
    """The tokens of one test."""

    def __init__(self, token: str | None) -> None:
        self._secret = Secret(token) if token else None

    async def read(self, address: str) -> KeptToken:
        return KeptToken(KeychainState.AVAILABLE if self._secret else KeychainState.MISSING, "the test", self._secret)

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        raise NotImplementedError

    forget = read


def service_of(stand_ins: StandIns, caller: HttpCaller, token: str | None) -> ScimService:
    return ScimService(profiles.profile("generic"), stand_ins.scim_url, None, caller, Held(token), no_key)


async def no_key() -> Secret | None:
    raise AssertionError("no key is asked for")


async def change(stand_ins: StandIns, caller: HttpCaller, method: str, path: str, body: object) -> Mapping[str, Any]:
    call = Call(method, f"{stand_ins.scim_url}{path}", body=body, authorization=f"Bearer {stand_ins.token}")
    reply = await caller(call)
    assert reply.ok, reply.body
    document: Mapping[str, Any] = reply.document() if reply.body else {}
    return document


def test_the_users_of_the_stand_in_are_held_against_a_roster(rfc_stand_ins: StandIns) -> None:
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    off = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "value": {"active": False}}],
    }

    async def run() -> ServiceUsers:
        async with HttpCaller(deadline=20) as caller:
            for number in range(208):
                linked = {"externalId": f"00u{number}"} if number % 2 else {}
                made = {"schemas": schemas, "userName": f"U{number}@Example.com", "active": True, **linked}
                kept = await change(rfc_stand_ins, caller, "POST", "/Users", made)
                if number % 16 == 0:
                    await change(rfc_stand_ins, caller, "PATCH", f"/Users/{kept['id']}", off)
            return await service_of(rfc_stand_ins, caller, rfc_stand_ins.token).users()

    users = asyncio.run(run())
    assert (len(users.users), users.complete, users.promised) == (208, True, 208)
    logins = [f" u{number}@EXAMPLE.com" for number in range(0, 300, 3)]
    check = cross_check(logins, users.users, complete=users.complete)
    assert {standing: list(found) for standing, found in check.places.items() if found} == {
        Standing.EXISTS: [place for place in range(70) if 3 * place % 2],
        Standing.LINKED: [place for place in range(70) if 3 * place % 2 == 0 and 3 * place % 16],
        Standing.DEACTIVATED: [place for place in range(70) if 3 * place % 16 == 0],
        Standing.CREATED: list(range(70, 100)),
    }
    assert [it.user_name for it in check.only_there[:3]] == ["U1@Example.com", "U2@Example.com", "U4@Example.com"]
    assert len(check.only_there) == 208 - 70


def test_people_whom_an_identity_provider_pushed_exist_already(start_stand_ins: StartStandIns) -> None:
    stand_ins = start_stand_ins(scenario="migrate-users", people=230)

    async def run() -> tuple[ServiceUsers, list[tuple[int, int]]]:
        told: list[tuple[int, int]] = []
        async with HttpCaller(deadline=20) as caller:
            return await service_of(stand_ins, caller, stand_ins.token).users(lambda *it: told.append(it)), told

    users, told = asyncio.run(run())
    assert (len(users.users), users.complete) == (230, True)
    assert told == [(100, 230), (200, 230), (230, 230), (230, 230)]
    check = cross_check([it.user_name.upper() for it in users.users], users.users)
    assert check.count(Standing.EXISTS) == 230
    assert check.only_there == ()


def test_the_stand_in_is_asked_with_the_stored_token_alone(rfc_stand_ins: StandIns) -> None:
    async def run() -> None:
        async with HttpCaller(deadline=20) as caller:
            empty = await service_of(rfc_stand_ins, caller, rfc_stand_ins.token).users()
            assert empty == ServiceUsers((), complete=True, promised=0)
            with pytest.raises(AdminError, match="refuses the API token"):
                await service_of(rfc_stand_ins, caller, "another-token-than-this").users()
            with pytest.raises(AdminError, match="No API token of"):
                await service_of(rfc_stand_ins, caller, None).users()

    asyncio.run(run())
