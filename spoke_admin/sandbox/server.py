"""One process, one port on 127.0.0.1: the stand-in service and the stand-in identity provider behind one guard."""

import asyncio
import gc
import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Caller
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox import listening, scenarios
from spoke_admin.sandbox.asgi import Refused
from spoke_admin.sandbox.database import Database
from spoke_admin.sandbox.faults import Faults
from spoke_admin.sandbox.faulty_door import FaultyDoor
from spoke_admin.sandbox.guard import Door, Guard, Right, key_right
from spoke_admin.sandbox.identity_provider import StandInIdentityProvider
from spoke_admin.sandbox.modes import Mode, played
from spoke_admin.sandbox.scim_door import ScimDoor
from spoke_admin.sandbox.settings import Settings
from spoke_admin.sandbox.settings_api import SettingsApi, below_plus, plan_suffices
from spoke_admin.sandbox.snapshot import read_snapshot, snapshot_in

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
    one. `scenario`, `people` and `snapshot` (a file; None: one that lies in the folder) shape a fresh folder only.
    """

    profile: ServiceProfile
    data: Path
    mode: Mode | None = None
    plan: str | None = None
    port: int = 0
    scenario: Scenario = "set-up"
    people: int = 12
    snapshot: Path | None = None


async def serve(
    options: SandboxOptions,
    caller: Caller,
    ready: Callable[[Mapping[str, object]], None],
    stop: asyncio.Event,
    say: Callable[[str], None] = lambda _words: None,
) -> None:
    """Serves until `stop` is set; `ready` is called once with the line that the command prints, `say` with words.

    Raises AdminError: the folder is in use, damaged or not ours, the port is taken, mode, plan or snapshot do not fit.
    """
    database = Database(options.data)
    try:
        await _serve(options, database, caller, Told(ready, say), stop)
    finally:
        database.close()


@dataclass(frozen=True)
class Told:
    """Where the line and the words go."""

    ready: Callable[[Mapping[str, object]], None]
    say: Callable[[str], None]


async def _serve(
    options: SandboxOptions,
    database: Database,
    caller: Caller,
    told: Told,
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
        profile = played(options.profile, mode)
        scim = ScimDoor(database, profile, origin + SCIM_PATH)
        okta_url = origin + IDENTITY_PROVIDER_PATH
        okta = StandInIdentityProvider(options.data, okta_url, caller, profile)
        closing.callback(okta.close)
        stage = scenarios.Stage(profile, settings, scim, origin + SCIM_PATH, okta)
        begun = _begin(stage, options, database)
        line = {
            "scim_url": origin + SCIM_PATH,
            "settings_url": origin + SETTINGS_PATH,
            "identity_provider_url": okta_url,
            "token": begun.token.reveal() if begun.token is not None else None,
            "key": key.reveal(),
            "pid": os.getpid(),
        }
        if begun.words:
            told.say(begun.words)
        guard = Guard(f"{listening.LOOPBACK}:{port}", _doors(stage, origin, key))
        await listening.run(guard, bound, lambda: told.ready(line), stop)


def _begin(stage: scenarios.Stage, options: SandboxOptions, database: Database) -> scenarios.Begun:
    """Puts a fresh folder into the scenario's state, all or nothing."""
    if stage.settings.value("begun") is not None:
        return scenarios.Begun(None)
    path = options.snapshot or snapshot_in(options.data)
    snapshot = read_snapshot(path) if path is not None else None
    gc.freeze()  # a large snapshot stays until it is stored: no use in going through it again and again meanwhile
    try:
        with database.transaction():
            begun = scenarios.begin(stage, options.scenario, options.people, snapshot)
            stage.settings.set_value("begun", options.scenario)
    finally:
        gc.unfreeze()
    return begun


def _doors(stage: scenarios.Stage, origin: str, key: Secret) -> list[Door]:
    settings = stage.settings
    faults = Faults()
    api = SettingsApi(settings, stage.profile, origin, faults)
    scim = FaultyDoor(stage.scim, faults)
    return [
        Door(SCIM_PATH, scim, _token_right(settings, stage.profile), 'Bearer realm="SCIM"', "scim"),
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


def _token_right(settings: Settings, profile: ServiceProfile) -> Right:
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
        if not plan_suffices(settings.plan, profile):
            raise below_plus(settings.plan, profile)

    return check
