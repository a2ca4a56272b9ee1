"""Addresses as an admin types them: normalised, or refused in words."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from spoke_admin.domain.error import AdminError

EXAMPLE = "Type it like https://acme.askspoke.com/scim/v2."


def check_url(text: str, *, query: bool = False) -> str:
    """The address without outer blanks and trailing slash, scheme and host in lower case.

    `query`: it may have a part after a "?", as addresses of documents do and base addresses must not. Raises AdminError
    for what is no http(s) address: no scheme, blanks inside, a user name or password in it, a fragment, a host or port
    that cannot be, plain http to another computer.
    """
    typed = text.strip()
    if fault := _character_fault(typed):
        raise _refusal(fault)
    parts = _split(typed)
    if not parts.netloc or parts.scheme not in ("http", "https"):
        raise _refusal(_scheme_fault(typed, parts))
    if "@" in parts.netloc:
        raise _refusal(
            "it holds a user name or a password", "Leave out what stands before the @; give the token apart."
        )
    if parts.fragment:
        raise _refusal("it has a # in it, like the address of a console page", EXAMPLE)
    if not query and "?" in typed:
        raise _refusal("it has a ? in it", f"Leave out the ? and what follows. {EXAMPLE}")
    authority = _authority(parts)
    if parts.scheme == "http" and not is_loopback(f"http://{authority}"):
        raise _refusal("plain http would show the token to everyone on the way", "Type https:// instead of http://.")
    path = parts.path if parts.query else parts.path.rstrip("/")
    return f"{parts.scheme}://{authority}{path}{'?' if parts.query else ''}{parts.query}"


def is_loopback(url: str) -> bool:
    """Whether the host of an address is this very computer: 127.0.0.0/8, ::1 or localhost."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_and_port(url: str) -> str:
    """Such as "acme.askspoke.com:443": for words about a connection."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "no host"
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _refusal(reason: str, remedy: str = EXAMPLE) -> AdminError:
    return AdminError(f"That address cannot be used: {reason}.", remedy)


def _character_fault(typed: str) -> str:
    if not typed:
        return "it is empty"
    if len(typed) > 2048:
        return f"it is {len(typed):,} characters long"
    if any(character.isspace() for character in typed):
        return "it holds a blank or a line break"
    if not typed.isprintable():
        return "it holds a character that cannot be seen"
    if "\\" in typed:
        return "it holds a backslash"
    if not typed.isascii():
        return "it holds characters beyond ASCII (write such a host in its xn-- form)"
    return ""


def _split(typed: str) -> SplitResult:
    try:
        return urlsplit(typed)
    except ValueError:
        raise _refusal("its host cannot be read") from None


def _scheme_fault(typed: str, parts: SplitResult) -> str:
    if "://" not in typed:
        return "https:// is missing at its start"
    if not parts.netloc:
        return "it names no host"
    return f"it starts with {parts.scheme or typed.partition(':')[0]}:// instead of https://"


def _authority(parts: SplitResult) -> str:
    """Host and port, checked. A port that is the scheme's own is left out."""
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refusal("its port is not a number from 1 to 65535") from None
    if port == 0 or parts.netloc.endswith(":"):
        raise _refusal("its port is not a number from 1 to 65535")
    shown = f"[{host}]" if parts.netloc.startswith("[") else host
    if not (_is_ipv6(host) if shown != host else _is_name(host)):
        raise _refusal(f"{host or 'its host'} is no host name")
    own = {"http": 80, "https": 443}[parts.scheme]
    return shown if port in (None, own) else f"{shown}:{port}"


def _is_ipv6(host: str) -> bool:
    try:
        return ip_address(host).version == 6 and "%" not in host
    except ValueError:
        return False


def _is_name(host: str) -> bool:
    """A host name, or an IPv4 address in its plain form: 127.1 and 0x7f.1 mean different hosts to different readers."""
    if re.search(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", host):
        return _is_ipv4(host)
    label = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
    return len(host) <= 253 and re.fullmatch(rf"{label}(\.{label})*\.?", host) is not None


def _is_ipv4(host: str) -> bool:
    try:
        return ip_address(host).version == 4
    except ValueError:
        return False
