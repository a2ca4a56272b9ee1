"""The adapter of the stand-in Okta: every question against the real process, and foreign answers in words."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.stand_in_okta import StandInOkta
from spoke_admin.connection import profile
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Feature
from spoke_admin.saml.metadata import read_metadata
from tests.adapters.hostile import Server, answering, http, serving
from tests.stand_ins import StandIns


async def key() -> Secret:
    return Secret("key-of-the-tests")


def with_okta(stand_ins: StandIns, act: Callable[[StandInOkta], Awaitable[Any]]) -> Any:
    async def given() -> Secret:
        return Secret(stand_ins.key)

    async def run() -> Any:
        async with HttpCaller(deadline=20) as caller:
            return await act(StandInOkta(stand_ins.identity_provider_url, caller, given))

    return asyncio.run(run())


def connect_scim(stand_ins: StandIns) -> Secret:
    """SAML by the stand-in's own metadata, then SCIM; its token."""
    bearer = {"authorization": f"Bearer {stand_ins.key}"}
    with httpx.Client(base_url=stand_ins.settings_url, headers=bearer, trust_env=False) as settings:
        metadata = httpx.get(f"{stand_ins.identity_provider_url}/saml/metadata", trust_env=False).text
        settings.put("/saml", json={"metadata": metadata}).raise_for_status()
        settings.post("/saml/test").raise_for_status()
        settings.post("/saml/activate").raise_for_status()
        return Secret(settings.post("/scim").raise_for_status().json()["token"])


def test_from_nothing_to_one_person(stand_ins: StandIns) -> None:
    token = connect_scim(stand_ins)

    async def act(okta: StandInOkta) -> None:
        assert await okta.application() is None
        assert await okta.api_integration() is None
        assert await okta.assignments() == []
        with pytest.raises(AdminError, match="no application"):
            await okta.assign("x")
        await okta.add_application("Spoke", "acme")
        await okta.enable_api_integration(stand_ins.scim_url, token)
        held = await okta.api_integration()
        assert held is not None
        assert (held.works, held.base_url, held.token_last_four) == (True, stand_ins.scim_url, token.last_four)
        await okta.enable_features(frozenset({Feature.PUSH_NEW_USERS, Feature.GROUP_PUSH}))
        application = await okta.application()
        assert application is not None
        assert (application.label, application.subdomain) == ("Spoke", "acme")
        assert application.features == {Feature.PUSH_NEW_USERS, Feature.GROUP_PUSH}
        people, groups = await okta.people(), await okta.groups()
        assert len(people) == 12
        assert "Everyone" in {group.name for group in groups}
        await okta.assign(people[1].id)
        assigned = (await okta.assignments())[0]
        assert (assigned.person.id, assigned.state) == (people[1].id, "pushed")
        there = await okta.user_at_service(people[1].id, profile("askspoke"))
        assert there is not None
        assert there["userName"] == people[1].login
        assert await okta.user_at_service(people[2].id, profile("askspoke")) is None
        assert read_metadata(await okta.metadata()).sign_on_url.startswith(okta.url)

    with_okta(stand_ins, act)


def test_a_wrong_token_is_refused_in_oktas_words_and_not_repeated(stand_ins: StandIns) -> None:
    async def act(okta: StandInOkta) -> AdminError:
        await okta.add_application("Spoke", "")
        with pytest.raises(AdminError) as refused:
            await okta.enable_api_integration(stand_ins.scim_url, Secret("canary-wrong-token"))
        assert await okta.api_integration() is None
        return refused.value

    error = with_okta(stand_ins, act)
    assert "Test of credentials failed" in error.title
    assert "canary" not in f"{error.title}{error.remedy}{error.detail}"


def answered(path: str, answer: bytes, act: Callable[[StandInOkta], Awaitable[Any]]) -> AdminError:
    """The words for what a foreign server answers at `path`."""

    async def run() -> AdminError:
        held: list[Server] = []
        answers: Mapping[str, bytes] = {f"GET {path}": answer}
        async with serving(answering(lambda: held[0], answers)) as server, HttpCaller(deadline=2) as caller:
            held.append(server)
            with pytest.raises(AdminError) as refused:
                await act(StandInOkta(server.url("/okta"), caller, key))
            return refused.value

    return asyncio.run(run())


USERS = "/okta/api/v1/users"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(200, b"<html>", "text/html"), "instead of JSON"),
        (http(200, b"{}"), "no identity provider"),
        (http(401, b'{"errorCode": "E0000011", "errorSummary": "Invalid token"}'), "refuses the key"),
        (http(500, b'{"errorSummary": "Internal Server Error"}'), "Internal Server Error"),
        (http(404, b"[]"), "no identity provider"),
        (http(200, b"[]", link='<http://elsewhere.example/users>; rel="next"'), "another address"),
    ],
)
def test_foreign_answers_are_said_in_words(answer: bytes, words: str) -> None:
    error = answered(USERS, answer, lambda okta: okta.people())
    assert words in f"{error.title} {error.remedy}"
    assert error.remedy


def test_pages_that_go_round_in_a_circle_end() -> None:
    async def run() -> AdminError:
        held: list[Server] = []

        async def answer(writer: asyncio.StreamWriter) -> None:
            link = f'<{held[0].url("/okta/api/v1/users")}>; rel="next"'
            writer.write(http(200, b"[]", link=link))
            await writer.drain()

        async with serving(answer) as server, HttpCaller(deadline=2) as caller:
            held.append(server)
            with pytest.raises(AdminError) as refused:
                await StandInOkta(server.url("/okta"), caller, key).people()
            assert len(server.requests) == 1
            return refused.value

    assert "circle" in asyncio.run(run()).title


def test_people_without_an_id_or_of_another_kind_are_left_out() -> None:
    async def run() -> list[str]:
        held: list[Server] = []
        body = b'[{"id": 3, "status": "ACTIVE"}, 4, {"id": "x", "status": "ACTIVE", "profile": 7}, {"id": "y"}]'
        answers = {f"GET {USERS}": http(200, body)}
        async with serving(answering(lambda: held[0], answers)) as server, HttpCaller(deadline=2) as caller:
            held.append(server)
            return [person.id for person in await StandInOkta(server.url("/okta"), caller, key).people()]

    assert asyncio.run(run()) == ["x"]
