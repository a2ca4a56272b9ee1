"""What SCIM servers answer, read with tolerance: nothing in here raises anything but AdminError, whatever came."""

import re
from collections.abc import Mapping
from typing import Any

from spoke_admin.adapters.http import reason_of
from spoke_admin.adapters.scim_pacing import duration, seconds_asked
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.scim_json import get, text, value_at

LONGEST_NAME = 500  # characters of a user name or an id: beyond, nobody's roster could hold it
WEB_PAGES = ("text/html", "application/xhtml+xml")


def attributes(resource: Mapping[str, Any], profile: ServiceProfile) -> dict[str, str]:
    """What a SCIM resource holds at the paths of a profile; never raises on foreign JSON."""
    found = {attribute.path: value_at(resource, attribute.path) for attribute in profile.attribute}
    return {path: value for path, value in found.items() if value}


def listing(reply: Reply, base_url: str) -> Mapping[str, Any]:
    """The list an answer holds. Raises AdminError when it is a refusal or something else."""
    document = _document(reply, base_url)
    if not _is_list_response(document):
        raise no_scim(base_url, "it answered JSON of another kind", f"HTTP {reply.status}")
    return document


def resource(reply: Reply, base_url: str, identifier: str) -> Mapping[str, Any]:
    """The one resource an answer holds. Raises AdminError when it is a refusal, no resource, or another one."""
    document = _document(reply, base_url)
    found = text(get(document, "id"))
    if not found and isinstance(get(document, "Resources"), list):
        raise no_scim(base_url, "it answered a list where one resource was asked for", f"HTTP {reply.status}")
    if found not in ("", identifier):
        raise no_scim(base_url, "it answered another resource than was asked for", f"HTTP {reply.status}")
    return document


def _document(reply: Reply, base_url: str) -> Mapping[str, Any]:
    if not reply.ok:
        raise refused(reply, base_url)
    try:
        document = reply.document()
    except AdminError as fault:
        if "json" in reply.media_type:
            raise
        came = reply.quote(reply.media_type) or "something without a type"
        raise no_scim(base_url, f"it answered {came}", fault.detail) from None
    if not isinstance(document, dict):
        raise no_scim(base_url, "it answered JSON of another kind", f"HTTP {reply.status}")
    return document


def _is_list_response(document: Mapping[str, Any]) -> bool:
    """Servers leave out this or that: one of the three is enough, of a kind that can be read."""
    found = get(document, "Resources")
    if found is not None and not isinstance(found, list):
        return False
    return any(get(document, name) is not None for name in ("Resources", "totalResults", "schemas"))


def no_scim(base_url: str, reason: str, detail: str) -> AdminError:
    return AdminError(f"{base_url} is not a SCIM service: {reason}.", _address_hint(base_url), detail)


def _address_hint(base_url: str) -> str:
    if "/scim" in base_url.lower():
        return "Compare the base URL with the one on the service's settings page."
    return f"Check the base URL: it often ends in /scim/v2, here {base_url}/scim/v2."


def said(reply: Reply) -> str:
    """The status, and what the server says of it: SCIM's `detail`, or the title of a web page."""
    words = get(reason_of(reply), "detail")
    if reply.media_type in WEB_PAGES:
        title = re.search(rb"<title[^>]{0,100}>([^<]{1,300})", reply.body[:4096], re.IGNORECASE)
        words = f"a web page, {title[1].decode('utf-8', 'replace').strip()}" if title else "a web page"
    return f"HTTP {reply.status}: {reply.quote(words)}" if isinstance(words, str) and words else f"HTTP {reply.status}"


def scim_type(reply: Reply) -> str:
    """The keyword of a refusal, such as "uniqueness" (RFC 7644, section 3.12); "" when it names none."""
    found = text(get(reason_of(reply), "scimType"))
    return found if re.fullmatch(r"[A-Za-z]{1,40}", found) else ""


def refused(reply: Reply, base_url: str) -> AdminError:
    """Why a service was not to be had for a read."""
    detail = said(reply)
    if reply.status == 401:
        remedy = "Copy the API token again from the service's settings, or regenerate it there."
        return AdminError(f"{base_url} refuses the API token.", remedy, detail)
    if reply.status == 403:
        remedy = f"Check that SCIM is enabled and what the token may do. {_address_hint(base_url)}"
        return AdminError(f"{base_url} forbids this.", remedy, detail)
    if reply.status in (404, 405, 410):
        return AdminError(f"There is no SCIM service at {base_url}.", _address_hint(base_url), detail)
    if reply.status == 429:
        return asked_to_wait(reply, base_url)
    if reply.status >= 500:
        return AdminError(f"{base_url} is out of order.", "Try again later; if it stays so, tell its support.", detail)
    return AdminError(f"{base_url} refuses the call.", "Check the base URL and what the token may do.", detail)


def asked_to_wait(reply: Reply, base_url: str) -> AdminError:
    """The words for a 429 that is not waited for any longer."""
    seconds = seconds_asked(reply)
    long, when = (f" {duration(seconds)}", "then") if seconds else ("", "in a few minutes")
    return AdminError(f"{base_url} asks to wait{long}: there were too many calls.", f"Try again {when}.", said(reply))
