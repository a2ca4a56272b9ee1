"""The way to the service: address, certificate, whether SCIM answers there at all, clock."""

import re
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from spoke_admin.doctor.asking import NoAnswerError
from spoke_admin.doctor.checks import About, Check, Examination
from spoke_admin.doctor.documents import document
from spoke_admin.doctor.exchanges import title_of
from spoke_admin.doctor.results import Area, Verdict, failed, passed, skipped, warned
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.scim_json import get

WEB_PAGES = ("text/html", "application/xhtml+xml")
LOG_IN = re.compile(rb"type=[\"']?password|log[ -]?in|sign[ -]?in|captive|proxy", re.IGNORECASE)
EXPIRES_SOON_DAYS = 30
SKEW = 60  # seconds
OFTEN = ("/v2", "/scim/v2", "/scim")  # what base URLs lack most often
ENDPOINTS = ("/users", "/groups", "/schemas", "/resourcetypes", "/serviceproviderconfig")  # what they have too much
NOWHERE = "/spoke-admin-doctor-no-such-path"


@About(
    "url_trailing_slash",
    "The base URL ends without a slash",
    Area.TRANSPORT,
    trips="Okta puts /Users behind what was typed: a slash at the end becomes //Users, which many servers do not know.",
    expected="No slash at the end.",
    fix="Leave out the slash at the end when you type the base URL into the identity provider.",
    source="Okta: base URL of a SCIM connection",
)
async def trailing_slash(exam: Examination) -> Verdict:
    if exam.typed.strip().endswith("/"):
        return warned("The address that was typed ends with a slash.")
    return passed("There is none.")


@About(
    "url_underscore",
    "The base URL has no underscore",
    Area.TRANSPORT,
    trips="Okta takes no base URL with an underscore; in a host name no certificate authority does, either.",
    expected="Letters, digits, hyphens, dots and slashes.",
    fix="Have the service offered at an address without underscores.",
    source="Okta: base URL of a SCIM connection; RFC 1123, section 2.1",
)
async def underscore(exam: Examination) -> Verdict:
    parts = urlsplit(exam.url)
    where = [name for name, part in (("host", parts.netloc), ("path", parts.path)) if "_" in part]
    return warned(f"There is an underscore in its {' and its '.join(where)}.") if where else passed("There is none.")


@About(
    "https",
    "The service is reached by https",
    Area.TRANSPORT,
    trips="Okta and Entra call https addresses only; by plain http the token is readable on the way.",
    expected="https with TLS 1.2 or newer.",
    fix="Put the service behind https; for a rehearsal on this computer http will do.",
    source="RFC 7644, section 7.1; RFC 9325, section 3.1.1",
)
async def https(exam: Examination) -> Verdict:
    if exam.url.startswith("http:"):
        return passed("Plain http to this very computer: nobody else can read along.")
    exam.peer = await exam.look_at_peer(exam.url, max(0.5, min(exam.ask.times.one_call, exam.ask.times.left)))
    if exam.peer is None:
        return passed("https, through this computer's proxy: the connection itself is not looked at.")
    if not exam.peer.reached:
        return skipped("No connection came about.")
    if not exam.peer.tls and exam.peer.fault is not None:
        return failed(exam.peer.fault.title, fix=exam.peer.fault.remedy)
    if exam.peer.tls in ("SSLv3", "TLSv1", "TLSv1.1"):
        return failed(f"It speaks {exam.peer.tls}.", fix="Have TLS 1.2 and 1.3 switched on, older ones off.")
    return passed(f"https, {exam.peer.tls}.")


@About(
    "certificate_trusted",
    "The certificate is trusted",
    Area.TRANSPORT,
    trips="Okta and Entra take certificates of public authorities only, sent with the intermediate ones.",
    expected="The server's own certificate, for this host, then every intermediate one, up to a known authority.",
    fix="Have the whole chain installed on the server: its own certificate first, then each intermediate one.",
    source="RFC 8446, section 4.4.2; RFC 9110, section 4.3.4",
    needs=("https",),
)
async def certificate_trusted(exam: Examination) -> Verdict:
    peer = exam.peer
    if peer is None:
        return skipped("There is no certificate to look at: plain http, or a proxy is between.")
    if peer.fault is not None:
        missing = peer.sent == 1 and "does not know" in peer.fault.title
        alone = " The server sent this one certificate alone: an intermediate one may be missing." * missing
        return failed(f"{peer.fault.title} {peer.fault.detail}{alone}".strip(), fix=peer.fault.remedy)
    return passed(f"By {peer.issuer}." if peer.issuer else "It is.")


@About(
    "certificate_expiry",
    "The certificate is valid for a while",
    Area.TRANSPORT,
    trips="On the day it expires every identity provider stops, all at once.",
    expected=f"Valid for {EXPIRES_SOON_DAYS} days or more.",
    fix="Have it renewed now, and let renewal be automatic.",
    source="RFC 5280, section 4.1.2.5",
    needs=("https",),
)
async def certificate_expiry(exam: Examination) -> Verdict:
    peer, now = exam.peer, exam.now()
    if peer is None or peer.not_after is None:
        return skipped("There is no certificate to look at.")
    if peer.not_before is not None and now < peer.not_before:
        return failed(f"It is valid only from {peer.not_before:%Y-%m-%d}.", fix="Check this computer's date, too.")
    days = (peer.not_after - now).days
    if peer.not_after < now:
        return failed(f"It expired on {peer.not_after:%Y-%m-%d}.")
    words = f"It is valid to {peer.not_after:%Y-%m-%d}, {days} days."
    return warned(words) if days < EXPIRES_SOON_DAYS else passed(words)


@About(
    "reachable",
    "The service answers",
    Area.TRANSPORT,
    trips="Every identity provider: its test of credentials ends in a time-out.",
    expected="An answer to a plain GET within a few seconds.",
    fix="Check host and port, that the service runs, and that no firewall is between.",
    source="RFC 7644, section 3.4",
)
async def reachable(exam: Examination) -> Verdict:
    fault = None
    for path, query in (("/Users", {"startIndex": "1", "count": "2"}), ("/ServiceProviderConfig", {})):
        try:
            reply = await exam.get(path, query)
        except NoAnswerError as error:
            if redirected(error.fault.detail):
                return passed(f"It answers, with a redirect: {error.fault.title}")
            fault = fault or error.fault
            continue
        exam.first = reply, exam.now()
        exam.speaks = reply if path == "/Users" else None
        return passed(f"HTTP {reply.status} after {exam.ask.asked[-1].seconds:.1f} s.")
    if fault is None:
        return failed("No answer came.")
    return failed(f"{fault.title} {fault.detail}".strip(), fix=fault.remedy)


def redirected(detail: str) -> bool:
    """Whether the detail of a refusal is that of a redirect, as `adapters.http` words it."""
    return re.fullmatch(r"HTTP 3\d\d", detail) is not None


@About(
    "redirects",
    "The service answers itself, without a redirect",
    Area.TRANSPORT,
    trips="Identity providers do not follow redirects with a token, or lose the method and the body on the way.",
    expected="2xx or 4xx at the very address.",
    fix="Type the address that the redirect leads to, if it is the service's own; else have the redirect removed.",
    source="RFC 9110, section 15.4",
    needs=("reachable",),
)
async def redirects(exam: Examination) -> Verdict:
    found = next((it for it in exam.ask.asked if redirected(it.fault[-8:])), None)
    if found is not None:
        return failed(found.fault)
    return passed("There is none.")


@About(
    "speaks_scim",
    "SCIM answers at the base URL",
    Area.TRANSPORT,
    trips="Every identity provider: nothing works.",
    expected="A SCIM list, or a refusal of the token, at /Users.",
    fix="Compare the base URL with the one on the service's settings page: it often ends in /scim/v2.",
    source="RFC 7644, section 3.2",
    needs=("reachable", "redirects"),
)
async def speaks_scim(exam: Examination) -> Verdict:
    reply = exam.speaks
    if reply is None:
        reply = exam.speaks = await exam.get("/Users", {"startIndex": "1", "count": "2"})
    if fault := _no_scim(exam, reply):
        return failed(fault)
    return passed(exam.said(reply) if not reply.ok else "A list of users.")


def _no_scim(exam: Examination, reply: Reply) -> str:
    """Why an answer is none of a SCIM service; "" when it may be."""
    if reply.status in (407, 511):
        return f"HTTP {reply.status}: a proxy or the network wants a log-in first."
    if reply.media_type in WEB_PAGES and reply.body and reply.status != 401 and document(reply) is None:
        title = exam.ask.redactor.words(title_of(reply))
        kind = "a log-in page" if reply.ok and LOG_IN.search(reply.body[:65536]) else "a web page"
        return f"HTTP {reply.status} with {kind}{f', titled “{title}”' if title else ''}."
    if reply.status in (401, 403, 429):
        return ""
    if not reply.ok:
        return f"There is no list of users: {exam.said(reply)}."
    found = document(reply)
    if not isinstance(found, dict):
        return f"{exam.came(reply)} that is no JSON object."
    if not any(get(found, name) is not None for name in ("Resources", "totalResults", "schemas")):
        return "JSON of another kind: no list of users."
    return ""


@About(
    "url_version",
    "The base URL is whole",
    Area.TRANSPORT,
    trips="Typed without its end (/v2 above all), every call of every identity provider meets a 404 or a web page.",
    expected="The base URL below which /Users is.",
    fix="Type the address that answers.",
    source="RFC 7644, section 3.13",
    needs=("reachable",),
)
async def version(exam: Examination) -> Verdict:
    if exam.speaks is not None and not _no_scim(exam, exam.speaks):
        return passed("SCIM answers below it.")
    base, _, last = exam.url.rpartition("/")
    if f"/{last.lower()}" in ENDPOINTS:
        return failed(f"It ends with /{last}, which stands below the base URL.", fix=f"Type {base} instead.")
    everywhere = await _answers(exam, NOWHERE)  # a guard that asks for the token whatever the path is
    for end in OFTEN:
        if exam.url.endswith(end) or (status := await _answers(exam, end)) is None or status == everywhere:
            continue
        return failed(f"SCIM answers at {exam.url}{end}.", fix=f"Type {exam.url}{end} instead.")
    return skipped("SCIM answers neither there nor at the ends that are most often left out.")


async def _answers(exam: Examination, end: str) -> int | None:
    """The status with which SCIM answers below a longer address, None where it does not."""
    try:  # without the token: the address is a guess
        reply = await exam.ask.ask("GET", end, url=f"{exam.url}{end}/Users", right="")
    except NoAnswerError:
        return None
    found = document(reply)
    speaks = isinstance(found, dict) and (reply.ok or reply.status == 401) and get(found, "schemas") is not None
    return reply.status if speaks else None


@About(
    "clock",
    "The server's clock agrees with this computer's",
    Area.TRANSPORT,
    trips="SAML responses and tokens that expire are judged by the server's clock; which of the two is wrong cannot be"
    " seen from here.",
    expected=f"A Date within {SKEW} s of this computer's.",
    fix="Check this computer's clock first; if it is right, have the server's set by NTP.",
    source="RFC 9110, section 6.6.1",
    needs=("reachable",),
)
async def clock(exam: Examination) -> Verdict:
    if exam.first is None:
        return skipped("No answer came.")
    reply, came = exam.first
    try:
        told = parsedate_to_datetime(reply.headers.get("date", "")[:100])
        skew = abs((told.astimezone(came.tzinfo) - came).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return warned("Its answers have no Date that can be read.")
    if skew > SKEW:
        return warned(f"It differs from this computer's by {skew:,.0f} s.")
    return passed(f"It agrees with this computer's within {max(1, skew):.0f} s.")


CHECKS: tuple[Check, ...] = (
    trailing_slash, underscore, https, certificate_trusted, certificate_expiry, reachable, redirects, speaks_scim,
    version, clock,
)  # fmt: skip
