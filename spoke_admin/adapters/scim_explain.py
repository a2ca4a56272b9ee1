"""Why an answer is not what RFC 7643 and RFC 7644 ask for: explained by scim2-models, which decides nothing here."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spoke_admin.adapters.scim_forms import is_moment
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import entries, get, text, whole_number

MOST_SENTENCES = 20
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user"
LISTS = "RFC 7644, section 3.4.2"
SECTIONS = {
    **dict.fromkeys(("totalresults", "startindex", "itemsperpage", "resources"), LISTS),
    **dict.fromkeys(("status", "scimtype", "detail"), "RFC 7644, section 3.12"),
    **dict.fromkeys(("id", "externalid", "meta"), "RFC 7643, section 3.1"),
    **dict.fromkeys(
        ("emails", "phonenumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509certificates"),
        "RFC 7643, section 4.1.2",
    ),
    "schemas": "RFC 7643, section 3",
    "members": "RFC 7643, section 4.2",
    ENTERPRISE: "RFC 7643, section 4.3",
}
KINDS = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "model_type": "an object",
    "dict_type": "an object",
    "datetime_type": "a date and time like 2026-01-31T08:00:00Z",
    "enum": "one of the texts the schema names",
}
MISSING = ("returned_error", "required_error", "no_resource_error")


def explain(reply: Reply) -> tuple[str, ...]:
    """Sentences, each with the field and the rule; () for an answer that fits. Never raises.

    They quote no value, only of which kind it is. Faults that repeat in the entries of a list are told once.
    """
    if not reply.body:
        return () if reply.status in (204, 304) else ("The answer has no body.",)
    told = list(_about_type(reply))
    try:
        document = reply.document()
    except AdminError as fault:
        return (*told, fault.title)
    if not isinstance(document, dict):
        return (*told, f"The answer is {_kind(document)}, must be an object (RFC 7644, section 3.1).")
    counted: dict[str, int] = {}
    for sentence in (*_about_list(document), *_about_error(document, reply), *_about_models(document, reply.body)):
        shown = reply.quote(sentence)
        counted[shown] = counted.get(shown, 0) + 1
    told += [f"{words} ({count} times)" if count > 1 else words for words, count in counted.items()]
    more = len(told) - MOST_SENTENCES
    return (*told[:MOST_SENTENCES], *([f"There are {more} faults of other kinds."] if more > 0 else []))


def _about_type(reply: Reply) -> Iterator[str]:
    if reply.media_type not in ("application/scim+json", "application/json"):
        came = reply.quote(reply.media_type) or "missing"
        yield f"The content type is {came}, must be application/scim+json (RFC 7644, section 3.1)."


def _is_list(document: Mapping[str, Any]) -> bool:
    return any(get(document, it) is not None for it in ("Resources", "totalResults"))


def _about_list(document: Mapping[str, Any]) -> Iterator[str]:
    """What the numbers of a list say of each other, which no model compares."""
    if not _is_list(document):
        return
    total, shown = get(document, "totalResults"), len(entries(document))
    if total is None:
        yield f"totalResults is missing: nobody can tell how many there are ({LISTS})."
    elif (number := whole_number(total)) is not None and number < shown:
        yield f"totalResults is {number:,}, and {shown:,} came: it counts all that match, not those to come ({LISTS})."
    if (number := whole_number(get(document, "itemsPerPage"))) is not None and number != shown:
        yield f"itemsPerPage is {number:,}, and {shown:,} came ({LISTS})."


def _about_error(document: Mapping[str, Any], reply: Reply) -> Iterator[str]:
    if reply.status < 400:
        return
    status = get(document, "status")
    if not isinstance(status, str):
        yield f'status is {_kind(status)}, must be a text such as "{reply.status}" (RFC 7644, section 3.12).'
    elif status != str(reply.status):
        yield f"status differs from the HTTP status, which is {reply.status} (RFC 7644, section 3.12)."


def _about_models(document: Mapping[str, Any], body: bytes) -> Iterator[str]:
    schemas = get(document, "schemas")
    if not isinstance(schemas, list) or not schemas:
        yield "schemas is missing: it tells what kind of answer this is (RFC 7643, section 3)."
    yield from _validated(document, body, strict=True)
    # where a value is of a wrong kind, what is missing beside it is not looked for: the second time kinds do not count
    yield from _validated(document, body, strict=False)


def _validated(document: Mapping[str, Any], body: bytes, *, strict: bool) -> Iterator[str]:
    """All faults; those of something that is missing only when not `strict`."""
    import pydantic  # heavy: imported where it is first used
    import scim2_models as known

    context = known.Context.RESOURCE_QUERY_RESPONSE
    policy = None if strict else known.ScimPolicy(unknown=known.ScimPolicy.Unknown.ignore)
    try:
        _model(document).model_validate_json(body, scim_ctx=context, scim_policy=policy, strict=strict)
    except pydantic.ValidationError as fault:
        for error in fault.errors(include_url=False):
            if strict is not (error["type"] in MISSING):
                yield from _sentence(error, document)
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError) as fault:
        if strict:
            yield f"The answer is too unlike SCIM to be explained ({type(fault).__name__})."


def _model(document: Mapping[str, Any]) -> Any:
    """The model of a document, by the schemas it names, else by what is in it."""
    import scim2_models as known

    if _is_list(document):
        found = next((it for it in entries(document) if isinstance(it, dict)), {})
        page: Any = known.ListResponse
        return page[_resource_model(found)]
    if any(text(it).startswith(f"{MESSAGES}Error") for it in _schemas(document)):
        return known.Error
    return _resource_model(document)


def _resource_model(resource: Mapping[str, Any]) -> Any:
    import scim2_models as known

    models = {
        f"{CORE}Group": known.Group,
        f"{CORE}ServiceProviderConfig": known.ServiceProviderConfig,
        f"{CORE}ResourceType": known.ResourceType,
        f"{CORE}Schema": known.Schema,
    }
    for schema in _schemas(resource):
        if (model := models.get(text(schema))) is not None:
            return model
    grouplike = get(resource, "userName") is None and get(resource, "members") is not None
    return known.Group if grouplike else known.User[known.EnterpriseUser]


def _schemas(document: Mapping[str, Any]) -> Sequence[Any]:
    found = get(document, "schemas")
    return found if isinstance(found, list) else []


def _sentence(error: Any, document: Mapping[str, Any]) -> Iterator[str]:
    """The sentence for one fault of a validation; none where the library is stricter than the standard."""
    kind, came = str(error["type"]), error.get("input")
    place = [it if isinstance(it, str) else "[]" for it in error["loc"]]
    field = ".".join(place).replace(".[]", "[]") or "The answer"
    last = place[-1] if place else ""
    if (kind == "datetime_type" and is_moment(came)) or (kind == "int_type" and last == "status"):
        return
    if kind == "extra_forbidden":
        if last.lower().startswith("urn:") and _announced(error["loc"], last, document):
            return
        yield f"{field} is no attribute of a schema that the answer names (RFC 7643, section 3)."
    elif kind in KINDS:
        yield f"{field} is {_kind(came)}, must be {KINDS[kind]} ({_section(place)})."
    elif kind in MISSING and kind != "no_resource_error":
        missing = text(error.get("ctx", {}).get("field_name")) or "a value"
        if missing != "a value" or get(document, "totalResults") is not None:
            yield f"{'.'.join([*place, missing]).replace('.[]', '[]')} is missing ({_section([*place, missing])})."
    else:
        words = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
        yield f"{field}: {words} ({_section(place)})."


def _announced(place: Sequence[Any], urn: str, document: Mapping[str, Any]) -> bool:
    """Whether the resource with an extension names it among its schemas."""
    holder: Any = document
    for step in place[:-1]:
        holder = get(holder, step) if isinstance(step, str) else _item(holder, step)
    return any(text(it).casefold() == urn.casefold() for it in _schemas(holder)) if isinstance(holder, dict) else False


def _item(holder: Any, place: int) -> Any:
    return holder[place] if isinstance(holder, list) and place < len(holder) else None


def _section(place: Sequence[str]) -> str:
    """Where the rule of a field stands."""
    names = [it.lower() for it in place if it not in ("Resources", "[]")] or ["resources"]
    return SECTIONS.get(names[0], "RFC 7643, section 4.1.1")


def _kind(value: Any) -> str:
    """Of which kind a value is, in JSON's words."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return f"the truth value {json.dumps(value)}"
    for kinds, words in (((int, float), "a number"), (str, "a text"), (list, "a list"), (dict, "an object")):
        if isinstance(value, kinds):
            return words
    return "something else"
