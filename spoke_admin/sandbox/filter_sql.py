"""SCIM filters as conditions on the columns of `attributes`, with the answers that scim2-models gives for documents.

Missing values follow `ScimFilter.match`: only `ne` and `eq null` hold for them. Within a `not` every condition is true
or false, never NULL, so that it can be turned round; elsewhere NULL is as good as false, and quicker.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scim2_models import AttributeBinding, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)
from scim2_models.path.resolution import coerce_value

from spoke_admin.sandbox.attributes import APART, Attributes, Column, Entries, comparable, microseconds

ORDER = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
# attributes that an index of the table of resources answers, by name
INDEXED = {"id": "id", "userName": "user_name", "externalId": "external_id", "displayName": "display_name"}
MEMBERS_OF = "SELECT m.group_place AS place FROM member m WHERE {}"
MEMBER_PART = "member_part(m.entry, '%s', {exact})"
# groups in groups are followed down; UNION ends a circle
IN_GROUPS = """WITH RECURSIVE below (id) AS (SELECT id FROM resource WHERE type = 'Group' AND ({}) UNION
    SELECT m.member_id FROM below CROSS JOIN resource g ON g.id = below.id
    CROSS JOIN member m ON m.group_place = g.place)
    SELECT r.place FROM below CROSS JOIN resource r ON r.id = below.id WHERE r.type = 'User'"""


class Untranslatable(Exception):  # noqa: N818  # a way that is not open, not a fault
    """The columns do not say it: the documents have to be looked at."""


class Among(str):
    """A condition that holds for the places which `places`, a query, finds: it can be answered by that query alone."""

    __slots__ = ("places",)

    places: str

    def __new__(cls, places: str) -> "Among":
        condition = super().__new__(cls, f"place IN ({places})")
        condition.places = places
        return condition


@dataclass
class Part:
    """What a comparison looks at: a column, or the SQL that stands for one, and in which form it is compared."""

    sql: str
    column: Column


@dataclass
class Condition(FilterVisitor[str]):
    """Translates the tree of `scim_filter`, which is bound to one model. `bound` are the values of its marks, in order.

    Raises Untranslatable.
    """

    type_name: str
    attributes: Attributes
    scim_filter: "ScimFilter[Any]"
    bound: list[Any] = field(default_factory=list)
    _selected: ValuePath | None = None  # whose values the comparisons inside its brackets look at
    _denied: bool = False  # whether what is translated just now stands within a NOT

    def text(self) -> str:
        return self.visit(self.scim_filter.ast)

    def visit_not(self, node: Not) -> str:
        return self._not(lambda: self.visit(node.expr))

    def _not(self, translate: Callable[[], str]) -> str:
        before, self._denied = self._denied, True
        try:
            return f"NOT ({translate()})"
        finally:
            self._denied = before

    def _sure(self, condition: str) -> str:
        """A condition that may be NULL, in the form that this place needs."""
        return f"ifnull({condition}, 0)" if self._denied else condition

    def visit_logical_expr(self, node: LogicalExpr) -> str:
        joint = "AND" if node.op == LogicalOperator.and_ else "OR"
        return _joined([self.visit(term) for term in node.terms], joint)

    def visit_comparison(self, node: Comparison) -> str:
        binding = self._resolved(node.attr_path, self.scim_filter.resolve_comparison)
        if binding is None:
            return "0"
        value = _compared(binding, node)
        if self._selected is not None:
            return self._single(self._part(binding), node.op, value)
        if binding.is_multivalued:
            return self._multiple(binding, node.op, value)
        column = self.attributes.columns.get(binding.urn)
        if column is None:
            raise Untranslatable
        indexed = INDEXED.get(column.keys[0]) if len(column.keys) == 1 else None
        if indexed and node.op == CompareOperator.eq and isinstance(value, str):
            self.bound += [self.type_name, _text(value)]
            return Among(f"SELECT place FROM resource WHERE type = ? AND {indexed} = ?")  # noqa: S608  # our names
        return self._single(Part(column.sql, column), node.op, value)

    def visit_present(self, node: Present) -> str:
        binding = self._resolved(node.attr_path, self.scim_filter.resolve)
        if binding is None:
            return "0"
        if self._selected is not None:
            return self._present(self._part(binding))
        if binding.is_multivalued:
            return self._any_present(binding)
        column = self.attributes.columns.get(binding.urn)
        columns = [column] if column is not None else self.attributes.parts_of(binding.urn)
        if not columns:
            raise Untranslatable
        return "(" + " OR ".join(self._present(Part(column.sql, column)) for column in columns) + ")"

    def visit_value_path(self, node: ValuePath) -> str:
        binding = self.scim_filter.resolve(node.attr_path, strict=False)
        if binding is None:
            return "0"
        if self._selected is not None or node.attr_path.sub_attr is not None:
            raise Untranslatable
        return self._having(binding, self._inside(node))

    def inside(self) -> str:
        """For a filter that is one selection, `members[...]`: what holds for the values that it selects."""
        node = self.scim_filter.ast
        return self._inside(node) if isinstance(node, ValuePath) else _refuse()

    def _inside(self, node: ValuePath) -> str:
        self._selected = node
        try:
            return self.visit(node.val_filter)
        finally:
            self._selected = None

    # -- multi-valued attributes ----------------------------------------

    def _multiple(self, binding: AttributeBinding, op: CompareOperator, value: Any) -> str:
        """A comparison holds when it does for any value; `ne` when no value is equal (as scim2-models reads it)."""
        if op == CompareOperator.ne and value is not None:
            return self._not(lambda: self._multiple(binding, CompareOperator.eq, value))
        entries = self.attributes.entries.get(binding.urn.rpartition(".")[0])
        if entries is not None and entries.joined and binding.urn == f"{entries.name}.value" and isinstance(value, str):
            sought = {"co": value, "sw": APART + value, "ew": value + APART, "eq": APART + value + APART}.get(op)
            if sought is not None and value:
                return self._contains(entries.joined, sought)
        nothing = f"NOT ({self._having(binding, '1')})"
        if value is None:
            lacking = self._having(binding, f"{self._part(binding).sql} IS NULL")
            held = {
                CompareOperator.eq: f"({nothing} OR {lacking})",
                CompareOperator.ne: f"NOT ({nothing} OR {lacking})",
            }
            return held.get(op, "0")
        return self._having(binding, self._single(self._part(binding), op, value))

    def _contains(self, joined: str, sought: str) -> str:
        if sought.strip(APART).count(APART):
            raise Untranslatable
        self.bound.append(_text(sought))
        return self._sure(f"instr({joined}, ?)")

    def _any_present(self, binding: AttributeBinding) -> str:
        if binding.sub_field_name is not None:
            return self._having(binding, self._present(self._part(binding)))
        entries = self.attributes.entries.get(binding.urn)
        if entries is None:
            return self._having(binding, "1") if _membership(binding) else _refuse()
        if not entries.whole:
            raise Untranslatable
        parts = [Part(f'"{name}"', column) for name, column in entries.parts.items()]
        return self._having(binding, " OR ".join(map(self._present, parts)))

    def _part(self, binding: AttributeBinding) -> Part:
        """What a sub-attribute is called in the rows of the values."""
        head, _, name = binding.urn.rpartition(".")
        if binding.sub_field_name is None:
            raise Untranslatable
        if columns := _membership(binding):
            if name not in columns:
                raise Untranslatable
            sql = columns[name].format(exact=int(binding.case_exact))
            return Part(sql, Column(binding.urn, (), "text", binding.case_exact))
        entries = self.attributes.entries.get(head)
        column = entries.parts.get(name) if entries is not None else None
        return Part(f'"{name}"', column) if column is not None else _refuse()

    def _having(self, binding: AttributeBinding, condition: str) -> str:
        """That a value fulfils the condition. Groups are those above a user, members those directly in a group."""
        if _membership(binding):
            return Among((IN_GROUPS if binding.field_name == "groups" else MEMBERS_OF).format(condition))
        name = binding.urn.rpartition(".")[0] if binding.sub_field_name is not None else binding.urn
        entries: Entries | None = self.attributes.entries.get(name)
        if entries is None:
            raise Untranslatable
        return Among(f"SELECT place FROM entry WHERE attribute = {entries.code} AND ({condition})")  # noqa: S608

    # -- one value ------------------------------------------------------

    def _single(self, part: Part, op: CompareOperator, value: Any) -> str:
        if value is None:
            return {"eq": f"{part.sql} IS NULL", "ne": f"{part.sql} IS NOT NULL"}.get(op, "0")
        if op in (CompareOperator.co, CompareOperator.sw, CompareOperator.ew):
            return self._fragment(part, op, value)
        self.bound.append(_stored(part.column, value))
        if op == CompareOperator.ne:
            return f"{part.sql} IS NOT ?"
        return self._sure(f"{part.sql} {ORDER[op]} ?")

    def _fragment(self, part: Part, op: CompareOperator, value: Any) -> str:
        if part.column.kind != "text" or not isinstance(value, str):
            return "0"
        if op == CompareOperator.co and value:
            self.bound.append(_text(value))
            return self._sure(f"instr({part.sql}, ?)")
        if not value:
            return f"{part.sql} IS NOT NULL"
        if op == CompareOperator.sw and (beyond := _beyond(_text(value))):
            self.bound += [value, beyond]
            return self._sure(f"({part.sql} >= ? AND {part.sql} < ?)")
        sought = _text(value).encode()  # bytes: SQLite's substr() of a text ends at a NUL
        self.bound.append(sought)
        cut = f"1, {len(sought)}" if op == CompareOperator.sw else f"-{len(sought)}"
        return self._sure(f"substr(CAST({part.sql} AS BLOB), {cut}) = ?")

    def _present(self, part: Part) -> str:
        return self._sure(f"{part.sql} <> ''") if part.column.kind == "text" else f"{part.sql} IS NOT NULL"

    def _resolved(self, path: AttrPath, resolve: Callable[..., AttributeBinding | None]) -> AttributeBinding | None:
        """What a path means; inside brackets it is a part of the values selected from."""
        if self._selected is None:
            return resolve(path, strict=False)
        outer = self._selected.attr_path
        if path.sub_attr is not None or path.uri is not None:
            raise Untranslatable
        return self.scim_filter.resolve(AttrPath(outer.attr, path.attr, outer.uri), strict=False)


def _joined(terms: Sequence[str], joint: str) -> str:
    """The terms with AND or OR between them, halved again and again: SQLite takes no tree deeper than 1,000."""
    if len(terms) <= 2:
        return "(" + f" {joint} ".join(terms) + ")"
    half = len(terms) // 2
    return f"({_joined(terms[:half], joint)} {joint} {_joined(terms[half:], joint)})"


def _refuse() -> Any:
    raise Untranslatable


def _membership(binding: AttributeBinding) -> Mapping[str, str]:
    """The columns that answer for a user's groups or a group's members; none for any other attribute."""
    return {
        ("User", "groups"): {"value": "id", "display": "display_name"},
        ("Group", "members"): {"value": "m.member_id"}
        | {name: MEMBER_PART % name for name in ("display", "type", "$ref")},
    }.get((binding.model.__name__.partition("[")[0], binding.field_name), {})


def _beyond(start: str) -> str | None:
    """The first text after all those that begin so, as SQLite orders texts: by the numbers of their characters."""
    last = start.rstrip("\U0010ffff")
    if not last:
        return None
    following = ord(last[-1]) + 1
    return last[:-1] + chr(0xE000 if following == 0xD800 else following)


def _compared(binding: AttributeBinding, node: Comparison) -> Any:
    """The value of a comparison as it is compared: of the attribute's type, text in its form."""
    value = coerce_value(binding, node.value, node.op)
    return comparable(value, exact=binding.case_exact) if isinstance(value, str) else value


def _stored(column: Column, value: Any) -> Any:
    """A value in the form the column has. Raises Untranslatable for one of another kind."""
    if column.kind == "text" and isinstance(value, str):
        return _text(value)
    if column.kind == "flag" and isinstance(value, bool):
        return int(value)
    if column.kind == "moment" and isinstance(value, datetime) and (moment := microseconds(value)) is not None:
        return moment
    raise Untranslatable


def _text(value: str) -> str:
    """A text that SQLite takes: half a character, as an escape can write it, is in no stored text."""
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise Untranslatable
    return value
