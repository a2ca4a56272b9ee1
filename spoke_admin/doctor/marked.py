"""Test objects: named so that nobody takes them for people, in the forms in which identity providers send people."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from spoke_admin.doctor.documents import ENTERPRISE, GROUP, USER, put_at
from spoke_admin.doctor.exchanges import MARK
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile

Kind = Literal["Users", "Groups"]
MAIL_DOMAIN = "example.com"  # takes no mail (RFC 2606): nobody is written to
DOMAIN = re.compile(r"(?=.{4,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
SAMPLES = {
    "name.givenName": "Zoë",
    "name.familyName": "Łukasz-O'Brien",
    "name.formatted": "Zoë Łukasz-O'Brien",
    "title": "Test object of Spoke Admin",
    'phoneNumbers[type eq "work"].value': "+1 415-555-2671",
    'addresses[type eq "work"].locality': "San Francisco",
    'addresses[type eq "work"].region': "CA",
    'addresses[type eq "work"].country': "US",
    f"{ENTERPRISE}:department": "Quality & Tests",
}


@dataclass(frozen=True, slots=True)
class Marked:
    """A test object that was made, or may have been: `id` is "" as long as no answer told it.

    `number` is the journal's own.
    """

    kind: Kind
    name: str
    number: int
    id: str = ""
    since: datetime | None = None

    @property
    def naming(self) -> str:
        """The attribute that holds the name."""
        return "userName" if self.kind == "Users" else "displayName"


class Book(Protocol):
    """A journal on the disk: entries with facts, each written before the method returns.

    Every method may raise AdminError.
    """

    @property
    def entries(self) -> Sequence[tuple[int, datetime, Mapping[str, str]]]:
        """What is open: number, since when, facts."""
        ...

    def begin(self, facts: Mapping[str, str]) -> int: ...

    def add(self, number: int, facts: Mapping[str, str]) -> None: ...

    def end(self, number: int) -> None: ...


class Journal:
    """What was made at one address, written down before it is sent. Every method may raise AdminError."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.left = [it for it in map(_marked, book.entries) if it is not None]  # what earlier runs made

    def making(self, kind: Kind, name: str) -> Marked:
        """On the disk when it returns: only then may the request go out."""
        return Marked(kind, name, self._book.begin({"kind": kind, "name": name}))

    def made(self, marked: Marked, identifier: str) -> Marked:
        """An answer told the id."""
        self._book.add(marked.number, {"id": identifier})
        return replace(marked, id=identifier)

    def gone(self, marked: Marked) -> None:
        """It is not there any more, or never was."""
        self._book.end(marked.number)


def _marked(entry: tuple[int, datetime, Mapping[str, str]]) -> Marked | None:
    number, since, facts = entry
    kind, name = facts.get("kind"), facts.get("name", "")
    if kind not in ("Users", "Groups") or not name.startswith(MARK):
        return None
    return Marked("Users" if kind == "Users" else "Groups", name, number, facts.get("id", ""), since)


def mail_domain(typed: str) -> str:
    """The domain of test users' addresses, by default one that takes no mail. Raises AdminError for what is none."""
    found = typed.strip().removeprefix("@").lower() or MAIL_DOMAIN
    if not DOMAIN.fullmatch(found):
        raise AdminError(
            "The mail domain for test users is none.",
            "Give what stands behind the @ of an address, such as acme.com, without anything else.",
        )
    return found


class People:
    """Test users and groups of one run, in the forms that identity providers send."""

    def __init__(self, profile: ServiceProfile, domain: str = MAIL_DOMAIN) -> None:
        self.run = secrets.token_hex(5)
        self.password, self.new_password = (f"aA1!{secrets.token_urlsafe(12)}" for _ in range(2))
        self._profile = profile
        self._domain = domain

    def user_name(self, what: str) -> str:
        """Such as spoke-admin-doctor-3f2a9c1d5e-okta@example.com."""
        return f"{MARK}{self.run}-{what}@{self._domain}"

    def group_name(self, what: str) -> str:
        return f"{MARK}{self.run}-{what}"

    def okta(self, what: str) -> dict[str, Any]:
        """A new user as Okta posts it."""
        name = self.user_name(what)
        return {
            "schemas": [USER],
            "userName": name,
            "name": {"givenName": SAMPLES["name.givenName"], "familyName": SAMPLES["name.familyName"]},
            "emails": [{"primary": True, "value": name, "type": "work"}],
            "displayName": SAMPLES["name.formatted"],
            "locale": "en-US",
            "externalId": self.external_id(what),
            "groups": [],
            "password": self.password,
            "active": True,
        }

    def entra(self, what: str) -> dict[str, Any]:
        """A new user as Microsoft Entra posts it: with the enterprise schema, meta, and no password."""
        name = self.user_name(what)
        return {
            "schemas": [USER, ENTERPRISE],
            "externalId": self.external_id(what),
            "userName": name,
            "active": True,
            "displayName": SAMPLES["name.formatted"],
            "emails": [{"primary": True, "type": "work", "value": name}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": SAMPLES["name.formatted"], "familyName": "Łukasz-O'Brien", "givenName": "Zoë"},
            "roles": [],
        }

    def external_id(self, what: str) -> str:
        return f"{MARK}{self.run}-{what}"

    def wanted(self, what: str) -> dict[str, str]:
        """Every attribute the profile knows, with a value; manager is left to a check of its own."""
        name = self.user_name(what)
        known = {"userName": name, 'emails[type eq "work"].value': name, **SAMPLES}
        paths = [attribute.path for attribute in self._profile.attribute]
        return {path: known[path] for path in paths if path in known}

    def full(self, what: str) -> dict[str, Any]:
        """A user with every attribute the profile knows."""
        made: dict[str, Any] = {"schemas": [USER], "externalId": self.external_id(what), "active": True}
        for path, value in self.wanted(what).items():
            put_at(made, path, value)
        extensions = sorted(key for key in made if key.startswith("urn:"))
        return made | {"schemas": [USER, *extensions]}

    def group(self, what: str, members: Sequence[str] = ()) -> Mapping[str, Any]:
        """A new group as Okta posts it: its members follow with a PATCH."""
        return {
            "schemas": [GROUP],
            "displayName": self.group_name(what),
            "members": [{"value": member} for member in members],
        }
