"""A service: its settings API, where it has one, and its SCIM door. Fulfils `domain.systems.Service`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast, get_args

from spoke_admin.adapters.http import reason_of
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Fact, ScimCounts, ServiceSettings, TokenFacts, Tokens

SamlState = Literal["off", "connected", "tested", "active"]
ScimState = Literal["off", "connected"]


class ScimService:
    """The settings API answers to the key of its address, the SCIM door to its token; neither opens the other's."""

    def __init__(
        self,
        profile: ServiceProfile,
        scim_url: str,
        settings_url: str | None,
        caller: Caller,
        tokens: Tokens,
        settings_key: Callable[[], Awaitable[Secret]],
    ) -> None:
        self.profile = profile
        self.scim_url = scim_url
        self.settings_url = settings_url
        self._caller = caller
        self._tokens = tokens
        self._settings_key = settings_key
        self._scim = ScimClient(scim_url, caller)

    async def settings(self) -> ServiceSettings:
        document = await self._settings("GET", "")
        saml, scim = _part(document, "saml"), _part(document, "scim")
        return ServiceSettings(
            plan=str(document.get("plan", "")),
            saml=cast(SamlState, _state(saml, SamlState, "SAML")),
            scim=cast(ScimState, _state(scim, ScimState, "SCIM")),
            scim_url=str(scim.get("base_url") or ""),
            token=_token_facts(scim.get("token")),
            saml_issuer=str(saml.get("issuer") or ""),
            saml_sign_on_url=str(saml.get("sign_on_url") or ""),
        )

    async def connect_saml(self, metadata: str) -> None:
        await self._settings("PUT", "/saml", {"metadata": metadata})

    async def test_saml(self) -> Sequence[Fact]:
        document = await self._settings("POST", "/saml/test")
        checks = document.get("checks")
        return [
            Fact(str(check.get("name", "")), str(check.get("found", "")), str(check.get("expected", "")), ok=True)
            for check in (checks if isinstance(checks, list) else [])
            if isinstance(check, dict)
        ]

    async def activate_saml(self) -> None:
        await self._settings("POST", "/saml/activate")

    async def connect_scim(self) -> Secret:
        return _token(await self._settings("POST", "/scim"))

    async def regenerate_token(self) -> Secret:
        return _token(await self._settings("POST", "/scim/token"))

    async def probe(self, token: Secret) -> ScimCounts:
        return await self._scim.counts(token)

    async def find_user(self, user_name: str) -> Mapping[str, str] | None:
        kept = await self._tokens.read(self.scim_url)
        if kept.secret is None:
            title = kept.title or f"No API token of {self.profile.title} is on this computer, so it cannot be asked."
            raise AdminError(title, kept.remedy or "Paste it on the page Tokens, or regenerate it.")
        return await self._scim.find_user(user_name, self.profile, kept.secret)

    async def _settings(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        if self.settings_url is None:
            raise AdminError(
                f"{self.profile.title} has no API for its settings: this is done by hand.",
                "Follow the menu path of the step.",
            )
        key = await self._settings_key()
        call = Call(method, self.settings_url + path, body=body, authorization=f"Bearer {key.reveal()}")
        reply = await self._caller(call)
        if not reply.ok:
            raise _refused(reply, self.settings_url)
        document = reply.document() if reply.body else {}
        if not isinstance(document, dict):
            raise _foreign(self.settings_url)
        return document


def _refused(reply: Reply, url: str) -> AdminError:
    """The service's own words where it has some."""
    error = reason_of(reply).get("error")
    if isinstance(error, dict) and isinstance(error.get("title"), str):
        code, detail = error.get("code", ""), error.get("detail") or ""
        return AdminError(error["title"], str(error.get("remedy") or ""), f"{code} {detail}".strip())
    if reply.status in (401, 403):
        return AdminError(f"{url} refuses the key.", "Give the key of the settings API.", f"HTTP {reply.status}")
    return AdminError(f"There is no settings API at {url}.", "Check the address.", f"HTTP {reply.status}")


def _foreign(url: str) -> AdminError:
    return AdminError(f"{url} is no settings API: it answered JSON of another kind.", "Check the address.")


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise AdminError(f"The settings tell nothing of {name.upper()}.", "Check the address of the settings API.")
    return part


def _state(part: Mapping[str, Any], states: Any, what: str) -> str:
    state = part.get("state")
    if state not in get_args(states):
        raise AdminError(
            f"The settings tell a state of {what} that is not known: {str(state)[:40]}.",
            "Update Spoke Admin, or look at the service's settings page.",
        )
    return cast(str, state)


def _token(document: Mapping[str, Any]) -> Secret:
    token = document.get("token")
    if not isinstance(token, str):
        raise AdminError("The service made a token and did not show it.", "Regenerate the API token.")
    return Secret(token)


def _token_facts(token: object) -> TokenFacts | None:
    if not isinstance(token, dict):
        return None
    return TokenFacts(str(token.get("last4") or ""), _time(token.get("created")), _time(token.get("expires")))


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
