"""Who gets in: the token, a wrong one, none at all, and how a refusal looks."""

from spoke_admin.doctor.checks import About, Check, Examination
from spoke_admin.doctor.documents import ERROR, document, texts
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get

WRONG = "Bearer spoke-admin-doctor-wrong-token"
LIST = {"startIndex": "1", "count": "1"}


@About(
    "token_accepted",
    "The token opens the service",
    Area.ACCESS,
    trips="Okta's “Test API Credentials” and Entra's “Test Connection” fail.",
    expected="200 to GET /Users with the token.",
    fix="Copy the token again from the service's SCIM settings, or regenerate it there and hand it on.",
    source="RFC 6750, section 2.1; RFC 7644, section 2",
    needs=("speaks_scim",),
)
async def token_accepted(exam: Examination) -> Verdict:
    reply = exam.speaks or await exam.get("/Users", {"startIndex": "1", "count": "2"})
    if reply.status in (401, 403):
        if not exam.ask.has_token:
            return failed(
                f"No token was given, and none is in the keychain; the service wants one: {exam.said(reply)}.",
                fix="Give it with --token-stdin or --token-file, or store it on the page Tokens.",
            )
        return failed(f"It is refused: {exam.said(reply)}.")
    if not reply.ok:
        return failed(f"The list of users is not to be had: {exam.said(reply)}.", fix="Tell the service's support.")
    return passed("It does." if exam.ask.has_token else "No token is needed.")


@About(
    "missing_token_refused",
    "Without a token nothing is shown",
    Area.ACCESS,
    trips="Nobody trips: everybody gets in, and reads and changes users.",
    expected="401 to a call without a token.",
    fix="Have the service refuse calls without a token; treat everything in it as known to others until then.",
    source="RFC 7644, sections 2 and 3.12; RFC 6750, section 3",
    needs=("speaks_scim",),
)
async def missing_token(exam: Examination) -> Verdict:
    reply = await exam.ask.ask("GET", "/Users", query=LIST, right="")
    return _refusal(exam, reply, "a call without a token")


@About(
    "wrong_token_refused",
    "A wrong token is refused",
    Area.ACCESS,
    trips="A token that expired or was mistyped looks as if it worked: Okta and Entra report success where nothing is.",
    expected="401 to a call with a wrong token.",
    fix="Have the service answer 401 to every token that it does not know.",
    source="RFC 6750, section 3.1",
    needs=("speaks_scim",),
)
async def wrong_token(exam: Examination) -> Verdict:
    reply = await exam.ask.ask("GET", "/Users", query=LIST, right=WRONG)
    return _refusal(exam, reply, "a wrong token")


def _refusal(exam: Examination, reply: Reply, what: str) -> Verdict:
    if reply.ok:
        return failed(f"HTTP {reply.status} to {what}: the service is open to everyone.")
    if reply.status == 401:
        return passed("HTTP 401.")
    if reply.status == 403:
        return warned(
            "HTTP 403 where 401 is meant: identity providers take it for a lack of rights, not for a wrong token."
        )
    judge = warned if 400 <= reply.status < 500 else failed
    return judge(
        f"{exam.said(reply)} to {what}.", fix="Have the service answer 401: identity providers retry everything else."
    )


@About(
    "unauthorized_form",
    "A refused token is told as SCIM JSON",
    Area.ACCESS,
    trips="Okta and Entra show the admin what the body says: without one, only “401”.",
    expected='{"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", "detail": …}.',
    fix="Have the service send a SCIM error as application/scim+json with every 401.",
    source="RFC 7644, section 3.12",
    needs=("wrong_token_refused",),
)
async def unauthorized_form(exam: Examination) -> Verdict:
    reply = await exam.ask.ask("GET", "/Users", query=LIST, right=WRONG)
    found = document(reply)
    if found is None:
        return warned(f"{exam.came(reply)}{' instead of JSON' if reply.body else ''}.")
    if ERROR not in texts(get(found, "schemas")):
        return warned(f"HTTP {reply.status} with JSON that is no SCIM error.")
    return passed("It is.")


@About(
    "unauthorized_challenge",
    "A refused token comes with a challenge",
    Area.ACCESS,
    trips="Clients that choose the way of logging in by it, not Okta or Entra.",
    expected="WWW-Authenticate: Bearer …",
    fix="Have the service send WWW-Authenticate with every 401.",
    source="RFC 9110, section 15.5.2; RFC 6750, section 3",
    needs=("wrong_token_refused",),
)
async def unauthorized_challenge(exam: Examination) -> Verdict:
    reply = await exam.ask.ask("GET", "/Users", query=LIST, right="")
    if reply.status != 401:
        return skipped("A call without a token is not answered with 401.")
    challenge = reply.headers.get("www-authenticate", "")
    if not challenge:
        return warned("There is no WWW-Authenticate.")
    if "bearer" not in challenge.lower():
        return warned(f"It asks for {reply.quote(challenge.split(' ')[0])[:40]}, not for a bearer token.")
    return passed("It does.")


CHECKS: tuple[Check, ...] = (
    token_accepted, missing_token, wrong_token, unauthorized_form, unauthorized_challenge,
)  # fmt: skip
