"""One process, one port on 127.0.0.1: the stand-in service and the stand-in identity provider behind one guard."""

import asyncio
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Caller
from spoke_admin.domain.person import Person
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox import listening, scenarios
from spoke_admin.sandbox.asgi import Refused
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.guard import Door, Guard, Right, key_right
from spoke_admin.sandbox.identity_provider import StandInIdentityProvider
from spoke_admin.sandbox.people import people
from spoke_admin.sandbox.scim_door import Mode, ScimDoor
from spoke_admin.sandbox.settings import Settings
from spoke_admin.sandbox.settings_api import SettingsApi, below_plus, plan_suffices

Scenario = Literal["set-up", "migrate-users", "push-groups"]

SCIM_PATH = "/scim/v2"
SETTINGS_PATH = "/api/v1/integrations/sso"
IDENTITY_PROVIDER_PATH = "/okta"
# Okta shows its metadata and its sign-on page to everybody
PUBLIC_AT_OKTA = frozenset({"/saml/metadata", "/saml/sign-on"})


@dataclass(frozen=True)
class SandboxOptions:
    """How the stand-ins are started. `profile` is the service that is played.

    `mode` None: that of the data folder, `askspoke` in a fresh one. `plan` None: that of the data folder, the plan
    the profile requires in a fresh one. `port` 0: the port used last with this folder where it is free, else any free
    one. `scenario` and `people` shape a fresh folder only.
    """

    profile: ServiceProfile
    data: Path
    mode: Mode | None = None
    plan: str | None = None
    port: int = 0
    scenario: Scenario = "set-up"
    people: int = 12


async def serve(
    options: SandboxOptions, caller: Caller, ready: Callable[[Mapping[str, object]], None], stop: asyncio.Event
) -> None:
    """Serves until `stop` is set; `ready` is called once with the line that the command prints.

    Raises AdminError: the folder is in use, damaged or not ours, the port is taken, mode or plan do not fit.
    """
    database = Database(options.data)
    try:
        await _serve(options, database, caller, ready, stop)
    finally:
        database.close()


async def _serve(
    options: SandboxOptions,
    database: Database,
    caller: Caller,
    ready: Callable[[Mapping[str, object]], None],
    stop: asyncio.Event,
) -> None:
    settings = Settings(database)
    mode = _settle(options, settings)
    with ExitStack() as closing:
        bound = closing.enter_context(listening.listen(options.port, settings.value("port")))
        port: int = bound.getsockname()[1]
        settings.set_value("port", port)
        origin = f"http://{listening.LOOPBACK}:{port}"
        key = Secret(secrets.token_urlsafe(32))
        scim = ScimDoor(database, mode, options.profile, origin + SCIM_PATH)
        everyone = people(options.people)
        okta_url = origin + IDENTITY_PROVIDER_PATH
        okta = StandInIdentityProvider(options.data, okta_url, caller, options.profile, everyone)
        closing.callback(okta.close)
        stage = scenarios.Stage(options.profile, settings, scim, origin + SCIM_PATH, okta)
        token = _begin(stage, options, mode, database, everyone)
        line = {
            "scim_url": origin + SCIM_PATH,
            "settings_url": origin + SETTINGS_PATH,
            "identity_provider_url": okta_url,
            "token": token.reveal() if token is not None else None,
            "key": key.reveal(),
            "pid": os.getpid(),
        }
        guard = Guard(f"{listening.LOOPBACK}:{port}", _doors(stage, mode, origin, key))
        await listening.run(guard, bound, lambda: ready(line), stop)


def _begin(
    stage: scenarios.Stage, options: SandboxOptions, mode: Mode, database: Database, everyone: Sequence[Person]
) -> Secret | None:
    """Puts a fresh folder into the scenario's state, all or nothing; the token that made."""
    if stage.settings.value("begun") is not None:
        return None
    with database.transaction():
        token = scenarios.begin(stage, options.scenario, mode, everyone)
        stage.settings.set_value("begun", options.scenario)
    return token


def _doors(stage: scenarios.Stage, mode: Mode, origin: str, key: Secret) -> list[Door]:
    settings, profile = stage.settings, stage.profile
    api = SettingsApi(settings, profile, origin, gates=mode == "askspoke")
    return [
        Door(SCIM_PATH, stage.scim, _token_right(settings, profile, mode), 'Bearer realm="SCIM"', "scim"),
        Door(SETTINGS_PATH, api, key_right("Bearer", key), 'Bearer realm="settings"'),
        Door(IDENTITY_PROVIDER_PATH, stage.okta, key_right("SSWS", key), "SSWS", public=PUBLIC_AT_OKTA),
    ]


def _settle(options: SandboxOptions, settings: Settings) -> Mode:
    """Mode and plan, as asked for or as the folder has them. Raises AdminError when they do not fit."""
    known = options.profile.plan.known if options.profile.plan else ()
    if options.plan is not None and options.plan not in known:
        raise AdminError(f"There is no plan {options.plan}.", f"Choose one of: {', '.join(known)}.")
    kept: Mode | None = settings.value("mode")
    if kept is not None and options.mode not in (None, kept):
        raise AdminError(
            f"The data in {options.data} was made in mode {kept}.",
            f"Start it with --mode {kept}, or choose another folder with --data.",
        )
    mode: Mode = kept or options.mode or "askspoke"
    settings.set_value("mode", mode)
    if options.plan is not None or settings.value("plan") is None:
        settings.plan = options.plan or (options.profile.plan.required if options.profile.plan else "plus")
    return mode


def _token_right(settings: Settings, profile: ServiceProfile, mode: Mode) -> Right:
    def check(scheme: str, credentials: str) -> None:
        if not settings.scim_connected:
            raise Refused(
                401,
                "scim_not_connected",
                "SCIM is not connected.",
                f"Connect SCIM in {profile.title}'s settings first.",
            )
        if scheme != "bearer" or not settings.opens(credentials):
            raise Refused(
                401,
                "unauthorized",
                "The API token is missing, wrong or replaced.",
                f"Copy the API token from {profile.title}'s SCIM settings, or regenerate it there.",
            )
        if mode == "askspoke" and not plan_suffices(settings.plan, profile):
            raise below_plus(settings.plan, profile)

    return check
