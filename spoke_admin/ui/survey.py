"""What the overview asks the live systems: SAML, SCIM, token, what expires, mapping, users, groups. Changes nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.expiry import Expiry, near
from spoke_admin.domain.forecast import Verdict, forecast
from spoke_admin.domain.guide import Guide, Status, StepState
from spoke_admin.domain.systems import Connection, ScimCounts

MOST_PEOPLE = 1000  # whose values are forecast: the network's loop does it, and others wait for that
MOST_NAMED = 3
State = Literal["good", "attention", "blocked", "unknown"]
WORDS: dict[State, str] = {
    "good": "In order", "attention": "Needs you", "blocked": "Blocked", "unknown": "Not known",
}  # fmt: skip
SUBJECTS = {
    "saml": "SAML", "scim": "SCIM", "token": "API token", "expiry": "Expiry", "mapping": "Mapping", "users": "Users",
    "groups": "Groups",
}  # fmt: skip
OF_STATUS: dict[Status, State] = {
    Status.DONE: "good", Status.READY: "attention", Status.MANUAL: "attention", Status.BLOCKED: "blocked",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One subject of the overview as it stands. `looked` is when it was asked (aware, UTC).

    `expiries`: what ends when, for the subject of that name.
    """

    subject: str
    state: State
    summary: str
    looked: datetime
    expiries: tuple[Expiry, ...] = ()


Seen = Callable[[Line], None]


async def survey(connection: Connection, guide: Guide, seen: Seen) -> None:
    """Looks at every subject; `seen` gets each as soon as it is known. Faults of one subject leave the others."""
    states: dict[str, StepState] = {}

    def step_seen(state: StepState) -> None:
        states[state.step.id] = state
        if state.step.id == "scim":
            seen(_line("scim", OF_STATUS[state.status], _summary(state)))

    await guide.look(connection, step_seen)
    saml = states["saml"]
    seen(_line("saml", OF_STATUS[saml.status], await _with_certificate(connection, saml)))
    seen(await _token(connection, states["token"]))
    seen(await _expiry(connection))
    counts = await _counts(connection)
    for subject, look in (("mapping", _mapping), ("users", _users), ("groups", _groups)):
        try:
            state, summary = await look(connection, counts)
        except AdminError as error:
            state, summary = "unknown", f"{error.title} {error.remedy}"
        seen(_line(subject, state, summary))


def _line(subject: str, state: State, summary: str) -> Line:
    return Line(subject, state, summary, datetime.now(UTC))


def _summary(state: StepState) -> str:
    return state.evidence.summary if state.status is Status.DONE else state.reason


async def _with_certificate(connection: Connection, state: StepState) -> str:
    """The state of SAML, and until when the identity provider's newest signing certificate is valid."""
    words = _summary(state)
    if state.status is not Status.DONE or connection.identity_provider is None:
        return words
    from spoke_admin.saml.metadata import read_metadata  # lxml and cryptography: after the first paint

    try:
        metadata = read_metadata(await connection.identity_provider.metadata())
    except AdminError:
        return words
    return f"{words} Signing certificate valid to {max(it.not_after for it in metadata.certificates):%Y-%m-%d}."


async def _token(connection: Connection, state: StepState) -> Line:
    """The API token; before all else, whether its rotation was interrupted."""
    from spoke_admin.connection import rotation_was_interrupted

    if await rotation_was_interrupted(connection.service.scim_url, connection.tokens):
        return _line("token", "attention", "Its regeneration was interrupted: finish it on the page Tokens.")
    return _line("token", OF_STATUS[state.status], await _with_expiry(connection, state))


async def _with_expiry(connection: Connection, state: StepState) -> str:
    words = _summary(state)
    if state.status is not Status.DONE or connection.service.settings_url is None:
        return words
    try:
        token = (await connection.service.settings()).token
    except AdminError:
        return words
    if token is None:
        return words
    return f"{words} It expires {token.expires:%Y-%m-%d}." if token.expires else f"{words} It does not expire."


async def _expiry(connection: Connection) -> Line:
    """What ends when: what is near, else what comes next."""
    from spoke_admin.connection import expiries_of

    found, now = await expiries_of(connection), datetime.now(UTC)
    pressing = near(found, now)
    if pressing:
        more = len(pressing) - MOST_NAMED
        words = " ".join(it.words(now) for it in pressing[:MOST_NAMED])
        state: State = "attention"
        summary = f"{words} And {more} more." if more > 0 else words
    elif found:
        state, summary = "good", f"Nothing to do. Next: {found[0].words(now)}"
    else:
        state, summary = "unknown", "Nothing that ends is known yet."
    return Line("expiry", state, summary, now, tuple(found))


async def _counts(connection: Connection) -> ScimCounts | None:
    """How many users and groups the service shows; None when that cannot be asked."""
    kept = await connection.tokens.read(connection.service.scim_url)
    if kept.secret is None:
        return None
    try:
        return await connection.service.probe(kept.secret)
    except AdminError:
        return None


async def _mapping(connection: Connection, _counted: ScimCounts | None) -> tuple[State, str]:
    mapped = f"{len(connection.profile.attribute)} attributes are mapped."
    if connection.identity_provider is None:
        return "good", f"{mapped} The preview on the page Mappings shows what the service would ignore."
    everybody = await connection.identity_provider.people()
    people = everybody[:MOST_PEOPLE]
    whom = f"{len(people)} people" if people == everybody else f"the first {len(people):,} people"
    verdicts = Counter(row.verdict for person in people for row in forecast(person, connection.profile))
    ignored, rejected = verdicts[Verdict.IGNORED], verdicts[Verdict.REJECTED]
    if not ignored and not rejected:
        return "good", f"{mapped} Nothing of {whom} would be ignored."
    return "attention", (f"{mapped} Of {whom} the service would ignore {ignored} values and reject {rejected}.")


async def _users(connection: Connection, counted: ScimCounts | None) -> tuple[State, str]:
    if counted is None:
        return "unknown", "The users cannot be counted without a working API token."
    there = f"{counted.users} in {connection.profile.title}"
    if connection.identity_provider is None:
        return "good", f"{there}."
    assigned = await connection.identity_provider.assignments()
    failed = [it for it in assigned if it.state == "failed"]
    words = f"{there}, {len(assigned)} assigned in {connection.identity_provider.title}."
    if failed:
        return "attention", f"{words} The push failed for {len(failed)}: {failed[-1].message}"
    return ("good" if assigned else "attention"), words


async def _groups(connection: Connection, counted: ScimCounts | None) -> tuple[State, str]:
    if counted is None:
        return "unknown", "The groups cannot be counted without a working API token."
    there = f"{counted.groups} in {connection.profile.title}"
    if connection.identity_provider is None:
        return "good", f"{there}."
    theirs = await connection.identity_provider.groups()
    return "good", f"{there}, {len(theirs)} in {connection.identity_provider.title}."
