"""The guide engine: steps whose state is derived from evidence, never stored.

A `Step` says what it needs, what it shows and asks, how it is proved and how it is done. A `Guide` is a row of steps.
The window, the terminal and the Markdown pages draw the same classes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Connection, Fact


class Status(StrEnum):
    """done: proved; ready: can be done now; blocked: something comes first; manual: a person does it elsewhere."""

    DONE = "done"
    READY = "ready"
    BLOCKED = "blocked"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a look at the live systems showed. `summary` is one sentence, also when it is not proved."""

    proved: bool
    summary: str
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()  # what an admin should know before the next click
    error: AdminError | None = None
    provable: bool = True  # False: nobody can be asked; a person checks by eye, and what follows is not held up


@dataclass(frozen=True, slots=True)
class Field:
    """Something a step asks for. `name` is the object name in the window and the key of the answer.

    kind: "text" one line; "xml" a document by address, file or paste; "choice" one of `Filled.options`;
    "checks" any of `Filled.options`.
    """

    name: str
    label: str
    kind: Literal["text", "xml", "choice", "checks"]
    help: str


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a choice: what is stored and what is read."""

    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A field's options and the value to start with; `checks` start with several, divided by blanks."""

    value: str = ""
    options: tuple[Option, ...] = ()


Answers = Mapping[str, str]
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person does this by hand: whose console, the menu path, and the deep link when it is known."""

    console: Literal["service", "identity_provider"]
    path: tuple[str, ...]
    link: str = ""


class Step(ABC):
    """One decision of a guide. Subclasses hold no state: everything comes from the connection."""

    id: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    action: ClassVar[str]  # the words on the button
    needs: ClassVar[tuple[type["Step"], ...]] = ()
    fields: ClassVar[tuple[Field, ...]] = ()
    quotes: ClassVar[tuple[str, ...]] = ()  # the identity provider's own guide, word for word
    warning: ClassVar[str] = ""  # said before the click that hurts
    drawing: ClassVar[str] = ""  # resources/drawings/NAME.svg

    @abstractmethod
    async def look(self, connection: Connection) -> Evidence:
        """Asks the live systems whether this step is done. Changes nothing."""

    @abstractmethod
    async def act(self, connection: Connection, answers: Answers, tell: Tell) -> None:
        """Does the step. `tell` reports what is being done. Raises AdminError when it cannot be done."""

    @abstractmethod
    def by_program(self, connection: Connection) -> bool:
        """Whether `act` can do it here; otherwise it is a manual step."""

    @abstractmethod
    def place(self, connection: Connection | None) -> Place:
        """Where a person finds it. Without a connection: for the printed guide."""

    async def fill(self, connection: Connection) -> Mapping[str, Filled]:
        """Options and starting values of the fields, by field name."""
        return {}


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as it stands. `reason` says why it is not done; `blocked_by` the step that comes first."""

    step: Step
    status: Status
    reason: str
    evidence: Evidence
    blocked_by: Step | None = None


@dataclass(frozen=True)
class Guide:
    """A procedure: its steps in order."""

    id: str
    title: str
    intro: str
    prerequisites: tuple[str, ...]
    steps: tuple[Step, ...] = field(default=())

    def step(self, step_id: str) -> Step:
        """The step of this id. Raises AdminError naming the ids there are."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise AdminError(
            f"The guide {self.id} has no step {step_id!r}.",
            f"Its steps are {', '.join(step.id for step in self.steps)}.",
        )

    async def look(self, connection: Connection, seen: Callable[[StepState], None] | None = None) -> list[StepState]:
        """Where every step stands now; `seen` is called with each as soon as it is known."""
        states: list[StepState] = []
        for step in self.steps:
            states.append(await self._state(step, connection, states))
            if seen:
                seen(states[-1])
        return states

    async def act(self, step: Step, connection: Connection, answers: Answers, tell: Tell) -> StepState:
        """Does one step and proves it. Raises AdminError when it is blocked or manual; then nothing was changed."""
        before = next(state for state in await self.look(connection) if state.step is step)
        if before.status is Status.BLOCKED:
            raise AdminError(f"{step.title} is blocked: {before.reason}", self._way_out(before))
        if before.status is Status.MANUAL:
            raise AdminError(f"{step.title} is done by hand.", " > ".join(step.place(connection).path))
        await step.act(connection, answers, tell)
        return next(state for state in await self.look(connection) if state.step is step)

    @staticmethod
    def _way_out(state: StepState) -> str:
        if state.blocked_by is not None:
            return f"Do the step {state.blocked_by.title!r} first."
        return state.evidence.error.remedy if state.evidence.error else "Put right what is named, then verify."

    @staticmethod
    async def _state(step: Step, connection: Connection, before: Sequence[StepState]) -> StepState:
        try:
            evidence = await step.look(connection)
        except AdminError as error:
            evidence = Evidence(proved=False, summary=error.title, error=error)
        if evidence.proved:
            return StepState(step, Status.DONE, "", evidence)
        needed = {state.step.id: state for state in before if isinstance(state.step, step.needs)} if step.needs else {}
        missing = next((state for state in needed.values() if _holds_up(state)), None)
        if missing is not None:
            return StepState(step, Status.BLOCKED, f"{missing.step.title} comes first.", evidence, missing.step)
        if evidence.error is not None:
            return StepState(step, Status.BLOCKED, f"{evidence.error.title} {evidence.error.remedy}", evidence)
        status = Status.READY if step.by_program(connection) else Status.MANUAL
        return StepState(step, status, evidence.summary, evidence)


def _holds_up(state: StepState) -> bool:
    return state.status is not Status.DONE and not (state.status is Status.MANUAL and not state.evidence.provable)
