"""The procedures of the identity provider's guide, as steps."""

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Guide
from spoke_admin.guides import set_up

GUIDES = (set_up.GUIDE,)


def guide(guide_id: str) -> Guide:
    """The guide of this id. Raises AdminError naming the ids there are."""
    for candidate in GUIDES:
        if candidate.id == guide_id:
            return candidate
    raise AdminError(f"There is no guide {guide_id!r}.", f"Guides: {', '.join(it.id for it in GUIDES)}.")
