"""Which attributes of a resource are kept beside its document to be searched and sorted by, and in which form.

Every attribute with one value, and every part of a complex one, has a column; the values of a multi-valued attribute
have a row each. Text is kept as it is compared (normalised, in lower case unless the attribute minds case), true and
false as 1 and 0, moments in microseconds. What has no column (binary values, lists of plain values) is searched in the
documents instead.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from inspect import isclass
from typing import Any, Literal, Union, cast

from scim2_models import BaseModel, CaseExact, Mutability, Resource, Returned

Kind = Literal["text", "flag", "moment"]
Value = str | int | None

APART = "\x1f"  # between the values of a multi-valued attribute in the one column that has them all
KINDS: tuple[tuple[type, Kind], ...] = ((bool, "flag"), (datetime, "moment"), (str, "text"))
# "schemas" holds plain values; groups and members are searched by who is a member of what; where a resource answers,
# and which version it is together with its groups, is known when it is shown
LEFT_OUT = frozenset({"schemas", "groups", "members", "meta.location", "meta.version"})


@dataclass(frozen=True)
class Column:
    """An attribute with one value. `name` is its URN, `keys` the way to it in a document."""

    name: str
    keys: tuple[str, ...]
    kind: Kind
    exact: bool

    @property
    def sql(self) -> str:
        return f'"{self.name}"'

    def form(self, value: Any) -> Value:
        """A value of a document in the form it is compared in."""
        if self.kind == "text":
            return comparable(value, exact=self.exact) if isinstance(value, str) else None
        if self.kind == "moment":
            return microseconds(datetime.fromisoformat(value)) if isinstance(value, str) else None
        return int(value) if isinstance(value, bool) else None


@dataclass(frozen=True)
class Entries:
    """A multi-valued attribute. `name` is its URN; `code` stands for it in the rows of its values.

    `parts`: its sub-attributes that have columns, by name. `whole`: all of them have.
    """

    name: str
    code: int
    keys: tuple[str, ...]
    parts: Mapping[str, Column]
    whole: bool

    @property
    def joined(self) -> str | None:
        """The column with all its values, where they are text."""
        part = self.parts.get("value")
        return f'"{self.name}.value"' if part is not None and part.kind == "text" else None

    def all_values(self, held: Iterable[Mapping[str, Any]]) -> str | None:
        """What stands in `joined`: every value between separators; None where there is none."""
        forms = [self.parts["value"].form(entry.get("value")) for entry in held] if self.joined else []
        values = [form.replace(APART, "\ufffd") for form in forms if isinstance(form, str)]
        return APART + APART.join(values) + APART if values else None


def comparable(value: str, *, exact: bool) -> str:
    """A text as `default_comparison_key` of scim2-models has it, for those who know whether case counts."""
    if value.isascii():
        return value if exact else value.lower()
    normal = unicodedata.normalize("NFC", value)
    return normal if exact else unicodedata.normalize("NFC", normal.lower())


def microseconds(moment: datetime) -> int | None:
    """Since 1970; None for a moment without a time zone, which no other can be compared with."""
    if moment.tzinfo is None:
        return None
    since = moment - datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


# a value of a multi-valued attribute: its number, whether it is the one to sort by, and its parts in their forms
Row = tuple[Entries, int, bool, list[Value]]
# from a document's names to columns, with their numbers
Ways = dict[str, Union["Ways", tuple[Column | Entries, int]]]


class Attributes:
    """The searched attributes of one model of a resource type, by URN."""

    def __init__(self, model: type[Resource[Any]], codes: Iterator[int]) -> None:
        """`codes` are taken for multi-valued attributes: they are the same for the same models in the same order."""
        self.columns: dict[str, Column] = {}
        self.entries: dict[str, Entries] = {}
        self._ways: Ways = {}
        extensions = model.get_extension_models()
        for field in model.model_fields:
            # an extension stands among the fields by the name of its class
            if not any(field == extension.__name__ for extension in extensions.values()):
                self._take(model, field, (), str(model.__schema__), codes)
        for schema, extension in extensions.items():
            for field in extension.model_fields:
                self._take(extension, field, (str(schema),), str(schema), codes)
        self._find_ways()

    def _take(
        self, holder: type[BaseModel], field: str, within: tuple[str, ...], schema: str, codes: Iterator[int]
    ) -> None:
        kind, name = _type(holder, field), _name(holder, field)
        urn, keys = f"{schema}:{name}", (*within, name)
        if name in LEFT_OUT or _hidden(holder, field):
            return
        if not issubclass(kind, BaseModel):
            if column := _column(holder, field, urn, keys):
                self.columns[urn] = column
        elif holder.get_field_multiplicity(field):
            names = [_name(kind, part) for part in kind.model_fields]
            found = [
                _column(kind, part, f"{urn}.{_name(kind, part)}", (_name(kind, part),)) for part in kind.model_fields
            ]
            parts = {part: column for part, column in zip(names, found, strict=True) if column is not None}
            self.entries[urn] = Entries(urn, next(codes), keys, parts, len(parts) == len(found))
        else:
            for part in kind.model_fields:
                last = _name(kind, part)
                column = _column(kind, part, f"{urn}.{last}", (*keys, last))
                if column is not None and f"{name}.{last}" not in LEFT_OUT:
                    self.columns[column.name] = column

    def parts_of(self, urn: str) -> list[Column]:
        """The columns of a complex attribute with one value."""
        return [column for name, column in self.columns.items() if name.startswith(f"{urn}.")]

    def _find_ways(self) -> None:
        """Numbers the columns, so that a document is gone through once, by what it holds."""
        for number, column in enumerate(self.columns.values()):
            _put(self._ways, column.keys, (column, number))
        number = len(self.columns)
        for entries in self.entries.values():
            _put(self._ways, entries.keys, (entries, number))
            number += entries.joined is not None

    @cached_property
    def names(self) -> list[str]:
        """The names of all columns in SQL, in the order of the values that `read` finds."""
        joined = [entries.joined for entries in self.entries.values()]
        return [column.sql for column in self.columns.values()] + [name for name in joined if name is not None]

    def read(self, document: Mapping[str, Any]) -> tuple[list[Value], list[Row]]:
        """What stands in the columns for a document, and the rows of its multi-valued attributes."""
        values: list[Value] = [None] * len(self.names)
        rows: list[Row] = []
        _read(document, self._ways, values, rows)
        return values, rows


def _put(ways: Ways, keys: tuple[str, ...], goal: tuple[Column | Entries, int]) -> None:
    for key in keys[:-1]:
        ways = cast(Ways, ways.setdefault(key, {}))
    ways[keys[-1]] = goal


def _read(held: Mapping[str, Any], ways: Ways, values: list[Value], rows: list[Row]) -> None:
    for key, item in held.items():
        way = ways.get(key)
        if isinstance(way, dict):
            if isinstance(item, dict):
                _read(item, way, values, rows)
        elif way is not None:
            goal, number = way
            if isinstance(goal, Column):
                values[number] = goal.form(item)
                continue
            if goal.joined is not None:
                values[number] = goal.all_values(item)
            # "the value of the primary attribute, if any, or else the first value": RFC 7644, section 3.4.2.3
            lead = next((place for place, entry in enumerate(item) if entry.get("primary")), 0)
            for place, entry in enumerate(item):
                forms = [column.form(entry.get(part)) for part, column in goal.parts.items()]
                rows.append((goal, place, place == lead, forms))


def _type(model: type[BaseModel], field: str) -> type:
    found = model.get_field_root_type(field)
    return found if isclass(found) else object


def _name(model: type[BaseModel], field: str) -> str:
    return str(model.model_fields[field].serialization_alias or field)


def _hidden(model: type[BaseModel], field: str) -> bool:
    annotations = model.get_field_annotation(field, Mutability), model.get_field_annotation(field, Returned)
    return Mutability.write_only in annotations or Returned.never in annotations


def _column(model: type[BaseModel], field: str, urn: str, keys: tuple[str, ...]) -> Column | None:
    kind = next((name for base, name in KINDS if issubclass(_type(model, field), base)), None)
    if kind is None or model.get_field_multiplicity(field):
        return None
    return Column(urn, keys, kind, model.get_field_annotation(field, CaseExact) == CaseExact.true)
