"""What is known of a token, as a small grid: where, since when, last used, until when, its end and its fingerprint."""

from datetime import UTC, datetime

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from spoke_admin.ui.form import dim, wrapped
from spoke_admin.ui.token_states import Details

ROWS = (
    ("Kept in", "token_backend"), ("Ends in", "token_last_four"), ("Set", "token_set_at"),
    ("Fingerprint", "token_fingerprint"), ("Last used", "token_last_used"), ("Expires", "token_expires"),
)  # fmt: skip


class TokenDetails(QWidget):
    """Values named token_backend, token_last_four, token_set_at, token_fingerprint, token_last_used, token_expires."""

    def __init__(self) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        self._values: dict[str, QLabel] = {}
        for number, (words, name) in enumerate(ROWS):
            row, column = number // 2, number % 2 * 2
            self._values[name] = wrapped("", name)
            grid.addWidget(dim(words, f"{name}_label"), row, column)
            grid.addWidget(self._values[name], row, column + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.show_details(Details())

    def show_details(self, details: Details) -> None:
        """Shows what is known; "—" where nothing is."""
        expires = moment(details.expires)
        if details.expires is not None and details.unused:
            expires += ", unless it is used"
        texts = {
            "token_backend": details.backend,
            "token_last_four": details.last_four,
            "token_set_at": moment(details.set_at),
            "token_fingerprint": details.fingerprint,
            "token_last_used": moment(details.used),
            "token_expires": expires,
        }
        for name, text in texts.items():
            self._values[name].setText(text or "—")


def moment(when: datetime | None, now: datetime | None = None) -> str:
    """A local time, and how far away it is."""
    if when is None:
        return ""
    seconds = (when - (now or datetime.now(UTC))).total_seconds()
    span = _span(abs(seconds))
    far = "just now" if not span else f"in {span}" if seconds > 0 else f"{span} ago"
    return f"{when.astimezone():%Y-%m-%d %H:%M} ({far})"


def _span(seconds: float) -> str:
    """Days, hours or minutes, the greatest that there is one of; "" below a minute."""
    for size, one, many in ((86_400, "day", "days"), (3_600, "hour", "hours"), (60, "minute", "minutes")):
        if count := int(seconds // size):
            return f"1 {one}" if count == 1 else f"{count} {many}"
    return ""
