"""Service profiles by name: those that come with the program, and the admin's own in the config folder."""

import logging
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

from spoke_admin.adapters.folders import config_folder
from spoke_admin.adapters.resources import resource
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile, read_profile

MOST_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


def own_folder() -> Path:
    """Where an admin drops profiles of their own."""
    return config_folder() / "profiles"


def profile(name: str) -> ServiceProfile:
    """The profile of this name; an own one stands before a built-in one. Raises AdminError: none, or broken."""
    own, built_in = _own_files(), _built_in()
    if name in own:
        if name in built_in:
            log.info("the service profile %s is the admin's own, in place of the built-in one", name)
        return _own(own[name])
    if name in built_in:
        return read_profile(built_in[name].read_text(encoding="utf-8"), f"{name}.toml")
    known = ", ".join(sorted({*own, *built_in}))
    raise AdminError(f"There is no service profile {name[:60]!r}.", f"Profiles: {known}.")


def profiles() -> list[ServiceProfile]:
    """Every profile that can be used, by name; a broken one hides no other."""
    return [found for found in _all() if isinstance(found, ServiceProfile)]


def broken() -> list[AdminError]:
    """The own profiles that cannot be used, each with line and reason."""
    return [found for found in _all() if isinstance(found, AdminError)]


def _all() -> Iterator[ServiceProfile | AdminError]:
    for name in sorted({*_own_files(), *_built_in()}):
        try:
            yield profile(name)
        except AdminError as fault:
            yield fault


def _built_in() -> dict[str, Traversable]:
    files = resource("profiles").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


def _own_files() -> dict[str, Path]:
    """By name; only real files: opening a pipe of that name would wait for ever."""
    try:
        return {path.stem: path for path in own_folder().glob("*.toml") if path.is_file()}
    except OSError:
        return {}


def _own(path: Path) -> ServiceProfile:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise AdminError(
                f"The service profile {path.name} is larger than 1 MiB.", "Remove it from the profiles folder."
            )
        text = path.read_bytes().decode("utf-8-sig")
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
