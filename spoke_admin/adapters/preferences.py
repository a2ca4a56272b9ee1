"""What the program remembers between two starts: connections, window, theme, which store holds a token. No secrets.

One JSON file in the platform's config folder. Settings that this version does not know are kept as they are.
"""

import json
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from spoke_admin.adapters import atomic_file
from spoke_admin.adapters.address import check_url
from spoke_admin.adapters.folders import config_folder
from spoke_admin.adapters.own_files import lock
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses

FORMAT = 1
MOST_BYTES = 4 * 1024 * 1024
FILE_NAME = "preferences.json"
Theme = Literal["system", "light", "dark"]
Document = dict[str, Any]

log = logging.getLogger(__name__)


class Preferences:
    """The preferences as they were when loaded. Each `keep_…` reads the file again, changes one thing and writes it.

    So two programs (a window and a command) do not undo each other's changes. Blocking, but a matter of milliseconds.
    `notice` says that a damaged file was set aside, and where; "" when all was well.
    """

    def __init__(self, folder: Path, document: Document, notice: str) -> None:
        self._folder = folder
        self._document = document
        self.notice = notice

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Reads them from `folder` (the platform's by default); without a file everything is at its start.

        Raises AdminError when the file is there and cannot be read, or a damaged one cannot be set aside.
        """
        folder = folder or config_folder()
        document, faults = _read(folder)
        if document is not None and (not faults or _is_newer(document)):
            return cls(folder, document, "")
        with _alone(folder):
            document, notice = _mended(folder)
        log.info("%s", notice)
        return cls(folder, document, notice)

    @property
    def connections(self) -> tuple[Addresses, ...]:
        return tuple(_addresses(entry) for entry in self._document.get("connections", ()))

    def connection(self, name: str) -> Addresses | None:
        return next((found for found in self.connections if found.name == name), None)

    def default_connection(self) -> Addresses | None:
        """The one kept last; None when there is none."""
        return self.connection(self._document.get("default_connection", ""))

    @property
    def theme(self) -> Theme:
        return cast(Theme, self._document.get("theme", "system"))

    @property
    def window_geometry(self) -> str:
        """As given by the window, in base64; "" when it was never kept."""
        return str(self._document.get("window_geometry", ""))

    def token_backend(self, address: str) -> str:
        """Which store holds the token of an address; "" when none is known."""
        return str(self._document.get("token_backends", {}).get(_key(address), ""))

    def keep_connection(self, addresses: Addresses) -> None:
        """Keeps a connection, in place of one of the same name, and makes it the default.

        Raises AdminError for addresses that cannot be used: with a user name or password in them above all.
        """
        checked = {
            field.name: check_url(address) if (address := getattr(addresses, field.name)) else ""
            for field in fields(Addresses)
            if field.name.endswith("_url")
        }
        kept = asdict(replace(addresses, **checked))

        def change(document: Document) -> None:
            entries = document.setdefault("connections", [])
            known = next((entry for entry in entries if entry["name"] == addresses.name), None)
            if known is None:
                entries.append(kept)
            else:
                known.update(kept)
            document["default_connection"] = addresses.name

        self._change(change)

    def forget_connection(self, name: str) -> None:
        """Forgets a connection; its tokens stay in the keychain. Harmless when there is none of that name."""

        def change(document: Document) -> None:
            document["connections"] = [entry for entry in document.get("connections", []) if entry["name"] != name]
            if document.get("default_connection") == name:
                del document["default_connection"]

        self._change(change)

    def keep_theme(self, theme: Theme) -> None:
        self._change(lambda document: document.update(theme=theme))

    def keep_window_geometry(self, geometry: str) -> None:
        self._change(lambda document: document.update(window_geometry=geometry))

    def keep_token_backend(self, address: str, backend: str) -> None:
        """Remembers which store holds the token of an address; "" forgets it."""

        def change(document: Document) -> None:
            backends = document.setdefault("token_backends", {})
            backends[check_url(address)] = backend
            if not backend:
                del backends[_key(address)]

        self._change(change)

    def _change(self, change: Callable[[Document], None]) -> None:
        """Raises AdminError when the file cannot be written, or was written by a newer version of this program."""
        _make_private(self._folder)
        with _alone(self._folder):
            document, notice = _mended(self._folder)
            if _is_newer(document):
                raise AdminError(
                    "The preferences were written by a newer version of Spoke Admin.",
                    "Update this one; until then nothing is changed in them.",
                    str(self._folder / FILE_NAME),
                )
            change(document)
            document["format"] = FORMAT
            _write(self._folder, document)
        self._document = document
        self.notice = notice or self.notice


def _key(address: str) -> str:
    return address.strip().rstrip("/")


def _addresses(entry: Document) -> Addresses:
    return Addresses(**{field.name: entry[field.name] for field in fields(Addresses) if field.name in entry})


def _refuse_secrets(value: object) -> None:
    """A fault of this program's own, never of the admin's: hence no AdminError."""
    if isinstance(value, Secret):
        raise TypeError("a secret is never saved in the preferences")
    for item in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_secrets(item)


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & 0o077 and sys.platform != "win32":
            folder.chmod(0o700)
    except OSError as fault:
        raise AdminError(
            f"The folder for preferences cannot be used: {fault.strerror}.", "Check who may write to it.", str(folder)
        ) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one program at a time changes the file. Ends with the process that holds it, also when that is killed."""
    try:
        handle = os.open(folder / "preferences.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise AdminError(
            f"The preferences cannot be changed: {fault.strerror}.", "Check who may write to the folder.", str(folder)
        ) from None
    try:
        lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _read(folder: Path) -> tuple[Document | None, list[str]]:
    """What can be used of the file, and the names of settings that cannot; None when nothing can."""
    path = folder / FILE_NAME
    try:
        if not path.exists():
            return {}, []
        if not path.is_file():
            raise AdminError(f"{path} is not a file.", "Move it away; new preferences are made.")
        data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
    except OSError as fault:
        raise AdminError(
            f"The preferences cannot be read: {fault.strerror}.", "Check who may read the file.", str(path)
        ) from None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None, []
    return (document, _drop_unusable(document)) if isinstance(document, dict) else (None, [])


def _mended(folder: Path) -> tuple[Document, str]:
    """What can be used, and a notice when the file was damaged: it is then kept aside whole. Holds the lock."""
    path = folder / FILE_NAME
    document, faults = _read(folder)
    if document is not None and (not faults or _is_newer(document)):
        return document, ""
    aside = next(
        it for number in range(1, 10_000) if not (it := folder / f"preferences.damaged-{number}.json").exists()
    )
    try:
        if document is None:
            path.rename(aside)
            return {}, f"The preferences file was damaged; it was set aside as {aside}."
        atomic_file.write(aside, path.read_bytes())
    except OSError as fault:
        raise AdminError(
            f"The damaged preferences cannot be set aside: {fault.strerror}.",
            "Move the file away yourself.",
            str(path),
        ) from None
    _write(folder, document)
    return document, f"The preferences were damaged ({', '.join(faults)}); the file as it was is kept as {aside}."


def _write(folder: Path, document: Document) -> None:
    _refuse_secrets(document)
    atomic_file.remove_leftovers(folder / FILE_NAME)
    atomic_file.write(folder / FILE_NAME, json.dumps(document, indent=2).encode() + b"\n")


def _is_newer(document: Document) -> bool:
    return bool(document.get("format", FORMAT) > FORMAT)


def _drop_unusable(document: Document) -> list[str]:
    """Takes out settings of the wrong kind; their names."""
    checks: dict[str, Callable[[Any], bool]] = {
        "format": lambda value: type(value) is int and value >= 1,
        "connections": lambda value: isinstance(value, list),
        "default_connection": lambda value: isinstance(value, str),
        "theme": lambda value: value in get_args(Theme),
        "window_geometry": lambda value: isinstance(value, str),
        "token_backends": lambda value: isinstance(value, dict) and all(isinstance(it, str) for it in value.values()),
    }
    faults = [name for name, fits in checks.items() if name in document and not fits(document[name])]
    for name in faults:
        del document[name]
    entries = document.get("connections", [])
    sound = [entry for entry in entries if _is_connection(entry)]
    if len(sound) < len(entries):
        document["connections"] = sound
        faults.append("connections")
    return faults


def _is_connection(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"name", "scim_url"} <= entry.keys():
        return False
    return all(isinstance(entry.get(field.name, ""), str) for field in fields(Addresses))
