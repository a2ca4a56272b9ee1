"""The guide engine: states come from evidence, gates hold, nothing is done that is blocked."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Answers, Evidence, Guide, Place, Status, Step, Tell
from spoke_admin.domain.systems import Connection


@dataclass
class World:
    """What the steps of these tests look at and change."""

    done: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    unprovable: set[str] = field(default_factory=set)
    acts: list[str] = field(default_factory=list)


def world_of(connection: Connection) -> World:
    return cast(World, connection)


class Drawn(Step):
    id = "drawn"
    title = "Drawn"
    why = "Why."
    action = "Do it"

    async def look(self, connection: Connection) -> Evidence:
        world = world_of(connection)
        if self.id in world.broken:
            raise AdminError(f"{self.title} cannot be asked.", "Start it.")
        provable = self.id not in world.unprovable
        return Evidence(proved=self.id in world.done, summary=f"{self.title} was looked at.", provable=provable)

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        world = world_of(connection)
        world.acts.append(self.id)
        tell(f"doing {self.id}")
        if answers.get("works") != "no":
            world.done.add(self.id)

    def by_program(self, connection: Connection) -> bool:
        return self.id not in world_of(connection).by_hand

    def place(self, connection: Connection | None) -> Place:
        return Place("service", ("Settings", self.title))


class Saml(Drawn):
    id = "saml"
    title = "SAML"


class Scim(Drawn):
    id = "scim"
    title = "SCIM"
    needs = (Saml,)


class Token(Drawn):
    id = "token"
    title = "Token"
    needs = (Scim,)


GUIDE = Guide("test", "Test", "Intro.", (), (Saml(), Scim(), Token()))


def states(world: World) -> dict[str, Status]:
    return {state.step.id: state.status for state in asyncio.run(GUIDE.look(cast(Connection, world)))}


def act(world: World, step_id: str, answers: Answers | None = None) -> Status:
    told: list[str] = []
    state = asyncio.run(GUIDE.act(GUIDE.step(step_id), cast(Connection, world), answers or {}, told.append))
    assert told == [f"doing {step_id}"]
    return state.status


def test_a_step_waits_for_what_it_needs() -> None:
    assert states(World()) == {"saml": Status.READY, "scim": Status.BLOCKED, "token": Status.BLOCKED}
    assert states(World(done={"saml"})) == {"saml": Status.DONE, "scim": Status.READY, "token": Status.BLOCKED}


def test_a_done_step_turns_back_when_its_evidence_goes() -> None:
    world = World(done={"saml", "scim", "token"})
    assert set(states(world).values()) == {Status.DONE}
    world.done.discard("scim")
    assert states(world) == {"saml": Status.DONE, "scim": Status.READY, "token": Status.DONE}


def test_what_a_person_does_is_manual_and_holds_up_what_follows() -> None:
    assert states(World(by_hand={"saml"}))["saml"] is Status.MANUAL
    assert states(World(by_hand={"saml"}))["scim"] is Status.BLOCKED


def test_what_nobody_can_be_asked_about_does_not_hold_up_what_follows() -> None:
    assert states(World(by_hand={"saml"}, unprovable={"saml"})) == {
        "saml": Status.MANUAL,
        "scim": Status.READY,
        "token": Status.BLOCKED,
    }


def test_a_system_that_cannot_be_asked_blocks_with_its_words() -> None:
    state = asyncio.run(GUIDE.look(cast(Connection, World(broken={"saml"}))))[0]
    assert state.status is Status.BLOCKED
    assert state.reason == "SAML cannot be asked. Start it."


def test_acting_does_the_step_and_proves_it() -> None:
    world = World()
    assert act(world, "saml") is Status.DONE
    assert act(world, "scim", {"works": "no"}) is Status.READY
    assert world.acts == ["saml", "scim"]


@pytest.mark.parametrize(
    ("world", "step", "words"),
    [
        (World(), "scim", "SAML comes first"),
        (World(by_hand={"saml"}), "saml", "done by hand"),
        (World(broken={"saml"}), "saml", "cannot be asked"),
    ],
)
def test_what_is_blocked_or_manual_is_refused_and_changes_nothing(world: World, step: str, words: str) -> None:
    with pytest.raises(AdminError) as refused:
        asyncio.run(GUIDE.act(GUIDE.step(step), cast(Connection, world), {}, lambda _: None))
    assert words in refused.value.title
    assert refused.value.remedy
    assert world.acts == []


def test_an_unknown_step_is_refused_with_the_ids_there_are() -> None:
    with pytest.raises(AdminError) as refused:
        GUIDE.step("smal")
    assert "saml, scim, token" in refused.value.remedy
