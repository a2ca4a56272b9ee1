"""How the identity provider gets a new token: by a command, the stand-in by itself, any other one by a person."""

import asyncio
import base64
import binascii
import os
import subprocess
import sys
from dataclasses import dataclass

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.rotation import GRACE_S, SETTLE_S, HandOver, Place
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, IdentityProvider, KeychainState

COMMAND_SECONDS = 600.0


@dataclass(frozen=True)
class HandingOver:
    """The way that was asked for.

    `command` "": the stand-in is served by itself, at any other identity provider a person does it; `confirmed` says
    that it was done. `memory`: the states of the keychain in which tokens may stay in this process's memory. Seconds:
    `grace_s`, that the old token goes on after the hand-over; `settle_s`, in which a request of a killed program may
    still take effect.
    """

    command: str = ""
    confirmed: bool = False
    memory: frozenset[KeychainState] = frozenset()
    grace_s: float = GRACE_S
    settle_s: float = SETTLE_S

    @property
    def memo(self) -> Secret | None:
        """What the keychain keeps for a resume."""
        return memo_of(self.command)

    async def make_ready(self, connection: Connection) -> None:
        """Raises AdminError where the stand-in could not be served, such as without its key."""
        provider = connection.identity_provider
        if provider is not None and provider.stand_in and not (self.command or self.confirmed):
            await provider.application()

    async def to(self, connection: Connection, secret: Secret) -> HandOver:
        """Hands the token over. Without a command the one of an interrupted rotation is taken. Raises AdminError."""
        if self.confirmed:
            return by_hand(connection, secret, confirmed=True)
        kept = await connection.tokens.read(connection.service.scim_url + Place.HAND_OVER)
        if command := self.command or command_of(kept.secret):
            return await by_command(command, secret)
        provider = connection.identity_provider
        if provider is not None and provider.stand_in:
            return await to_stand_in(provider, connection.service.scim_url, secret)
        return by_hand(connection, secret, confirmed=False)


def memo_of(command: str) -> Secret | None:
    """A command in the form in which the keychain keeps it: it may hold a key of its own. None: there is none."""
    return Secret(base64.urlsafe_b64encode(command.encode()).decode()) if command else None


def command_of(memo: Secret | None) -> str:
    """The command that `memo_of` was given; "" where there is none."""
    try:
        return base64.urlsafe_b64decode(memo.reveal()).decode() if memo is not None else ""
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""


async def by_command(command: str, secret: Secret, seconds: float = COMMAND_SECONDS) -> HandOver:
    """The bare token on the command's standard input; exit 0 means that the identity provider has it.

    Raises AdminError otherwise. What the command says on standard error is shown, on standard output is not.
    """
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as stream:
            stream.write(
                secret.reveal().encode()
            )  # before it starts: it finds all of it even if this process is killed
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=None if sys.stderr is not None else subprocess.DEVNULL,
        )
    except OSError as fault:
        raise AdminError("The hand-over command cannot be started.", "Check it.", fault.strerror or "") from None
    finally:
        os.close(reading)
    try:
        async with asyncio.timeout(seconds):
            code = await process.wait()
    except TimeoutError:
        code = None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code == 0:
        return HandOver(done=True, words="The hand-over command took the new token.")
    how = f"did not end within {seconds:g} s" if code is None else f"ended with exit code {code}"
    raise AdminError(
        f"The hand-over command {how}: the identity provider may not have the new token.",
        "Put the command right, then run `spoke-admin token resume` with --hand-over.",
    )


async def to_stand_in(provider: IdentityProvider, scim_url: str, secret: Secret) -> HandOver:
    """Stores the token where the stand-in pushes to this service, and proves it by the stand-in's own test."""
    application = await provider.application()
    integration = await provider.api_integration() if application is not None else None
    if integration is None or integration.base_url != scim_url:
        return HandOver(done=True, words=f"{provider.title} holds no token of this service: nothing to hand over.")
    await provider.enable_api_integration(scim_url, secret)
    after = await provider.api_integration()
    if after is None or not after.works or after.token_last_four != secret.last_four:
        message = after.message if after else ""
        raise AdminError(f"{provider.title} did not take the new token.", "Resume the rotation.", message)
    return HandOver(done=True, words=f"{provider.title} has the new token; its own test of credentials passed.")


def by_hand(connection: Connection, secret: Secret, confirmed: bool) -> HandOver:
    """What a person has to do; `confirmed`: it was done, and the identity provider's own test passed."""
    ends = f" (it ends in {secret.last_four})" if secret.last_four else ""
    if confirmed:
        return HandOver(
            done=True, words=f"You entered the new token{ends} at the identity provider, and its test passed."
        )
    where = f"{connection.console_url}, " if connection.console_url else ""
    return HandOver(
        done=False,
        words=f"Enter the new token{ends} at the identity provider: {where}the application, Provisioning, Integration, "
        "API token. Let it test the credentials and save. Then resume the rotation and say that it was handed over.",
    )
