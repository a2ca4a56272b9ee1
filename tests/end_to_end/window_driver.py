"""Drives the window from outside over AT-SPI. Runs on the system's Python (which has gi), not in the tests' own.

It reads a list of orders as JSON from standard input and prints one JSON answer an order.
Orders: ["find", NAME], ["press", NAME], ["text", NAME], ["items", NAME], ["names"], ["walk", MOST_PRESSES]. An object's
name is the last part of its accessible id, which Qt makes of object names.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  # the version comes first

APPLICATION = "Spoke Admin"
SECONDS = 20.0
# what is inside these is not walked: a table of a million rows would never end
CLOSED = {"table", "tree table", "tree", "combo box", "spin button", "scroll bar", "list"}


def until(ask: Callable[[], Any], complaint: str, seconds: float = SECONDS) -> Any:
    """Asks until the answer is true. Accessible objects vanish while they are read: that is asked again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if answer := ask():
                return answer
        except GLib.Error:
            pass
        time.sleep(0.03)  # between two looks from outside there is nothing to wait for but time
    raise AssertionError(complaint)


def application() -> Any:
    desktop = Atspi.get_desktop(0)
    for number in range(desktop.get_child_count()):
        child = desktop.get_child_at_index(number)
        if child is not None and child.get_name() == APPLICATION and child.get_child_count():
            return child
    return None


def showing(it: Any, depth: int = 0) -> Iterator[Any]:
    """Every object that shows, outermost first."""
    try:
        if depth and not it.get_state_set().contains(Atspi.StateType.SHOWING):
            return
        if depth:
            yield it
        if it.get_role_name() in CLOSED or depth > 40:
            return
        children = [it.get_child_at_index(number) for number in range(min(it.get_child_count(), 300))]
    except GLib.Error:
        return
    for child in children:
        if child is not None:
            yield from showing(child, depth + 1)


def name_of(it: Any) -> str:
    return (it.get_accessible_id() or "").rpartition(".")[2]


class Driver:
    """The window as a person without eyes meets it."""

    def __init__(self) -> None:
        Atspi.init()
        self.root = until(application, f"no application {APPLICATION} on the accessibility bus")

    def things(self) -> list[Any]:
        self.root.clear_cache()
        return list(showing(self.root))

    def find(self, name: str, seconds: float = SECONDS) -> Any:
        return until(lambda: next((it for it in self.things() if name_of(it) == name), None), f"no {name}", seconds)

    def text(self, name: str) -> str:
        it = self.find(name)
        reader = it.get_text_iface()
        return (Atspi.Text.get_text(it, 0, -1) if reader else "") or it.get_name() or ""

    def enabled(self, name: str) -> bool:
        return bool(self.find(name).get_state_set().contains(Atspi.StateType.ENABLED))

    def press(self, name: str) -> str:
        """Once: an object that vanished before it could be pressed is looked for again."""

        def pressed() -> bool:
            it = self.find(name)
            assert it.get_state_set().contains(Atspi.StateType.ENABLED), f"{name} is disabled"
            actions = [it.get_action_name(number) for number in range(it.get_n_actions())]
            return bool(actions) and bool(
                it.do_action(next((at for at, action in enumerate(actions) if action in ("Press", "Toggle")), 0))
            )

        until(pressed, f"{name} could not be pressed")
        return name

    def items(self, name: str) -> list[str]:
        it = self.find(name)
        return [it.get_child_at_index(number).get_name() for number in range(it.get_child_count())]

    def names(self) -> list[list[str]]:
        """Every showing object that has a name of its own in the code: its name, role and accessible name."""
        return [[name_of(it), it.get_role_name(), it.get_name() or ""] for it in self.things() if name_of(it)]

    def settled(self) -> tuple[str, str]:
        """Title and status of the step, once its status is known."""

        def look() -> tuple[str, str] | None:
            title, status = self.text("step_title"), self.text("step_status")
            if title != self.text("step_title"):  # another step came while they were read
                return None
            known = any(word in status for word in ("Done", "Ready", "Blocked", "Manual")) and not status.endswith("…")
            return (title, status) if known else None

        found: tuple[str, str] = until(look, "the step's status was never found out")
        return found

    def walk(self, most: int) -> dict[str, Any]:
        """Goes through the guide by act and next until the last step is done; what was pressed and seen."""
        presses: list[str] = []
        seen: list[list[str]] = []
        last = len(self.items("step_list"))
        while len(presses) < most:
            title, status = self.settled()
            seen.append([title, status, self.text("step_reason")])
            done = "Done" in status
            if done and not self.enabled("next_button"):
                break
            presses.append(self.press("next_button" if done else "act_button"))
            self._until_moved(title, done)
        return {"presses": presses, "seen": seen, "steps": last, "items": self.items("step_list")}

    def _until_moved(self, title: str, was_done: bool) -> None:
        """Waits until the press had its effect: another step shows, or this one is done."""

        def moved() -> bool:
            now, status = self.text("step_title"), self.text("step_status")
            return now != title or (not was_done and "Done" in status and not status.endswith("…"))

        until(moved, f"nothing happened after the press at {title}: {self.text('step_reason')}")


def main() -> None:
    driver = Driver()
    for order, *arguments in json.load(sys.stdin):
        answer = getattr(driver, order)(*arguments)
        if order == "find":
            answer = name_of(answer)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
