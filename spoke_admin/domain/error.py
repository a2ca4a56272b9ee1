"""The one error that people see."""

from typing import TypedDict


class ErrorDocument(TypedDict):
    """What `--json` prints below "error"."""

    title: str
    remedy: str
    detail: str


class AdminError(Exception):
    """Something an admin has to know: what is wrong, what to do about it, and the raw facts.

    `title` says what happened in one sentence, `remedy` what to do, `detail` is raw text that is shown folded.
    None of the three may ever hold a secret.
    """

    def __init__(self, title: str, remedy: str, detail: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.remedy = remedy
        self.detail = detail

    def document(self) -> ErrorDocument:
        return {"title": self.title, "remedy": self.remedy, "detail": self.detail}
