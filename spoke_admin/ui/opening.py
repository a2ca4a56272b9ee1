"""Opens connections beside the window, and ends what it started: stand-ins, the open connection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.ui.tasks import Tasks

if TYPE_CHECKING:
    from spoke_admin.adapters.stand_in_process import StandIns


@dataclass(frozen=True)
class Opened:
    """A connection that was just opened."""

    connection: Connection


@dataclass(frozen=True)
class NotOpened:
    """A connection that could not be opened."""

    error: AdminError


class Opening(QObject):
    """One connection at a time; the one before is closed."""

    began = Signal()
    opened = Signal(object)  # Opened
    failed = Signal(object)  # NotOpened

    def __init__(self, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._connection: Connection | None = None
        self._own_stand_ins: StandIns | None = None

    def rehearse(self) -> None:
        """Starts stand-ins of our own, or uses those that run, and opens the connection to them."""
        self.began.emit()
        if self._own_stand_ins is not None:
            self._open_sandbox(self._own_stand_ins)
        else:
            self._tasks.work(lambda _progress, _cancelled: _start(), self._started, self._fail, owner=self)

    def open_sandbox(self, stand_ins: "StandIns") -> None:
        """Opens the connection to stand-ins that somebody else started and will end."""
        self.began.emit()
        self._open_sandbox(stand_ins)

    def open(self, addresses: Addresses) -> None:
        """Opens new or kept addresses and keeps them for the next time."""
        self.began.emit()

        async def opened() -> Connection:
            from spoke_admin import connection

            made = await connection.open_connection(addresses)
            connection.preferences().keep_connection(addresses)
            return made

        self._tasks.run(opened, self._take, self._fail, owner=self)

    def open_kept(self, name: str) -> None:
        """Opens the kept connection of this name, or with "" the last one, if there is one beyond this computer."""
        self._tasks.work(lambda _progress, _cancelled: _kept(name), self._open_found, self._fail, owner=self)

    async def farewell(self) -> None:
        """Closes the open connection: for the end of the program, on the network's loop."""
        if self._connection is not None:
            await self._connection.close()

    def end_stand_ins(self) -> None:
        """Ends the stand-ins that were started here."""
        if self._own_stand_ins is not None:
            self._own_stand_ins.stop()
            self._own_stand_ins = None

    def _started(self, stand_ins: "StandIns") -> None:
        self._own_stand_ins = stand_ins
        self._open_sandbox(stand_ins)

    def _open_sandbox(self, stand_ins: "StandIns") -> None:
        async def opened() -> Connection:
            from spoke_admin import connection

            return await connection.open_sandbox(stand_ins)

        self._tasks.run(opened, self._take, self._sandbox_failed, owner=self)

    def _open_found(self, addresses: Addresses | None) -> None:
        if addresses is not None:
            self.open(addresses)

    def _take(self, connection: Connection) -> None:
        before, self._connection = self._connection, connection
        if before is not None:
            self._tasks.run(before.close, lambda _nothing: None, lambda _error: None)
        self.opened.emit(Opened(connection))

    def _sandbox_failed(self, error: AdminError) -> None:
        self.end_stand_ins()
        self._fail(error)

    def _fail(self, error: AdminError) -> None:
        self.failed.emit(NotOpened(error))


def _start() -> "StandIns":
    """The stand-ins with the data of the last rehearsal, so that it goes on where it was left."""
    import platformdirs

    from spoke_admin import connection

    return connection.start_stand_ins(platformdirs.user_data_path("spoke-admin", appauthor=False) / "rehearsal")


def _kept(name: str) -> Addresses | None:
    """The kept connection of this name. Raises AdminError when there is none of that name."""
    from spoke_admin import connection

    preferences = connection.preferences()
    if not name:
        beyond = [it for it in preferences.connections if it.name != connection.SANDBOX_NAME]
        last = preferences.default_connection()
        return last if last in beyond else next(reversed(beyond), None)
    found = preferences.connection(name)
    if found is None:
        names = ", ".join(it.name for it in preferences.connections)
        raise AdminError(f"There is no connection {name!r}.", f"There are: {names}." if names else "None is kept yet.")
    return found
