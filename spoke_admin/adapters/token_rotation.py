"""The rotation of a token, with the journal and the clock of this computer; what one leaves in the keychain."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from spoke_admin.adapters.hand_over import HandingOver
from spoke_admin.adapters.rotation_journal import RotationJournal
from spoke_admin.domain.rotation import Outcome, Parts, Place, Rotation, Stage, Tell
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState, Tokens


async def rotate(
    opened: Connection,
    tell: Tell,
    how: HandingOver | None,
    takes: Callable[[Secret], Awaitable[bool]],
    *,
    resume: bool,
) -> Outcome:
    """A new SCIM token in the old one's place, or what is left to do of an interrupted rotation. Raises AdminError."""
    address, journal, way = opened.service.scim_url, RotationJournal(), how or HandingOver()
    provider = opened.identity_provider
    parts = Parts(
        address=address,
        service=opened.service,
        tokens=opened.tokens,
        journal=journal,
        takes=takes,
        make_ready=lambda: way.make_ready(opened),
        hand_over=lambda secret: way.to(opened, secret),
        now=lambda: datetime.now(UTC),
        pause=asyncio.sleep,
        tell=tell,
        title=opened.profile.title,
        whole=whole,
        began_with={
            "settings_url": opened.service.settings_url or "",
            "identity_provider_url": provider.url if provider is not None else opened.console_url,
            "profile": opened.profile.name,
        },
        memo=way.memo,
        memory=way.memory,
        grace_s=way.grace_s,
        settle_s=way.settle_s,
    )
    with journal.alone(address):
        rotation = Rotation(parts)
        return await (rotation.resume() if resume else rotation.regenerate())


async def whole(work: Awaitable[None]) -> None:
    """Awaits the work; a cancelling waits until it is over."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def was_interrupted(address: str, tokens: Tokens) -> bool:
    """Whether the journal, or what lies in the keychain beside the token, tells of an unfinished rotation."""
    if RotationJournal().open(address) is not None:
        return True
    kept = await asyncio.gather(*(tokens.read(address + place) for place in (Place.NEW, Place.BEFORE)))
    return any(it.secret is not None for it in kept)


async def interrupted(opened: Connection, takes: Callable[[Secret], Awaitable[bool]]) -> Outcome:
    """How an unfinished rotation stands. Raises AdminError."""
    address, tokens = opened.service.scim_url, opened.tokens
    progress = RotationJournal().open(address)
    kept, before = await tokens.read(address), await tokens.read(address + Place.BEFORE)
    if before.secret is None:
        return Outcome("waiting", kept=kept)
    alive = await takes(before.secret)
    overlap = progress is not None and progress.overlap and alive
    return Outcome("waiting", "alive" if alive else "ended", overlap, progress.gap_s if progress else None, kept)


async def forget(address: str, tokens: Tokens) -> KeptToken:
    """Removes the token and all that lies beside it; an unfinished rotation is given up."""
    kept = await tokens.forget(address)
    if kept.state is not KeychainState.MISSING:
        return kept
    for place in (Place.NEW, Place.BEFORE, Place.HAND_OVER):
        await tokens.forget(address + place)
    if RotationJournal().open(address) is not None:
        RotationJournal().record(address, Stage.TAKEN_BACK)
    return kept
