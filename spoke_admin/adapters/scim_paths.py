"""Attribute paths of SCIM (RFC 7644, section 3.5.2, figure 7), as far as identity providers and profiles use them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.scim_json import get, text

SELECTOR = re.compile(r'([\w-]{1,100}) +eq +(?:"((?:[^"\\]|\\.)*)"|(true|false))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttributePath:
    """`urn:…:User:emails[type eq "work"].value`: schema, attribute, (name, wanted) of the selector, sub-attribute.

    `urn` is "" for an attribute of the core schema, `selector` None and `sub` "" where the path has none.
    """

    urn: str
    name: str
    selector: tuple[str, str] | None = None
    sub: str = ""

    @property
    def attribute(self) -> str:
        """The path up to its attribute."""
        return f"{self.urn}:{self.name}" if self.urn else self.name

    def items(self, resource: Mapping[str, Any] | None) -> list[Any]:
        """The values of the attribute that the selector selects; all of them without one."""
        holder = get(resource, self.urn) if self.urn else resource
        found = as_list(get(holder, self.name))
        if self.selector is None:
            return found
        name, wanted = self.selector
        return [item for item in found if text(part(item, name)).casefold() == wanted.casefold()]


class PathSet:
    """The paths of some changes, to be asked of many others whether a change may touch them."""

    def __init__(self, paths: Iterable[AttributePath]) -> None:
        self._by_attribute: dict[str, dict[str, dict[str, list[AttributePath]]]] = {}
        for path in paths:
            name, wanted = path.selector or ("", "")
            by_selector = self._by_attribute.setdefault(path.attribute.casefold(), {})
            by_selector.setdefault(name.casefold(), {}).setdefault(wanted.casefold(), []).append(path)

    def touches(self, path: str) -> bool:
        """Two selectors by different names may mean the same value: then it is touched."""
        try:
            there = parse_path(path)
        except AdminError:
            return any(path.casefold().startswith(attribute) for attribute in self._by_attribute)
        by_selector = self._by_attribute.get(there.attribute.casefold(), {})
        name, wanted = there.selector or ("", "")
        for selector, by_wanted in by_selector.items():
            if selector and name and selector == name.casefold():
                candidates = by_wanted.get(wanted.casefold(), [])
            else:
                candidates = [it for group in by_wanted.values() for it in group]
            if any(not it.sub or not there.sub or it.sub.casefold() == there.sub.casefold() for it in candidates):
                return True
        return False


def parse_path(path: str) -> AttributePath:
    """Raises AdminError for what is no such path."""
    head, bracket, rest = path.partition("[")
    inside, closed, sub = rest.rpartition("]")
    urn, _, name = head.rpartition(":")
    if not bracket:
        name, dot, sub = name.partition(".")
        sub = dot + sub
    chosen = SELECTOR.fullmatch(inside.strip()) if bracket else None
    if (bracket and not (closed and chosen)) or not re.fullmatch(r"\$?[\w-]{1,100}", name):
        raise _no_path(path)
    if sub and not re.fullmatch(r"\.\$?[\w-]{1,100}", sub):
        raise _no_path(path)
    selector = (chosen[1], _unquoted(chosen)) if chosen else None
    return AttributePath(urn, name, selector, sub[1:])


def _no_path(path: str) -> AdminError:
    return AdminError(
        f"{path[:100]!r} is no path of a SCIM attribute.",
        'Write it like title, name.givenName or emails[type eq "work"].value.',
    )


def _unquoted(chosen: re.Match[str]) -> str:
    return re.sub(r"\\(.)", r"\1", chosen[2]) if chosen[2] is not None else chosen[3].lower()


def selected(attribute: str, name: str, wanted: str) -> str:
    """Such as `members[value eq "7"]`, whatever is in the value."""
    quoted = wanted.replace("\\", "\\\\").replace('"', '\\"')
    return f'{attribute}[{name} eq "{quoted}"]'


def as_list(value: Any) -> list[Any]:
    """The values of a multi-valued attribute: servers send a single one without its list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def part(item: Any, name: str) -> Any:
    """A sub-attribute; of a plain text or number, it is the `value`."""
    if isinstance(item, dict):
        return item[name] if name in item else get(item, name)
    return item if name.lower() == "value" and not isinstance(item, list) else None
