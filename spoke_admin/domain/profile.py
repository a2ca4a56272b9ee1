"""A service profile: what a service knows, ignores and destroys. One TOML file a service, data only.

`read_profile` checks a file's text against the schema below and refuses it with the line and the reason.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from spoke_admin.domain.error import AdminError

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """A SCIM attribute the service knows, and the attribute of Okta's base profile mapped to it by default.

    `fallback` is used where `source` is empty. `rule`: "email" must be a valid address, "phone" follows `PhoneRule`.
    """

    path: str
    label: str
    source: str
    fallback: str | None = None
    required: bool = False
    rule: Literal["email", "phone", "text"] = "text"
    max_length: int = 100


@dataclass(frozen=True, slots=True)
class PlanRule:
    """The plan that offers SAML and SCIM, lowest first in `known`."""

    required: str
    known: tuple[str, ...]
    quote: str = ""


@dataclass(frozen=True, slots=True)
class SamlRules:
    """Where SAML is switched on and what the service expects. `{subdomain}` is the admin's own."""

    acs_url: str
    sign_on_url: str
    flows: tuple[Literal["sp", "idp"], ...]
    name_id: Literal["email", "persistent"]
    attributes: tuple[str, ...]
    settings_path: tuple[str, ...]
    just_in_time: bool = False
    before_scim: bool = False
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ScimRules:
    """The SCIM door. `new_token_ends_old`: a regenerated token ends the old one at once."""

    base_url: str
    settings_path: tuple[str, ...] = ()
    token_path: tuple[str, ...] = ()
    new_token_ends_old: bool = False
    group_push: bool = True


@dataclass(frozen=True, slots=True)
class UserRules:
    """`fixed`: attributes an update silently does not change. `deactivation`: what active = false does."""

    identifier: str
    deactivation: Literal["removes", "disables"]
    fixed: tuple[str, ...] = ()
    fixed_quote: str = ""
    deactivation_quote: str = ""
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneRule:
    """rule "us": only valid 10-digit US numbers, the rest silently ignored."""

    rule: Literal["us"]
    refused_prefixes: tuple[str, ...] = ()
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ServiceProfile:
    """Everything this program knows of a service."""

    format: int
    name: str
    title: str
    scim: ScimRules
    user: UserRules
    attribute: tuple[Attribute, ...]
    summary: str = ""
    plan: PlanRule | None = None
    saml: SamlRules | None = None
    phone: PhoneRule | None = None

    def attribute_of(self, path: str) -> Attribute | None:
        return next((attribute for attribute in self.attribute if attribute.path == path), None)


def read_profile(text: str, file_name: str) -> ServiceProfile:
    """The profile in `text`. Raises AdminError naming the file, the line and the reason."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _refusal(file_name, str(fault)) from None
    except RecursionError:
        raise _refusal(file_name, "it is nested too deeply") from None
    reader = _Reader(text, file_name)
    if table.get("format") != FORMAT:
        raise reader.refusal("format", f"format must be {FORMAT}, the only one this version reads")
    profile: ServiceProfile = reader.record(ServiceProfile, table, "")
    reader.check_whole(profile)
    return profile


def _refusal(file_name: str, reason: str) -> AdminError:
    return AdminError(
        f"The service profile {file_name} cannot be used: {reason}.",
        "Correct the line that is named, or remove the file from the profiles folder.",
    )


class _Reader:
    """Turns tables into records by their annotations and says where a table is wrong."""

    def __init__(self, text: str, file_name: str) -> None:
        self._lines = text.splitlines()
        self._file_name = file_name

    def refusal(self, where: str, reason: str) -> AdminError:
        return _refusal(self._file_name, f"line {self._line(where)}: {reason}")

    def record(self, kind: type[Any], table: object, where: str) -> Any:
        if not isinstance(table, dict):
            raise self.refusal(where, f"{where} must be a table")
        hints = get_type_hints(kind)
        if stranger := next((key for key in table if key not in hints), None):
            raise self.refusal(_join(where, stranger), f"{stranger} is not a setting of {where or 'a profile'}")
        return kind(
            **{
                field.name: self.value(hints[field.name], table[field.name], _join(where, field.name))
                for field in fields(kind)
                if field.name in table or self._missing(field.default is MISSING, where, field.name)
            }
        )

    def _missing(self, required: bool, where: str, name: str) -> bool:
        if required:
            raise self.refusal(where, f"{name} is missing in {where or 'the profile'}")
        return False

    def value(self, hint: Any, value: object, where: str) -> object:
        origin = get_origin(hint)
        if origin is tuple:
            return self._list(get_args(hint)[0], value, where)
        if origin is Literal:
            return self._choice(get_args(hint), value, where)
        if origin is UnionType:
            return self.value(next(arm for arm in get_args(hint) if arm is not NoneType), value, where)
        if hint in (str, int, bool):
            return self._plain(hint, value, where)
        return self.record(hint, value, where)

    def _list(self, hint: Any, value: object, where: str) -> tuple[object, ...]:
        if not isinstance(value, list):
            raise self.refusal(where, f"{where} must be a list")
        return tuple(self.value(hint, item, f"{where}[{number}]") for number, item in enumerate(value))

    def _choice(self, allowed: tuple[object, ...], value: object, where: str) -> object:
        if value not in allowed or isinstance(value, bool):
            raise self.refusal(where, f"{where} must be one of {', '.join(map(str, allowed))}")
        return value

    def _plain(self, kind: type, value: object, where: str) -> object:
        words = {str: "a text", int: "a whole number", bool: "true or false"}
        if type(value) is not kind:
            raise self.refusal(where, f"{where} must be {words[kind]}")
        if kind is int and not 1 <= value <= 100_000:  # type: ignore[operator]  # an int, as was just checked
            raise self.refusal(where, f"{where} must be from 1 to 100,000")
        return value

    def check_whole(self, profile: ServiceProfile) -> None:
        """What no single setting shows: names that must be simple, paths that must exist once."""
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,40}", profile.name):
            raise self.refusal("name", "name must be lower-case letters, digits, - and _, at most 41")
        paths = [attribute.path for attribute in profile.attribute]
        for number, path in enumerate(paths):
            if path in paths[:number]:
                raise self.refusal(f"attribute[{number}].path", f"the attribute {path} is there twice")
        for number, path in enumerate((profile.user.identifier, *profile.user.fixed)):
            if path not in paths:
                where = "user.fixed" if number else "user.identifier"
                raise self.refusal(where, f"{path} is not among the attributes")

    def _line(self, where: str) -> int:
        """The line of a setting such as `user.fixed` or `attribute[2].path`; of its table where it is missing."""
        wanted = re.sub(r"\[\d+\]$", "", where)
        for candidate in (where, wanted, wanted.rpartition(".")[0]):
            if line := self._places().get(candidate):
                return line
        return 1

    def _places(self) -> Mapping[str, int]:
        places: dict[str, int] = {}
        table, counts = "", dict[str, int]()
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[\[\s*(\w+)\s*\]\]", line):
                name = header[1]
                table = f"{name}[{counts.get(name, 0)}]"
                counts[name] = counts.get(name, 0) + 1
                places.setdefault(name, number)
                places[table] = number
            elif header := re.match(r"\s*\[\s*([\w.]+)\s*\]", line):
                table = header[1]
                places[table] = number
            elif setting := re.match(r"\s*([\w-]+)\s*=", line):
                places[_join(table, setting[1])] = number
        return places


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
