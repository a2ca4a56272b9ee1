"""Who is meant by an id, for the lines of the activity log: learnt from the answers that pass by."""

from itertools import repeat
from typing import Any
from urllib.parse import unquote, urlsplit

from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import column

COLLECTIONS = frozenset({"Users", "users"})
MOST_PEOPLE = 50_000
MOST_CHARACTERS = 4_000_000  # of ids and names: twice what so many people need


class People:
    """The names of those who were seen last, by host and id; at least half of `MOST_PEOPLE`."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], str] = {}
        self._seen_before: dict[tuple[str, str], str] = {}
        self._characters = 0  # of those in `_seen`

    def name(self, host: str, identifier: str) -> str:
        """The name of that person; "" for one who is not known."""
        return self._seen.get((host, identifier)) or self._seen_before.get((host, identifier), "")

    def learn(self, host: str, reply: Reply, document: Any) -> None:
        """Takes in whom an answer names. Never raises, whatever it holds."""
        ids, names = _named(document)
        all_names = "".join(names)
        if reply.hidden and reply.hidden in all_names:
            names = [reply.quote(it) for it in names]
        self._characters += len(all_names) + len("".join(ids))
        self._seen.update(zip(zip(repeat(host), ids), names, strict=False))
        if len(self._seen) > MOST_PEOPLE // 2 or self._characters > MOST_CHARACTERS // 2:
            self._seen_before, self._seen, self._characters = self._seen, {}, 0


def _named(document: Any) -> tuple[list[str], list[str]]:
    """Ids and names, side by side."""
    listed = document.get("Resources") if isinstance(document, dict) else document
    found = listed if isinstance(listed, list) else [document]
    if len(found) > 1:
        ids, names = column(found, "id"), column(found, "userName")
        if ids is not None and names is not None and all(names):
            return ids, names
    read = ((it["id"], name_of(it)) for it in found if isinstance(it, dict) and isinstance(it.get("id"), str))
    named = {identifier: name for identifier, name in read if name}  # an answer without names makes nobody unknown
    return list(named), list(named.values())


def name_of(item: Any) -> str:
    """Of a SCIM user, a person at Okta or one assigned there; "" of anything else."""
    if not isinstance(item, dict):
        return ""
    for holder, name in ((item, "userName"), (item.get("credentials"), "userName"), (item.get("profile"), "login")):
        if isinstance(holder, dict) and isinstance(found := holder.get(name), str) and found:
            return found
    return ""


def host_of(url: str) -> str:
    """As it stands in an address that was called."""
    return url.split("/", 3)[2]


def may_name_people(url: str) -> bool:
    return "/Users" in url or "/users" in url


def person_in(url: str) -> str | None:
    """The id behind the last collection of people: "" without one, None where no people are meant."""
    segments = urlsplit(url).path.strip("/").split("/")
    places = [place for place, it in enumerate(segments) if it in COLLECTIONS]
    if not places:
        return None
    return unquote(segments[places[-1] + 1]) if places[-1] + 1 < len(segments) else ""
