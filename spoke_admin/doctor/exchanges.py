"""What was sent and what came back, kept short, and in a form without people's data for everyone but the admin."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from spoke_admin.doctor.documents import leaves
from spoke_admin.doctor.results import Result
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.scim_json import get, resources

MARK = "spoke-admin-doctor-"  # how the user name or display name of every test object begins
LONGEST = 4000  # characters of a body that are kept
MOST_TOLD_BYTES = 256 * 1024  # of larger answers only the length is told
MOST_WORDS = 2000
HEADERS = ("content-type", "location", "www-authenticate", "etag", "retry-after", "date", "server")
NAMING = {
    "id", "username", "externalid", "value", "display", "displayname", "formatted", "givenname", "familyname",
    "nickname", "location", "$ref",
}  # fmt: skip
OPEN = {
    "schemas", "status", "scimtype", "resourcetype", "totalresults", "itemsperpage", "startindex", "type", "primary",
    "active",
}  # fmt: skip
HIDDEN = "…"
ADDRESS = re.compile(r"[^\s\"'<>@,;()]{1,200}@[^\s\"'<>@,;()]{1,200}")
PASSWORD = re.compile(r'("password": )"[^"]*"')
PEOPLE = ("/Users", "/Groups")
DISCOVERY = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")


@dataclass(frozen=True, slots=True)
class Spoken:
    """One side of an exchange in words: a request line or a status, headers, a body."""

    line: str
    headers: Mapping[str, str]
    body: str

    def text(self) -> str:
        head = "\n".join((self.line, *(f"{name}: {value}" for name, value in self.headers.items())))
        return f"{head}\n\n{self.body}" if self.body else head


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it. `reply` is None when no whole answer came: `fault` then says why.

    `request` and `reply` are for the admin's own screen; `safe_request` and `safe_reply` for files and other people.
    The token is in none of them.
    """

    request: Spoken
    safe_request: Spoken
    reply: Spoken | None
    safe_reply: Spoken | None
    fault: str
    seconds: float

    def document(self) -> dict[str, Any]:
        return {
            "request": self.safe_request.text(),
            "reply": self.safe_reply.text() if self.safe_reply else None,
            "fault": self.fault,
            "seconds": round(self.seconds, 3),
        }


class Redactor:
    """Tells test objects, which may be shown, from people, who may not. Learns names from the answers it is shown."""

    def __init__(self, token: str = "") -> None:
        forms = {token, quote(token, safe="")} if token else set()
        self._tokens = sorted(forms, key=len, reverse=True)
        self._names: dict[str, None] = {}

    def exchange(self, call: Call, reply: Reply | None, fault: AdminError | None, seconds: float) -> Exchange:
        """Both sides, each as it was and as it may be shown."""
        document = _document(reply) if reply is not None else None
        if any(part in call.url for part in PEOPLE):
            self.learn(document)
        body = json.dumps(call.body, ensure_ascii=False) if call.body is not None else ""
        body = PASSWORD.sub(rf'\1"{HIDDEN}"', body)  # a test user may stay
        line = f"{call.method} {call.url}{'?' if call.query else ''}{_query(call.query)}"
        headers = {**call.headers, **({"authorization": "Bearer …"} if call.authorization else {})}
        return Exchange(
            Spoken(self.hide(line), headers, self.hide(body)[:LONGEST]),
            Spoken(self.words(line), headers, self.hide(body)[:LONGEST]),
            self._reply(reply, document, safe=False) if reply is not None else None,
            self._reply(reply, document, safe=True, path=call.url) if reply is not None else None,
            self.words(f"{fault.title} {fault.detail}".strip()) if fault else "",
            seconds,
        )

    def hide(self, text: str) -> str:
        """The text without the token."""
        for token in self._tokens:
            text = text.replace(token, HIDDEN)
        return text

    def learn(self, document: Any) -> None:
        """Takes in how people are called."""
        for person in resources(document) or ([document] if isinstance(document, dict) else []):
            if not is_marked(person):
                self._learn(person, 6)

    def _learn(self, value: Any, deepest: int) -> None:
        if len(self._names) >= MOST_WORDS or not deepest:
            return
        for key, item in value.items() if isinstance(value, dict) else ((None, it) for it in value):
            if isinstance(item, dict | list):
                self._learn(item, deepest - 1)
            elif isinstance(item, str) and 3 <= len(item) <= 300 and str(key).lower() in NAMING:
                for form in (item, quote(item, safe=""), quoted(item)):  # a filter may have any case
                    self._names[form.lower()] = None

    def words(self, text: str) -> str:
        """A text without the token and without people: their names, ids and addresses."""
        text = self.hide(text)
        for form in self._names:
            if form in text.lower():
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
        return self.without_addresses(text)

    def without_addresses(self, text: str) -> str:
        """A text without the token and without e-mail addresses but those of test objects."""
        return ADDRESS.sub(_own_address, self.hide(text))

    def again(self, result: Result) -> Result:
        """A result with the names hidden that were learned only after it."""
        found = re.sub(r"(?<=HTTP \d{3}: ).*", lambda said: self.words(said[0]), result.found)
        return replace(result, found=found, exchanges=tuple(map(self._exchange_again, result.exchanges)))

    def _exchange_again(self, exchange: Exchange) -> Exchange:
        request, reply = exchange.safe_request, exchange.safe_reply
        return replace(
            exchange,
            safe_request=replace(request, line=self.words(request.line)),
            safe_reply=replace(reply, body=self.words(reply.body)) if reply else None,
            fault=self.words(exchange.fault),
        )

    def body(self, document: Any, deepest: int = 12) -> Any:
        """A document with the values of people taken out; test objects stay whole."""
        if not deepest:
            return HIDDEN
        if isinstance(document, dict):
            if is_marked(document) and not isinstance(get(document, "Resources"), list):
                return _cut(document)
            return {str(key)[:100]: self._value(key, value, deepest - 1) for key, value in document.items()}
        if isinstance(document, list):
            return [self.body(item, deepest - 1) for item in document[:50]]
        return document if isinstance(document, bool) or document is None else HIDDEN

    def _value(self, key: object, value: Any, deepest: int) -> Any:
        name = str(key).lower()
        if name in OPEN and not isinstance(value, dict):
            return value
        return self.words(value)[:500] if name == "detail" and isinstance(value, str) else self.body(value, deepest)

    def _reply(self, reply: Reply, document: Any, *, safe: bool, path: str = "") -> Spoken:
        clean = self.words if safe else self.hide
        headers = {name: clean(reply.headers[name])[:300] for name in HEADERS if name in reply.headers}
        if not safe:
            body = self.hide(reply.body[: 4 * LONGEST].decode("utf-8", "replace"))[:LONGEST]
        elif document is None:
            body = _told(reply, self.words)
        elif reply.ok and any(part in path for part in DISCOVERY) and not _has_people(document):
            body = self.hide(json.dumps(_cut(document), ensure_ascii=False))
        else:
            body = self.hide(json.dumps(self.body(document), ensure_ascii=False))
        return Spoken(f"HTTP {reply.status}", headers, body if len(body) <= LONGEST else f"{body[:LONGEST]}{HIDDEN}")


def is_marked(document: Any) -> bool:
    """Whether it is about a test object."""
    return any(MARK in leaf.lower() for leaf in leaves(document))


def quoted(text: str) -> str:
    """A text as it stands between the quotes of a filter (RFC 7644, section 3.4.2.2: as in JSON)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def title_of(reply: Reply) -> str:
    """The title of a web page, "" where there is none."""
    found = re.search(rb"<title[^>]{0,100}>([^<]{1,200})", reply.body[:8192], re.IGNORECASE)
    return reply.quote(found[1].decode("utf-8", "replace")) if found else ""


def _cut(document: Any, deepest: int = 12) -> Any:
    """A document without what lies too deep to be written."""
    if isinstance(document, dict | list) and not deepest:
        return HIDDEN
    if isinstance(document, dict):
        return {key: _cut(value, deepest - 1) for key, value in document.items()}
    return [_cut(item, deepest - 1) for item in document] if isinstance(document, list) else document


def _told(reply: Reply, words: Any) -> str:
    """An answer that is no JSON, or too long to be read through."""
    title = title_of(reply)
    about = f", titled “{words(title)}”" if title else ""
    return f"({len(reply.body):,} bytes{about})" if reply.body else ""


def _document(reply: Reply) -> Any:
    if not reply.body or len(reply.body) > MOST_TOLD_BYTES:
        return None
    try:
        return reply.document()
    except AdminError:
        return None


def _query(query: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in query.items())


def _has_people(document: Any) -> bool:
    return any(isinstance(get(item, "userName"), str) for item in (document, *resources(document)))


def _own_address(found: re.Match[str]) -> str:
    return found[0] if MARK in unquote(found[0]).lower() else HIDDEN
