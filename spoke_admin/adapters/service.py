"""A service: its settings API, where it has one, and its SCIM door. Fulfils `domain.systems.Service`."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from spoke_admin.adapters.http import NotSentError, reason_of
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import (
    Fact,
    NoOverlapError,
    NothingMadeError,
    ScimCounts,
    ServiceSettings,
    ServiceUsers,
    TellPause,
    TellUsers,
    TokenFacts,
    Tokens,
)

SamlState = Literal["off", "connected", "tested", "active"]
ScimState = Literal["off", "connected"]
MOST_BYTES = 1024 * 1024


class ScimService:
    """The settings API answers to the key of its address, the SCIM door to its token; neither opens the other's."""

    def __init__(
        self,
        profile: ServiceProfile,
        scim_url: str,
        settings_url: str | None,
        caller: Caller,
        tokens: Tokens,
        settings_key: Callable[[], Awaitable[Secret | None]],
    ) -> None:
        self.profile = profile
        self.scim_url = scim_url
        self.settings_url = settings_url
        self._caller = caller
        self._tokens = tokens
        self._settings_key = settings_key
        self._waiting: list[TellPause] = []  # who wants to hear of pauses
        self._scim = ScimClient(scim_url, caller, pacing=Pacing(told=self._tell_pause))

    async def settings(self) -> ServiceSettings:
        document = await self._settings("GET", "")
        saml, scim = _part(document, "saml"), _part(document, "scim")
        return ServiceSettings(
            plan=_text(document.get("plan")),
            saml=cast(SamlState, _state(saml, SamlState, "SAML")),
            scim=cast(ScimState, _state(scim, ScimState, "SCIM")),
            scim_url=_text(scim.get("base_url")),
            token=_token_facts(scim.get("token")),
            saml_issuer=_text(saml.get("issuer")),
            saml_sign_on_url=_text(saml.get("sign_on_url")),
            old_token=_token_facts(scim.get("old_token")),
            saml_certificate_ends=_certificate_ends(saml.get("certificate")),
        )

    async def connect_saml(self, metadata: str) -> None:
        await self._settings("PUT", "/saml", {"metadata": metadata})

    async def test_saml(self) -> Sequence[Fact]:
        facts = _checks(await self._settings("POST", "/saml/test"))
        if failed := [fact for fact in facts if not fact.ok]:
            raise AdminError(
                "The SAML test failed.",
                "Correct what is named, hand over the metadata again, and repeat the test.",
                "; ".join(f"{fact.label}: found {fact.found}, expected {fact.expected}" for fact in failed),
            )
        return facts

    async def activate_saml(self) -> None:
        await self._settings("POST", "/saml/activate")

    async def connect_scim(self) -> Secret:
        return await self._new_token("/scim")

    async def regenerate_token(self, keep_old_s: int = 0) -> Secret:
        return await self._new_token("/scim/token", {"keep_old_s": keep_old_s} if keep_old_s else None)

    async def end_old_token(self) -> None:
        try:
            await self._settings("DELETE", "/scim/token/old")
        except _RefusedError as refusal:
            if refusal.status not in (404, 405):  # none is alive, or there is no such call
                raise

    async def reach(self) -> None:
        if self.settings_url is not None:
            await self.settings()
        else:
            await self._scim.reach()

    async def probe(self, token: Secret) -> ScimCounts:
        return await self._scim.counts(token)

    async def find_user(self, user_name: str) -> Mapping[str, str] | None:
        return await self._scim.find_user(user_name, self.profile, await self._stored_token())

    async def users(self, progress: TellUsers | None = None, paused: TellPause | None = None) -> ServiceUsers:
        token = await self._stored_token()
        with self._told_of_pauses(paused):
            return await self._scim.users(token, progress)

    @contextmanager
    def _told_of_pauses(self, paused: TellPause | None) -> Iterator[None]:
        """All calls to a service wait together, so whoever waits is told of each pause."""
        if paused is None:
            yield
            return
        self._waiting.append(paused)
        try:
            yield
        finally:
            self._waiting.remove(paused)

    def _tell_pause(self, seconds: float) -> None:
        for paused in self._waiting:
            paused(seconds)

    async def _stored_token(self) -> Secret:
        kept = await self._tokens.read(self.scim_url)
        if kept.secret is None:
            title = kept.title or f"No API token of {self.profile.title} is on this computer, so it cannot be asked."
            raise AdminError(title, kept.remedy or "Paste it on the page Tokens, or regenerate it.")
        return kept.secret

    async def _new_token(self, path: str, body: object = None) -> Secret:
        """The token of the answer. What cannot be read is not quoted: it may hold the token all the same."""
        try:
            document = await self._settings("POST", path, body)
        except NotSentError as fault:
            raise NothingMadeError(fault.title, fault.remedy, fault.detail) from None
        except _RefusedError as fault:
            if fault.status >= 500:
                raise
            no_overlap = body is not None and fault.status in (400, 422)  # the rest of the call is always the same
            kind = NoOverlapError if no_overlap else NothingMadeError
            raise kind(fault.title, fault.remedy, fault.detail) from None
        token = document.get("token")
        try:
            return Secret(token if isinstance(token, str) else "")
        except AdminError:
            raise _token_not_shown() from None

    async def _settings(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        if self.settings_url is None:
            raise AdminError(
                f"{self.profile.title} has no API for its settings: this is done by hand.",
                "Follow the menu path of the step.",
            )
        key = await self._settings_key()
        if key is None:
            raise AdminError(
                f"No key for the settings API of {self.profile.title} is on this computer.",
                "Store it on the page Tokens, or give it with --token-stdin.",
            )
        url = self.settings_url + path
        call = Call(method, url, body=body, authorization=f"Bearer {key.reveal()}", most_bytes=MOST_BYTES)
        reply = await self._caller(call)
        if not reply.ok:
            raise _refused(reply, self.settings_url)
        if not reply.body:
            return {}
        try:
            document = reply.document()
        except AdminError as fault:
            raise (_token_not_shown() if reply.status == 201 else fault) from None
        if not isinstance(document, dict):
            raise _foreign(self.settings_url)
        return document


def _token_not_shown() -> AdminError:
    return AdminError(
        "The service made a token, and what it answered cannot be read as one.", "Regenerate the API token."
    )


def _checks(document: Mapping[str, Any]) -> list[Fact]:
    """What the service's SAML test compared. A check that does not say it failed has passed: the answer was good."""
    checks = document.get("checks")
    return [
        Fact(
            _text(check.get("name")),
            _text(check.get("found")),
            _text(check.get("expected")),
            ok=check.get("passed") is not False,
        )
        for check in (checks if isinstance(checks, list) else [])
        if isinstance(check, dict)
    ]


class _RefusedError(AdminError):
    """The service answered with an error. `status` is that of HTTP."""

    def __init__(self, status: int, title: str, remedy: str, detail: str) -> None:
        super().__init__(title, remedy, detail)
        self.status = status


def _refused(reply: Reply, url: str) -> AdminError:
    """The service's own words where it has some; the detail begins with the code of the refusal."""
    status = reply.status
    error = reason_of(reply).get("error")
    if isinstance(error, dict) and isinstance(error.get("title"), str):
        code, title, remedy, detail = (
            reply.quote(_text(error.get(name))) for name in ("code", "title", "remedy", "detail")
        )
        return _RefusedError(status, title, remedy, f"{code} {detail}".strip())
    detail = f"HTTP {status}"
    if status in (401, 403):
        return _RefusedError(status, f"{url} refuses the key.", "Give the key of the settings API.", detail)
    if status == 429 or status >= 500:
        return _RefusedError(
            status, f"{url} is out of order.", "Try again later; if it stays so, tell its support.", detail
        )
    return _RefusedError(status, f"There is no settings API at {url}.", "Check the address.", detail)


def _foreign(url: str) -> AdminError:
    return AdminError(f"{url} is no settings API: it answered JSON of another kind.", "Check the address.")


def _text(value: object) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise AdminError(f"The settings tell nothing of {name.upper()}.", "Check the address of the settings API.")
    return part


def _state(part: Mapping[str, Any], states: Any, what: str) -> str:
    state = part.get("state")
    if state not in get_args(states):
        raise AdminError(
            f"The settings tell a state of {what} that is not known: {_text(state)[:40] or 'none'}.",
            "Update Spoke Admin, or look at the service's settings page.",
        )
    return cast(str, state)


def _token_facts(token: object) -> TokenFacts | None:
    if not isinstance(token, dict):
        return None
    return TokenFacts(_text(token.get("last4")), _time(token.get("created")), _time(token.get("expires")))


def _certificate_ends(certificate: object) -> datetime | None:
    return _time(certificate.get("not_after")) if isinstance(certificate, dict) else None


def _time(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
