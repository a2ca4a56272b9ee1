"""What the stand-in identity provider remembers: documents by kind and id, in one SQLite file. Never a token."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Kind = Literal["user", "group", "app", "app_user", "push_mapping", "event", "setting"]
Document = dict[str, Any]


class Store:
    """Documents by kind and id, in the order in which they were first put."""

    def __init__(self, folder: Path) -> None:
        path = folder / "identity-provider.db"
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS document (place INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
            " id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id))"
        )

    def close(self) -> None:
        self._database.close()

    def clear(self) -> None:
        """Forgets everything."""
        self._database.execute("DELETE FROM document")

    def put(self, kind: Kind, identifier: str, document: Mapping[str, Any]) -> None:
        """Stores or replaces one document."""
        self._database.execute(
            "INSERT INTO document (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, identifier, json.dumps(document)),
        )

    def put_all(self, kind: Kind, documents: Mapping[str, Mapping[str, Any]]) -> None:
        """Stores many at once, or none."""
        self._database.execute("BEGIN")
        try:
            for identifier, document in documents.items():
                self.put(kind, identifier, document)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def get(self, kind: Kind, identifier: str) -> Document | None:
        row = self._database.execute(
            "SELECT body FROM document WHERE kind = ? AND id = ?", (kind, identifier)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: Kind) -> list[Document]:
        rows = self._database.execute("SELECT body FROM document WHERE kind = ? ORDER BY place", (kind,))
        return [json.loads(body) for (body,) in rows]

    def delete(self, kind: Kind, identifier: str) -> None:
        self._database.execute("DELETE FROM document WHERE kind = ? AND id = ?", (kind, identifier))

    def log(self, event: str, outcome: str, target: str, reason: str = "") -> None:
        """One line of the system log; `reason` in words, never a secret."""
        number = self._database.execute("SELECT coalesce(max(place), 0) + 1 FROM document").fetchone()[0]
        self.put(
            "event",
            f"{number}",
            {
                "uuid": f"{number}",
                "published": now(),
                "eventType": event,
                "outcome": {"result": outcome, "reason": reason},
                "target": [{"displayName": target}],
            },
        )


def now() -> str:
    """The present moment as Okta writes it: UTC, milliseconds, Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
