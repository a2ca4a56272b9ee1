"""The Secret Service of a Linux desktop, looked at before it is used: a look never makes a window pop up."""

import os
from contextlib import closing
from datetime import UTC, datetime

from spoke_admin.domain.systems import KeychainState

DEFAULT = "/org/freedesktop/secrets/aliases/default"


def has_session_bus() -> bool:
    """Whether a session bus is named at all: without one there is no keychain, and looking would start things."""
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address != "disabled:"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return bool(runtime) and os.path.exists(os.path.join(runtime or "", "bus"))  # noqa: PTH110, PTH118  # before pathlib


def state() -> KeychainState:
    """AVAILABLE, LOCKED, or SESSION_ONLY when nothing answers. May wait for a stalled service: call with a deadline."""
    if not has_session_bus():
        return KeychainState.SESSION_ONLY
    import secretstorage
    from secretstorage.exceptions import ItemNotFoundException, SecretStorageException

    try:
        with closing(secretstorage.dbus_init()) as connection:
            if not secretstorage.check_service_availability(connection):
                return KeychainState.SESSION_ONLY
            collection = secretstorage.Collection(connection, DEFAULT)
            return KeychainState.LOCKED if collection.is_locked() else KeychainState.AVAILABLE
    except ItemNotFoundException:
        return KeychainState.LOCKED  # no default keyring was made yet: making one asks for a password
    except (SecretStorageException, OSError):
        return KeychainState.SESSION_ONLY


def unlock() -> bool:
    """Lets the system's own window ask the person, also for a first password; whether the keyring is open now.

    Waits for the person: call with a deadline. keyring would do the same and leave its connection open on a no.
    """
    import secretstorage
    from secretstorage.exceptions import SecretStorageException

    try:
        with closing(secretstorage.dbus_init()) as connection:
            collection = secretstorage.get_default_collection(connection)
            if collection.is_locked():
                collection.unlock()
            return not collection.is_locked()
    except (SecretStorageException, OSError):
        return False


def modified(service: str, user: str) -> datetime | None:
    """When the item was last written, None when the service does not tell."""
    import secretstorage
    from secretstorage.exceptions import SecretStorageException

    try:
        with closing(secretstorage.dbus_init()) as connection:
            items = secretstorage.Collection(connection, DEFAULT).search_items({"service": service, "username": user})
            return next((datetime.fromtimestamp(item.get_modified(), UTC) for item in items), None)
    except (SecretStorageException, OSError):
        return None
