"""The same calls against the real stand-in service: its gates, its token, its people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from spoke_admin.adapters import profiles
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.service import ScimService
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeptToken, KeychainState, ScimCounts
from tests.stand_ins import StandIns, StartStandIns

ADA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada+lovelace@acme.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "work", "value": "ada+lovelace@acme.com"}],
    "phoneNumbers": [{"type": "work", "value": "1-800-555-0199"}],
}


class Held:
    """The tokens of one test."""

    def __init__(self) -> None:
        self.secret: Secret | None = None

    async def read(self, address: str) -> KeptToken:
        return KeptToken(KeychainState.AVAILABLE if self.secret else KeychainState.MISSING, "the test", self.secret)

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        self.secret = secret
        return await self.read(address)

    forget = read


@asynccontextmanager
async def opened(stand_ins: StandIns, key: str = "") -> AsyncIterator[tuple[ScimService, HttpCaller, Held]]:
    async def settings_key() -> Secret:
        return Secret(key or stand_ins.key)

    held = Held()
    async with HttpCaller(deadline=20) as caller:
        profile = profiles.profile("askspoke")
        urls = stand_ins.scim_url, stand_ins.settings_url
        yield ScimService(profile, *urls, caller, held, settings_key), caller, held


async def metadata(stand_ins: StandIns, caller: HttpCaller) -> str:
    return (await caller(Call("GET", f"{stand_ins.identity_provider_url}/saml/metadata"))).body.decode()


async def code_of(refused: Awaitable[object]) -> str:
    """The code at the beginning of a refusal's detail."""
    with pytest.raises(AdminError) as said:
        await refused
    assert said.value.remedy
    return said.value.detail.partition(" ")[0]


def test_from_nothing_to_a_person_read_back(stand_ins: StandIns) -> None:
    async def run() -> None:
        async with opened(stand_ins) as (service, caller, held):
            before = await service.settings()
            assert (before.plan, before.saml, before.scim, before.token) == ("plus", "off", "off", None)
            assert await code_of(service.connect_scim()) == "saml_not_active"
            assert await code_of(service.activate_saml()) == "saml_not_tested"
            await service.connect_saml(await metadata(stand_ins, caller))
            assert all(fact.ok for fact in await service.test_saml())
            await service.activate_saml()
            held.secret = await service.connect_scim()
            after = await service.settings()
            assert (after.saml, after.scim, after.scim_url) == ("active", "connected", stand_ins.scim_url)
            assert after.token is not None
            assert after.token.last_four == held.secret.last_four
            assert after.token.created is not None
            assert await service.probe(held.secret) == ScimCounts(0, 0)
            bearer = f"Bearer {held.secret.reveal()}"
            assert (await caller(Call("POST", f"{stand_ins.scim_url}/Users", body=ADA, authorization=bearer))).ok
            assert await service.probe(held.secret) == ScimCounts(1, 0)
            found = await service.find_user("Ada+Lovelace@acme.com")
            assert found is not None
            assert found["name.givenName"] == "Ada"
            assert 'phoneNumbers[type eq "work"].value' not in found
            assert await service.find_user('nobody" or userName pr or "@acme.com') is None

    asyncio.run(run())


def test_a_regenerated_token_ends_the_old_one(rfc_stand_ins: StandIns) -> None:
    async def run() -> None:
        async with opened(rfc_stand_ins) as (service, _, _held):
            assert rfc_stand_ins.token
            old = Secret(rfc_stand_ins.token)
            await service.probe(old)
            new = await service.regenerate_token()
            await service.probe(new)
            with pytest.raises(AdminError, match="refuses the API token"):
                await service.probe(old)

    asyncio.run(run())


Refused = Callable[[ScimService], Awaitable[object]]


@pytest.mark.parametrize("use", [ScimService.connect_scim, ScimService.activate_saml, ScimService.test_saml])
def test_below_plus_nothing_is_offered(start_stand_ins: StartStandIns, use: Refused) -> None:
    stand_ins = start_stand_ins(plan="free")

    async def run() -> None:
        async with opened(stand_ins) as (service, _, _held):
            assert (await service.settings()).plan == "free"
            assert await code_of(use(service)) == "plan_below_plus"

    asyncio.run(run())


def test_neither_right_opens_the_others_door(rfc_stand_ins: StandIns) -> None:
    async def run() -> None:
        assert rfc_stand_ins.token
        async with opened(rfc_stand_ins, key=rfc_stand_ins.token) as (service, _, _held):
            assert await code_of(service.settings()) == "unauthorized"
            with pytest.raises(AdminError, match="refuses the API token"):
                await service.probe(Secret(rfc_stand_ins.key))

    asyncio.run(run())


def test_values_that_are_no_metadata_are_refused_with_the_services_words(stand_ins: StandIns) -> None:
    async def run() -> None:
        async with opened(stand_ins) as (service, _, _held):
            assert await code_of(service.connect_saml("<html/>")) == "saml_invalid"
            assert (await service.settings()).saml == "off"

    asyncio.run(run())


def test_a_base_url_without_its_path_is_told(stand_ins: StandIns) -> None:
    async def run() -> None:
        async with opened(stand_ins) as (service, caller, held):
            base = stand_ins.scim_url.removesuffix("/scim/v2")
            wrong = ScimService(service.profile, base, None, caller, held, lambda: asyncio.sleep(0))
            with pytest.raises(AdminError) as said:
                await wrong.probe(Secret(stand_ins.key))
            assert "/scim/v2" in said.value.remedy

    asyncio.run(run())
