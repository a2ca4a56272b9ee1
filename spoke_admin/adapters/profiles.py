"""Service profiles by name: those that come with the program, and the admin's own in the config folder."""

import logging
from collections.abc import Iterator
from pathlib import Path

from spoke_admin.adapters.resources import resource
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile, read_profile

MOST_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


def own_folder() -> Path:
    """Where an admin drops profiles of their own."""
    import platformdirs

    return platformdirs.user_config_path("spoke-admin", appauthor=False) / "profiles"


def profile(name: str) -> ServiceProfile:
    """The profile of this name; an own one stands before a built-in one. Raises AdminError: none, or broken."""
    own = own_folder() / f"{name}.toml"
    known = {path.stem for path in _own_files()} | {path.name.removesuffix(".toml") for path in _built_in()}
    if name not in known:
        raise AdminError(f"There is no service profile {name!r}.", f"Profiles: {', '.join(sorted(known))}.")
    if own.is_file():
        log.info("the service profile %s is the admin's own", name)
        return _own(own)
    return read_profile(resource("profiles", f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def profiles() -> list[ServiceProfile]:
    """Every profile that can be used, by name; a broken one hides no other."""
    return [found for found in _all() if isinstance(found, ServiceProfile)]


def broken() -> list[AdminError]:
    """The own profiles that cannot be used, each with line and reason."""
    return [found for found in _all() if isinstance(found, AdminError)]


def _all() -> Iterator[ServiceProfile | AdminError]:
    names = {path.stem for path in _own_files()} | {path.name.removesuffix(".toml") for path in _built_in()}
    for name in sorted(names):
        try:
            yield profile(name)
        except AdminError as fault:
            yield fault


def _built_in() -> list[Path]:
    return [Path(entry.name) for entry in resource("profiles").iterdir() if entry.name.endswith(".toml")]


def _own_files() -> list[Path]:
    try:
        return sorted(own_folder().glob("*.toml"))
    except OSError:
        return []


def _own(path: Path) -> ServiceProfile:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AdminError(
                f"The service profile {path.name} is larger than 1 MiB.", "Remove it from the profiles folder."
            )
        text = path.read_bytes().decode("utf-8")
    except OSError as fault:
        raise AdminError(
            f"The service profile {path.name} cannot be read.", "Check who may read it.", str(fault)
        ) from None
    except UnicodeDecodeError:
        raise AdminError(f"The service profile {path.name} is not UTF-8 text.", "Save it as UTF-8.") from None
    found = read_profile(text, path.name)
    if found.name != path.stem:
        raise AdminError(
            f"The service profile {path.name} says its name is {found.name}.", f"Call the file {found.name}.toml."
        )
    return found
