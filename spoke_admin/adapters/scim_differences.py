"""What a service kept of what was sent: one difference for each value, with the latitude that SCIM gives.

Names mind no case, the order of values means nothing, a service may add what it likes (RFC 7643, sections 2.1, 2.4 and
2.2), a manager may be a text or an object, and what is the service's own to set is not looked at.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from spoke_admin.adapters.scim_forms import absent, folded, judge, same
from spoke_admin.adapters.scim_patches import Change
from spoke_admin.adapters.scim_paths import AttributePath, PathSet, as_list, parse_path, part, selected
from spoke_admin.adapters.scim_results import Difference, Verdict
from spoke_admin.domain.scim_json import get, text

# the service's own to set (RFC 7643, sections 3.1 and 4.1: readOnly), and what is never shown
NOT_COMPARED = {"schemas", "id", "meta", "groups", "password"}
REFERENCE = {"$ref"}
SERVICE_PARTS = {"manager": {"$ref", "displayname"}, "members": {"$ref", "display", "type"}}
MEMBER_LISTS = {"members", "roles", "entitlements"}  # values are told apart by themselves, not by their type


def differences(
    sent: Mapping[str, Any], kept: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> tuple[Difference, ...]:
    """A resource as it was sent, held against the same as it is now.

    `before`: as it was before the write. With it, an old value that stayed is DROPPED instead of CHANGED, and values of
    a list that were to go and stayed are told. Never raises, whatever `kept` and `before` hold.
    """
    found = _resource(sent, kept)
    if before is None:
        return tuple(found)
    told = tuple(_with_old(found, _resource(sent, before)))
    return (*told, *_stayed(sent, kept, before))


def differences_of_changes(
    changes: Sequence[Change], kept: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> tuple[Difference, ...]:
    """The same for single changes. Raises AdminError for a path that is none."""
    found = _changes(changes, kept)
    return tuple(found) if before is None else tuple(_with_old(found, _changes(changes, before)))


def side_effects(
    changes: Sequence[Change], kept: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[Difference, ...]:
    """What was there before, was not to be changed, and is gone or another now."""
    touched = PathSet(parse_path(change.path) for change in changes)
    lost = (it for it in _resource(before, kept) if it.verdict in (Verdict.DROPPED, Verdict.CHANGED))
    return tuple(it for it in lost if not touched.touches(it.path))


def _with_old(found: Iterable[Difference], old: Iterable[Difference]) -> Iterator[Difference]:
    was = {it.path: it.kept for it in old}
    for it in found:
        stayed = it.verdict is Verdict.CHANGED and not absent(it.kept) and same(was.get(it.path), it.kept)
        yield it._replace(verdict=Verdict.DROPPED) if stayed else it


def _stayed(sent: Mapping[str, Any], kept: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Difference]:
    """Values of lists that were sent without them, and are still there."""
    for path, name, values in _attributes(sent):
        if not isinstance(values, list) or not values:
            continue
        there = AttributePath(path.removesuffix(name).removesuffix(":"), name)
        old = {_key(name, item) for item in there.items(before)}
        now = there.items(kept)
        taken = set(_places(name, values, now))
        for place, item in enumerate(now):
            if place not in taken and _key(name, item) in old:
                yield Difference(_label(path, name, item), None, part(item, "value"), Verdict.DROPPED)


def _key(name: str, item: Any) -> tuple[str, str]:
    return folded(name, "type", part(item, "type")), folded(name, "value", part(item, "value"))


def _resource(sent: Mapping[str, Any], kept: Mapping[str, Any]) -> list[Difference]:
    found: list[Difference] = []
    for path, name, value in _attributes(sent):
        urn = path.removesuffix(name).removesuffix(":")
        found += _attribute(path, name, value, get(get(kept, urn) if urn else kept, name))
    return found


def _attributes(resource: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(path, name, value) of each attribute that can be compared, those of extensions too."""
    for key, value in resource.items():
        lowered = key.lower()
        if lowered.startswith("urn:"):
            if isinstance(value, dict):
                yield from ((f"{key}:{name}", name, inner) for name, inner in value.items())
            else:
                yield key, key.rpartition(":")[2], value
        elif lowered not in NOT_COMPARED:
            yield key, key, value


def _attribute(path: str, name: str, sent: Any, kept: Any) -> list[Difference]:
    if name.lower() == "manager":
        sent = {"value": sent} if isinstance(sent, str) and sent else sent
        kept = {"value": kept} if isinstance(kept, str) and kept else kept
    if isinstance(sent, list) and sent:
        return _list(path, name, sent, as_list(kept))
    if isinstance(sent, dict) and sent:
        return _parts(path, name, sent, kept[0] if isinstance(kept, list) and len(kept) == 1 else kept)
    return [_value(path, name, "", sent, kept)]


def _parts(path: str, name: str, sent: Mapping[str, Any], kept: Any, *, known: str = "") -> list[Difference]:
    """Each sub-attribute; without `known`, by which the value was found, and what only the service sets."""
    own = SERVICE_PARTS.get(name.lower(), REFERENCE)
    return [
        _value(f"{path}.{sub}", name, sub, value, part(kept, sub))
        for sub, value in sent.items()
        if sub != known and (lowered := sub.lower()) not in own and lowered != known
    ]


def _value(path: str, name: str, sub: str, sent: Any, kept: Any) -> Difference:
    if (sent and isinstance(sent, str) and sent == kept) or (sent is True and kept is True):  # nearly always
        return Difference(path, sent, kept, Verdict.KEPT)
    kept = None if absent(kept) else kept
    return Difference(path, sent, kept, judge(name, sub, sent, kept))


def _list(path: str, name: str, sent: list[Any], kept: list[Any]) -> list[Difference]:
    found: list[Difference] = []
    for number, place in enumerate(_places(name, sent, kept)):
        item, there = sent[number], None if place is None else kept[place]
        label = _label(path, name, item) or f"{path}[{number}]"
        if not isinstance(item, dict):
            found.append(_value(label, name, "value", item, part(there, "value")))
        elif name.lower() in MEMBER_LISTS:
            found.append(_value(label, name, "value", part(item, "value"), part(there, "value")))
            if there is not None:
                found += _parts(label, name, item, there, known="value")
        elif there is not None:
            found += _parts(label, name, item, there, known="type" if _same_type(name, item, there) else "")
        else:  # of what is gone as a whole, the value says enough
            rest = {it: item[it] for it in item if it.lower() not in ("type", "primary")}
            found += _parts(label, name, rest or item, None)
    return found


def _same_type(name: str, item: Any, found: Any) -> bool:
    one, other = part(item, "type"), part(found, "type")
    if one and isinstance(one, str) and one == other:  # nearly always
        return bool(one.strip())
    typed = folded(name, "type", one)
    return bool(typed) and (same(one, other) or typed == folded(name, "type", other))


def _label(path: str, name: str, item: Any) -> str:
    """Such as `emails[type eq "work"]`; "" for a value that has neither type nor value."""
    kind, value = text(part(item, "type")), text(part(item, "value"))
    if kind and name.lower() not in MEMBER_LISTS:
        return selected(path, "type", kind)
    return selected(path, "value", value) if value else ""


def _places(name: str, sent: list[Any], kept: list[Any]) -> list[int | None]:
    """For each value that was sent the place of the one that was kept for it, or None; each is taken once.

    By type and value, then by type, then by value; where there is one of each, and one bears no type, those two.
    """
    if same(sent, kept) or (len(sent) <= len(kept) and all(map(_alike, sent, kept))):
        return list(range(len(sent)))  # nearly always: in the order they were sent
    keys = [_key(name, item) for item in sent]
    free = _Free(name, kept)
    found = [free.take(key) for key in keys]
    by_type = name.lower() not in MEMBER_LISTS
    for number, (kind, value) in enumerate(keys):
        if found[number] is None and by_type and kind:
            found[number] = free.take((kind, None))
        if found[number] is None and value:
            found[number] = free.take((None, value))
    if len(sent) == len(kept) == 1 and found == [None] and by_type:
        return [0] if not keys[0][0] or not _key(name, kept[0])[0] else found
    return found


def _alike(one: Any, other: Any) -> bool:
    """Whether two values have the very same type and value."""
    return same(part(one, "value"), part(other, "value")) and same(part(one, "type"), part(other, "type"))


class _Free:
    """The places of a list that are not taken yet, found by (type, value) or by one of them."""

    def __init__(self, name: str, kept: list[Any]) -> None:
        self._taken: set[int] = set()
        self._places: dict[tuple[str | None, str | None], deque[int]] = {}
        for place, item in enumerate(kept):
            kind, value = _key(name, item)
            for key in ((kind, value), (kind, None), (None, value)):
                self._places.setdefault(key, deque()).append(place)

    def take(self, key: tuple[str | None, str | None]) -> int | None:
        places = self._places.get(key, deque())
        while places:
            place = places.popleft()
            if place not in self._taken:
                self._taken.add(place)
                return place
        return None


def _changes(changes: Sequence[Change], resource: Mapping[str, Any]) -> list[Difference]:
    index = _Selected(resource)
    return [it for change in changes for it in _change(change, resource, index)]


def _change(change: Change, resource: Mapping[str, Any], index: "_Selected") -> list[Difference]:
    path = parse_path(change.path)
    if path.selector is None and not path.sub:
        holder = get(resource, path.urn) if path.urn else resource
        return _attribute(change.path, path.name, change.value, get(holder, path.name))
    items = index.items(path)
    first = items[0] if items else None
    if path.sub:
        return [_value(change.path, path.name, path.sub, change.value, _best(path, change.value, items))]
    if isinstance(change.value, dict) and change.value:
        return _parts(change.path, path.name, change.value, first)
    value = part(first, "value")
    there = first if absent(change.value) and absent(value) else value
    return [_value(change.path, path.name, "value", change.value, there)]


class _Selected:
    """The values that selectors select: a group of ten thousand is gone through once, not for each member."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = resource
        self._found: dict[tuple[str, str], dict[str, list[Any]]] = {}

    def items(self, path: AttributePath) -> list[Any]:
        if path.selector is None:
            return path.items(self._resource)
        name, wanted = path.selector
        key = path.attribute, name
        if key not in self._found:
            self._found[key] = {}
            for item in replace(path, selector=None).items(self._resource):
                self._found[key].setdefault(text(part(item, name)).casefold(), []).append(item)
        return self._found[key].get(wanted.casefold(), [])


def _best(path: AttributePath, sent: Any, items: list[Any]) -> Any:
    """Of several values at a path the one that was sent, else the first that is there."""
    found = [value for item in items if not absent(value := part(item, path.sub))]
    wanted = folded(path.name, path.sub, sent)
    return next((value for value in found if folded(path.name, path.sub, value) == wanted), found[0] if found else None)
