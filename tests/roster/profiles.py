"""The profiles that come with the program, for tests of the rules."""

from pathlib import Path

from spoke_admin.domain.profile import ServiceProfile, read_profile

_FOLDER = Path(__file__).parents[2] / "resources" / "profiles"


def shipped(name: str) -> ServiceProfile:
    return read_profile((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name)


ASKSPOKE = shipped("askspoke")
GENERIC = shipped("generic")
