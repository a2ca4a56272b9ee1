"""Background work as a value: the only module of the program's window that makes threads.

Network calls run as coroutines on one asyncio loop in one thread; work on files and numbers runs in two worker threads.
What comes of either arrives on the window's own thread. A piece of work whose owner is gone is dropped without a word.
"""

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from spoke_admin.adapters import crash_reports
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import redacted

if TYPE_CHECKING:
    import asyncio

__all__ = ["Cancelled", "Failed", "Task", "Tasks", "TellProgress", "Work", "redacted"]

Result = TypeVar("Result")
Failed = Callable[[AdminError], None]
TellProgress = Callable[[int, int], None]  # done, of how many
Cancelled = Callable[[], bool]
Work = Callable[[TellProgress, Cancelled], Result]

WORKERS = 2
BETWEEN_PROGRESS_S = 0.05  # a window cannot show more, and a flood of events would make it stop answering
FAREWELL_S = 3.0

log = logging.getLogger(__name__)


class Task:
    """A piece of work under way. After `cancel()` neither its `done` nor its `failed` is called."""

    def __init__(self, owner: QObject | None) -> None:
        self._owner = owner
        self._has_owner = owner is not None
        self._cancelled = threading.Event()
        self._stop: Callable[[], object] | None = None
        self.running = True

    def stop_with(self, stop: Callable[[], object]) -> None:
        """What else `cancel()` has to call."""
        self._stop = stop

    def cancel(self) -> None:
        """Ends the work at its next safe point. Harmless twice and after its end."""
        self._cancelled.set()
        self.running = False
        if self._stop is not None:
            self._stop()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for what comes of it."""
        return not self.cancelled and not (self._has_owner and not (self._owner and isValid(self._owner)))


@dataclass(frozen=True)
class _Delivery:
    """What arrives on the window's thread: for which task, what to call there, and whether it is the last."""

    task: Task
    call: Callable[[], None]
    last: bool


class Tasks(QObject):
    """Runs coroutines and work beside the window. Made, used and closed on the window's thread."""

    settled = Signal()  # nothing is under way any more
    _delivered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._delivered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._live: set[Task] = set()
        self._watched: set[int] = set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread: threading.Thread | None = None
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._workers: list[threading.Thread] = []

    def run(
        self,
        coroutine_factory: Callable[[], Coroutine[Any, Any, Result]],
        done: Callable[[Result], None],
        failed: Failed,
        owner: QObject | None = None,
    ) -> Task:
        """Awaits what `coroutine_factory` makes, on the network's loop; then `done` or `failed` here."""
        task = self._begin(owner)
        if self._closed:
            task.cancel()
            return task
        loop = self._running_loop()

        async def awaited() -> None:
            try:
                result = await coroutine_factory()
            except Exception as fault:  # noqa: BLE001  # every failure is shown in words, whatever it is
                self._fail(task, failed, fault)
            else:
                self._emit(_Delivery(task, lambda: done(result), last=True))

        import asyncio

        future = asyncio.run_coroutine_threadsafe(awaited(), loop)
        future.add_done_callback(lambda it: self._emit(_end(task)) if it.cancelled() else None)
        task.stop_with(future.cancel)
        return task

    def work(
        self,
        function: "Work[Result]",
        done: Callable[[Result], None],
        failed: Failed,
        progress: TellProgress | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Calls `function(progress, cancelled)` in a worker thread; then `done` or `failed` here.

        `progress(done, total)` may be called as often as one likes; it arrives here at most 20 times a second, and
        always when done equals total. A function that sees `cancelled()` returns; what it returns is dropped.
        """
        task = self._begin(owner)
        if self._closed:
            task.cancel()
            return task
        tell = self._teller(task, progress)

        def job() -> None:
            if not task.wanted:
                self._emit(_end(task))
                return
            try:
                result = function(tell, lambda: not task.wanted)
            except Exception as fault:  # noqa: BLE001  # every failure is shown in words, whatever it is
                self._fail(task, failed, fault)
            else:
                self._emit(_Delivery(task, lambda: done(result), last=True))

        self._jobs.put(job)
        if len(self._workers) < WORKERS:
            self._workers.append(_thread(self._serve, f"worker {len(self._workers) + 1}"))
        return task

    def here(self, call: Callable[[Result], None], owner: QObject) -> Callable[[Result], None]:
        """`call` for other threads: made on the window's thread, in order; dropped when the owner is gone."""
        relay = Task(owner)
        return lambda value: self._emit(_Delivery(relay, lambda: call(value), last=False))

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way."""
        return not any(task.wanted for task in self._live)

    def close(self, farewell: Callable[[], Awaitable[None]] | None = None, seconds: float = FAREWELL_S) -> None:
        """Cancels everything, runs `farewell` (to close connections) and ends the threads, in `seconds` at most.

        Threads that do not end by then are left to die with the process. What is begun afterwards is dropped without
        a word: a window that closes still gets events. Harmless twice.
        """
        until = time.monotonic() + seconds
        self._closed = True
        for task in list(self._live):
            task.cancel()
        self._live.clear()
        for _ in self._workers:
            self._jobs.put(None)
        if self._loop is not None:
            self._end_loop(self._loop, farewell, until)
        for thread in (*self._workers, self._loop_thread):
            if thread is not None:
                thread.join(max(0.0, until - time.monotonic()))
        self._workers, self._loop, self._loop_thread = [], None, None

    def _begin(self, owner: QObject | None) -> Task:
        task = Task(owner)
        self._live.add(task)
        if owner is not None and id(owner) not in self._watched:
            key = id(owner)
            self._watched.add(key)
            owner.destroyed.connect(lambda: self._forget(key))
        return task

    def _forget(self, key: int) -> None:
        """An owner is gone: what it waited for is cancelled."""
        self._watched.discard(key)
        for task in [it for it in self._live if not it.wanted]:
            self._live.discard(task)
            task.cancel()

    def _deliver(self, delivery: _Delivery) -> None:
        task = delivery.task
        if delivery.last:
            self._live.discard(task)
        if not self._closed and task.wanted:
            task.running = task.running and not delivery.last
            delivery.call()
        if delivery.last and not self._live and not self._closed:
            self.settled.emit()

    def _emit(self, delivery: _Delivery) -> None:
        if not self._closed and isValid(self):
            self._delivered.emit(delivery)

    def _fail(self, task: Task, failed: Failed, fault: Exception) -> None:
        error = fault if isinstance(fault, AdminError) else _mistake(fault)
        self._emit(_Delivery(task, lambda: failed(error), last=True))

    def _teller(self, task: Task, progress: TellProgress | None) -> TellProgress:
        told = [0.0]

        def tell(done: int, total: int) -> None:
            now = time.monotonic()
            if progress is None or (done != total and now - told[0] < BETWEEN_PROGRESS_S):
                return
            told[0] = now
            self._emit(_Delivery(task, lambda: progress(done, total), last=False))

        return tell

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _running_loop(self) -> "asyncio.AbstractEventLoop":
        import asyncio  # after the first paint: nothing of the network is needed before

        if self._loop is None:
            self._loop = loop = asyncio.new_event_loop()
            self._loop_thread = _thread(lambda: _run_loop(loop), "network")
        return self._loop

    @staticmethod
    def _end_loop(
        loop: "asyncio.AbstractEventLoop", farewell: Callable[[], Awaitable[None]] | None, until: float
    ) -> None:
        import asyncio

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for other in others:
                other.cancel()
            left = max(0.1, until - time.monotonic() - 0.2)
            if others:
                await asyncio.wait(others, timeout=left / 2)
            if farewell is not None:
                try:
                    await asyncio.wait_for(farewell(), timeout=left / 2)
                except Exception as fault:  # noqa: BLE001  # the program ends; there is nobody left to tell
                    log.debug("closing: %s", type(fault).__name__)
            loop.stop()

        asyncio.run_coroutine_threadsafe(end(), loop)


def _run_loop(loop: "asyncio.AbstractEventLoop") -> None:
    loop.run_forever()
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _thread(function: Callable[[], None], name: str) -> threading.Thread:
    """A daemon: the interpreter waits for the threads of concurrent.futures, also for one that a dead disk holds."""
    thread = threading.Thread(target=function, name=f"spoke-admin {name}", daemon=True)
    thread.start()
    return thread


def _end(task: Task) -> _Delivery:
    return _Delivery(task, lambda: None, last=True)


def _mistake(fault: Exception) -> AdminError:
    """Words for what should not happen; where it happened goes to the log and a report."""
    log.error("%s", crash_reports.traced(fault))
    return crash_reports.mistake(fault)
