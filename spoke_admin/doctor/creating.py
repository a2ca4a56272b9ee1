"""Making test users as Okta and Entra do, and reading back what was kept. With --write only."""

from spoke_admin.doctor.checks import About, Check, Examination, someone, taken
from spoke_admin.doctor.documents import USER, document, identifier_of, leaves
from spoke_admin.doctor.exchanges import quoted
from spoke_admin.doctor.objects import make, note, remove
from spoke_admin.doctor.results import Area, Verdict, declared, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.domain.scim_json import get, text, value_at

CREATION = "RFC 7644, section 3.3"


def _made(exam: Examination, reply: Reply, what: str) -> Verdict:
    if not reply.ok:
        return failed(f"{exam.said(reply)}.")
    found = document(reply)
    if not identifier_of(found):
        return failed(f"HTTP {reply.status} without the user's id in its body.")
    if what not in exam.own:
        return failed(f"HTTP {reply.status} with somebody else than the new user.")
    if not text(get(found, "userName")):
        return failed(f"HTTP {reply.status} without the user in its body.")
    if reply.status != 201:
        return warned(f"HTTP {reply.status} where 201 is meant.")
    return passed("HTTP 201 with the user.")


@About(
    "create_okta",
    "A user is made as Okta does it",
    Area.CREATING,
    trips="Okta pushes nobody.",
    expected="201 with the user in the body.",
    fix="Have POST /Users taken with externalId, groups [], locale and password, and the user sent back with its id.",
    source=f"{CREATION}; Okta: POST /Users",
    needs=("users_list",),
    writes=True,
)
async def create_okta(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.okta("okta"), "okta")
    verdict = _made(exam, reply, "okta")
    if identifier := exam.own.get("okta"):
        exam.known_user = (await exam.read("Users", identifier))[1] or exam.known_user
    return verdict


@About(
    "create_entra",
    "A user is made as Entra does it",
    Area.CREATING,
    trips="Entra makes nobody, and puts the job into quarantine after many.",
    expected="201 with the user in the body.",
    fix="Have POST /Users taken with the enterprise schema named, meta, and roles [].",
    source=f"{CREATION}; Entra: POST /Users",
    needs=("users_list",),
    writes=True,
)
async def create_entra(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.entra("entra"), "entra")
    verdict = _made(exam, reply, "entra")
    if "okta" not in exam.own and (identifier := exam.own.get("entra")):
        exam.known_user = (await exam.read("Users", identifier))[1] or exam.known_user
    return verdict


@About(
    "created_location",
    "A new user comes with its address",
    Area.CREATING,
    trips="Clients that follow Location; Okta and Entra take the id from the body.",
    expected="Location, the same as meta.location.",
    fix="Have Location sent with each 201.",
    source=f"{CREATION}; RFC 7644, section 3.1",
    needs=("create_okta",),
    writes=True,
)
async def created_location(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.okta("location"), "location")
    location = reply.headers.get("location", "")
    taken(exam, reply, what="A second user")
    if not location:
        return warned("There is no Location.")
    same = location == text(get(get(document(reply), "meta"), "location"))
    return passed("It does.") if same else warned("Location is another one than meta.location.")


@About(
    "created_is_found",
    "A new user is found at once",
    Area.CREATING,
    trips="Okta and Entra look again within seconds: who is not found is made twice.",
    expected="The one user, by user name, right after the 201.",
    fix="Have the search know of a user before the 201 is sent.",
    source="RFC 7644, section 3.4.2.2",
    needs=("users_list",),
    writes=True,
)
async def created_is_found(exam: Examination) -> Verdict:
    someone(exam, "okta", "entra")
    what = "okta" if "okta" in exam.own else "entra"
    reply, found = await exam.find("/Users", f'userName eq "{quoted(exam.people.user_name(what))}"')
    taken(exam, reply, what="The filter")
    number = sum(identifier_of(user) == exam.own[what] for user in found)
    return passed("It is.") if number == 1 else failed(f"{len(found)} users are found, the new one is not.")


@About(
    "plus_found",
    "A user with a plus in the name is found",
    Area.CREATING,
    trips="Okta and Entra, with every address such as jane+test@…: not found, then refused as a duplicate.",
    expected="The user of that name.",
    fix="Have %2B in the query read as a plus.",
    source="RFC 3986, section 2.2",
    needs=("created_is_found",),
    writes=True,
)
async def plus_found(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.okta("a+plus"), "plus")
    taken(exam, reply, warned, "A user with a plus")
    reply, found = await exam.find("/Users", f'userName eq "{exam.people.user_name("a+plus")}"')
    there = any(identifier_of(user) == exam.own.get("plus") for user in found)
    return passed("It is.") if there else failed(f"It is not found: {exam.said(reply)}, {len(found)} users.")


@About(
    "attributes_kept",
    "What is sent is kept",
    Area.CREATING,
    trips="Nobody is told: Okta and Entra show the attribute as provisioned, and it is not there.",
    expected="Every attribute that the profile knows, read back as it was sent.",
    fix="Have the attributes kept, or take them out of the mapping and of /Schemas, so that nobody relies on them.",
    source="RFC 7644, section 3.3: what the service provider ignores it must not send back",
    needs=("users_list",),
    writes=True,
)
async def attributes_kept(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.full("full"), "full")
    taken(exam, reply, what="A user with every attribute of the profile")
    _, now = await exam.read("Users", exam.own.get("full", ""))
    wanted = exam.people.wanted("full")
    lost = [path for path, value in wanted.items() if not _same(exam, path, value, value_at(now, path))]
    if not lost:
        return passed(f"All {len(wanted)} attributes were.")
    words = f"Silently not kept as sent: {', '.join(lost)}."
    known = [path for path in lost if _announced(exam, path)]
    return failed(words) if known or not exam.announced else warned(f"{words} None of them is in /Schemas.")


def _same(exam: Examination, path: str, sent: str, kept: str) -> bool:
    attribute = exam.profile.attribute_of(path)
    if attribute is not None and attribute.rule == "phone":  # services write numbers in a form of their own
        sent, kept = _digits(sent), _digits(kept)
    return sent == kept or (attribute is not None and attribute.rule == "email" and sent.lower() == kept.lower())


def _digits(text_: str) -> str:
    return "".join(it for it in text_ if it.isdigit())[-10:]


def _announced(exam: Examination, path: str) -> bool:
    """Whether /Schemas names an attribute."""
    schema, _, name = path.rpartition(":") if path.startswith("urn:") else (USER, "", path)
    top = name.partition("[")[0].partition(".")[0].lower()
    return top in exam.announced.get(schema.lower(), set())


@About(
    "external_id_kept",
    "externalId is kept",
    Area.CREATING,
    trips="Entra sends it again at every turn, and cannot match people by it; Okta keeps the service's id instead.",
    expected="externalId read back as it was sent.",
    fix="Have externalId stored with each user.",
    source="RFC 7643, section 3.1",
    needs=("users_list",),
    writes=True,
)
async def external_id_kept(exam: Examination) -> Verdict:
    someone(exam, "okta", "entra")
    what = "okta" if "okta" in exam.own else "entra"
    kept = text(get((await exam.read("Users", exam.own[what]))[1], "externalId"))
    if kept == exam.people.external_id(what):
        return passed("It is.")
    return warned("Another one is there." if kept else "It is silently not kept.")


@About(
    "letters_kept",
    "Letters of every language are kept",
    Area.CREATING,
    trips="Everyone whose name is not written in English letters alone.",
    expected="Zoë Łukasz-O'Brien, letter by letter.",
    fix="Have everything stored and sent as UTF-8.",
    source="RFC 7644, section 3.8",
    needs=("users_list",),
    writes=True,
)
async def letters_kept(exam: Examination) -> Verdict:
    _, now = await exam.read("Users", someone(exam))
    kept = value_at(now, "name.givenName"), value_at(now, "name.familyName")
    if kept == ("Zoë", "Łukasz-O'Brien"):
        return passed("They are.")
    return failed("They come back as others." if any(kept) else "The name is not kept at all.")


@About(
    "password_hidden",
    "A password is never sent back",
    Area.CREATING,
    trips="Nobody trips: whoever may read users reads their passwords.",
    expected="No password in any answer.",
    fix="Have password never returned, and stored as a hash alone.",
    source="RFC 7643, section 4.1.1 (password: returned never)",
    needs=("create_okta",),
    writes=True,
)
async def password_hidden(exam: Examination) -> Verdict:
    _, now = await exam.read("Users", exam.own["okta"])
    shown = exam.people.password in set(leaves(now)) or get(now, "password") is not None
    return failed("It is in the user that is read back.") if shown else passed("It is not in what is read back.")


@About(
    "duplicate_refused",
    "The same user name is refused a second time",
    Area.CREATING,
    trips="Okta and Entra take a 409 for “is there already” and link; anything else fails again and again, or makes the"
    " person twice.",
    expected="409 with scimType uniqueness.",
    fix="Have a user name that is taken answered with 409.",
    source=f"{CREATION} (409, uniqueness)",
    needs=("create_okta",),
    writes=True,
)
async def duplicate_refused(exam: Examination) -> Verdict:
    reply = await make(exam, "Users", exam.people.okta("okta"))
    await _take_back(exam, reply)
    return _conflict(exam, reply)


async def _take_back(exam: Examination, reply: Reply) -> None:
    """Removes at once what should not have been made: later checks would stumble over it."""
    identifier = identifier_of(document(reply)) if reply.ok else ""
    twice = [it for it in exam.made if it.id and it.id == identifier and identifier not in exam.own.values()]
    stay = await remove(exam, twice, ours=True)
    exam.made = [it for it in exam.made if it not in twice or it in stay]


def _conflict(exam: Examination, reply: Reply) -> Verdict:
    if reply.ok:
        return failed(f"HTTP {reply.status}: the user is there twice.")
    if reply.status != 409:
        return failed(f"It is refused with {exam.said(reply)}.")
    kind = text(get(document(reply), "scimType"))
    return passed("HTTP 409.") if kind == "uniqueness" else warned("HTTP 409 without scimType uniqueness.")


@About(
    "duplicate_case_refused",
    "A user name that differs by case alone is refused",
    Area.CREATING,
    trips="Jane@… and jane@… become two accounts of one person.",
    expected="409: userName does not mind case.",
    fix="Have user names compared without case when they are made.",
    source="RFC 7643, section 4.1.1 (userName: caseExact false)",
    needs=("duplicate_refused",),
    writes=True,
)
async def duplicate_case_refused(exam: Examination) -> Verdict:
    body = exam.people.okta("okta")
    reply = await make(exam, "Users", body | {"userName": body["userName"].upper()})
    await _take_back(exam, reply)
    return _conflict(exam, reply)


@About(
    "name_missing_refused",
    "A user without a name is refused",
    Area.CREATING,
    trips="A mapping that sends no user name makes accounts that nobody can find.",
    expected="400 with scimType invalidValue.",
    fix="Have a user without userName refused.",
    source="RFC 7643, section 4.1.1 (userName: required)",
    needs=("create_okta",),
    writes=True,
)
async def name_missing_refused(exam: Examination) -> Verdict:
    body = exam.people.okta("nameless")
    marked = exam.journal.making("Users", str(body.pop("userName")))
    exam.made.append(marked)
    reply = await exam.ask.ask("POST", "/Users", body)
    await note(exam, marked, reply)
    if reply.ok:
        return warned(f"HTTP {reply.status}: there is now a user without a name.")
    return passed("HTTP 400.") if reply.status == 400 else warned(f"It is refused with {exam.said(reply)}.")


@About(
    "phone_abroad",
    "A number of another country is kept",
    Area.CREATING,
    trips="Nobody is told: the number is provisioned in Okta and Entra, and is not there.",
    expected="+49 30 901820, or a refusal that says why.",
    fix="Have numbers of every country kept, or refused with 400; until then leave them out of the mapping.",
    source="RFC 7643, section 4.1.2",
    needs=("attributes_kept",),
    writes=True,
)
async def phone_abroad(exam: Examination) -> Verdict:
    path = 'phoneNumbers[type eq "work"].value'
    if exam.profile.attribute_of(path) is None or "full" not in exam.own:
        return skipped("The profile knows no phone number.")
    operation = {"op": "replace", "path": path, "value": "+49 30 901820"}
    reply = await exam.patch("Users", exam.own["full"], operation)
    kept = value_at((await exam.read("Users", exam.own["full"]))[1], path)
    if _digits(kept) == _digits("+49 30 901820"):
        return passed("It is.")
    if not reply.ok:
        return (
            passed(f"It is refused in words: {exam.said(reply)}.")
            if reply.status == 400
            else warned(f"{exam.said(reply)}.")
        )
    rule = exam.profile.phone
    if rule is not None and not judge_us_phone("+49 30 901820").kept:
        return declared("It is silently ignored.", rule.quote)
    return failed(f"HTTP {reply.status}, and it is silently not kept.")


CHECKS: tuple[Check, ...] = (
    create_okta, create_entra, created_location, created_is_found, plus_found, attributes_kept, external_id_kept,
    letters_kept, password_hidden, duplicate_refused, duplicate_case_refused, name_missing_refused, phone_abroad,
)  # fmt: skip
