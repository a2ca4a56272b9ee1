"""A guide of three steps and the small systems it looks at: enough for every state a wizard can show."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from spoke_admin.connection import profile
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Answers, Evidence, Field, Filled, Guide, Option, Place, Step, Tell
from spoke_admin.domain.systems import Connection, Fact

if TYPE_CHECKING:
    import asyncio


@dataclass
class World:
    """What the steps look at and change. `gate`: looks wait until it is open."""

    done: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    unprovable: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    fails_to_prove: set[str] = field(default_factory=set)
    acts: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    looks: int = 0
    closed: bool = False
    scim_url: str = "http://127.0.0.1:9/scim/v2"
    waiting: "asyncio.Event | None" = None


def world_of(connection: Connection) -> World:
    return cast(World, connection.service)


class Small(Step):
    why = "Because the next one needs it."

    async def look(self, connection: Connection) -> Evidence:
        world = world_of(connection)
        world.looks += 1
        if world.waiting is not None:
            await world.waiting.wait()
        if self.id in world.broken:
            raise AdminError(f"{self.title} cannot be asked.", "Start it.", "raw answer")
        done = self.id in world.done
        facts = (
            Fact("State", "on" if done else "off", "on", done),
            Fact("Base URL", "http://127.0.0.1:9/scim/v2", copy=True),
        )
        summary = f"{self.title} is {'on' if done else 'off'}."
        return Evidence(proved=done, summary=summary, facts=facts, provable=self.id not in world.unprovable)

    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        world = world_of(connection)
        world.acts.append((self.id, dict(answers)))
        if self.id in world.refused:
            raise AdminError(f"{self.title} was refused.", "Ask for the right.", "403")
        tell(f"Switching {self.title} on.")
        if self.id not in world.fails_to_prove:
            world.done.add(self.id)

    def by_program(self, connection: Connection) -> bool:
        return self.id not in world_of(connection).by_hand

    def place(self, connection: Connection | None) -> Place:
        return Place("service", ("Settings", "Integrations", self.title), "https://acme-admin.okta.com/admin")


class First(Small):
    id, title, action = "first", "First door", "Open the first door"
    quotes = ("Click Connect under SCIM.",)
    drawing = "service_settings"


class Second(Small):
    id, title, action = "second", "Second door", "Open the second door"
    needs = (First,)
    warning = "Deactivation removes the account."
    fields = (
        Field("label", "Label", "text", "What people see."),
        Field("person", "Person", "choice", "Who is first."),
        Field("features", "Features", "checks", "What is pushed."),
    )

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        people = (Option("1", "Ada"), Option("2", "Zoë Müller", "phone will be ignored"))
        features = (Option("PUSH", "Push new users"), Option("GROUPS", "Push groups"))
        return {"label": Filled("askSpoke"), "person": Filled("1", people), "features": Filled("PUSH", features)}


class Third(Small):
    id, title, action = "third", "Third door", "Open the third door"
    needs = (Second,)


GUIDE = Guide("small", "Small guide", "At the end three doors are open.", ("a key",), (First(), Second(), Third()))


def connection_to(world: World, *, sandbox: bool = True, name: str = "Small") -> Connection:
    async def close() -> None:
        world.closed = True

    return Connection(
        name=name,
        sandbox=sandbox,
        profile=profile("askspoke"),
        service=cast(Any, world),
        identity_provider=None,
        tokens=cast(Any, None),
        closing=close,
    )
