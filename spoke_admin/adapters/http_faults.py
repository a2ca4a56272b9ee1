"""Why no answer came, in words: names, connections, certificates, broken answers."""

import errno
import ssl
from collections.abc import Iterator
from socket import gaierror
from urllib.request import getproxies

import httpx

from spoke_admin.adapters.address import host_and_port, is_loopback
from spoke_admin.domain.error import AdminError

# OpenSSL's X509_V_ERR_*; the codes of Windows' and macOS' trust stores beside them
EXPIRED = {10, 0x800B0101, -67818}
NOT_YET_VALID = {9}
WRONG_HOST = {62, 64, 0x800B010F, -67602}
SELF_SIGNED = {18}
UNKNOWN_AUTHORITY = {2, 19, 20, 21, 24, 0x800B0109, 0x800B010A, -67843}
BROKEN_OFF = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED}


def no_answer(fault: httpx.HTTPError | httpx.StreamError, method: str, url: str) -> AdminError:
    """What to say about a call that failed. Never holds what was sent: httpx's own texts quote headers."""
    where = host_and_port(url)
    for cause in _causes(fault):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, where)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return AdminError(
                f"{where} does not speak https, or not as this computer does.",
                "Check the port of the address.",
                cause.reason or "",
            )
        if isinstance(cause, gaierror):
            return AdminError(
                f"There is no host of that name: {where.rpartition(':')[0]}.",
                f"Check the spelling of the address and this computer's connection.{_by_proxy(url)}",
                cause.strerror or "",
            )
        if isinstance(cause, OSError) and (error := _socket_fault(cause, method, url)):
            return error
    return _broken_exchange(fault, method, url)


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    """The fault and all that lies beneath it, also in groups (one fault for each address that was tried)."""
    seen: set[int] = set()
    waiting = [fault]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def _certificate(fault: ssl.SSLCertVerificationError, where: str) -> AdminError:
    code, said = fault.verify_code, fault.verify_message
    host = where.rpartition(":")[0]
    if code in EXPIRED or "expired" in said:
        title = f"The certificate of {where} has expired."
        remedy = "Tell whoever runs that server to renew it; check this computer's date as well."
    elif code in NOT_YET_VALID:
        title = f"The certificate of {where} is not valid yet."
        remedy = "Check this computer's date."
    elif code in WRONG_HOST:
        title = f"The certificate of {where} belongs to another host."
        remedy = f"Check the spelling of {host}: something else may be answering in its place."
    elif code in SELF_SIGNED:
        title = f"The certificate of {where} is signed by itself, not by an authority."
        remedy = "Have it replaced, or have it added to this computer's trust store by whoever looks after that."
    elif code in UNKNOWN_AUTHORITY:
        title = f"The certificate of {where} comes from an authority that this computer does not know."
        remedy = "If your company checks web traffic, have its authority added to this computer's trust store."
    else:
        title = f"The certificate of {where} was refused."
        remedy = "Ask whoever runs that server to check its certificate."
    return AdminError(title, remedy, said)


def _socket_fault(fault: OSError, method: str, url: str) -> AdminError | None:
    where = host_and_port(url)
    if fault.errno == errno.ECONNREFUSED:
        return AdminError(
            f"Nothing listens at {where}.",
            f"Check host and port, and that the service is running.{_by_proxy(url)}",
            fault.strerror or "",
        )
    if fault.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ETIMEDOUT):
        return AdminError(
            f"{where} cannot be reached.",
            f"Check this computer's connection.{_by_proxy(url)}",
            fault.strerror or "",
        )
    if fault.errno in BROKEN_OFF:
        return _dropped(method, where)
    return None


def _broken_exchange(fault: httpx.HTTPError | httpx.StreamError, method: str, url: str) -> AdminError:
    where, kind = host_and_port(url), type(fault).__name__
    if isinstance(fault, httpx.ProxyError):
        return AdminError(
            f"The proxy in this computer's settings does not let the call through to {where}.",
            "Check the proxy settings, or ask whoever runs the proxy.",
            kind,
        )
    if isinstance(fault, httpx.RemoteProtocolError) and not _ended_early(fault):
        return AdminError(f"{where} answered something that is not HTTP.", "Check the port of the address.", kind)
    if isinstance(fault, httpx.ConnectError):
        return AdminError(
            f"No connection to {where} came about.", f"Check host and port, and try again.{_by_proxy(url)}", kind
        )
    return _dropped(method, where)


def _ended_early(fault: httpx.RemoteProtocolError) -> bool:
    return any(words in str(fault) for words in ("disconnected", "closed connection", "peer closed"))


def too_late(method: str, url: str, deadline: float, *, connecting: bool) -> AdminError:
    """The deadline (seconds) is over; `connecting`: no connection had come about by then."""
    where = host_and_port(url)
    if connecting:
        return AdminError(
            f"No connection to {where} came about within {deadline:g} s.",
            f"Check host and port, and whether a firewall lets calls through, then try again.{_by_proxy(url)}",
        )
    return AdminError(f"{where} did not answer in full within {deadline:g} s.", try_again(method))


def _dropped(method: str, where: str) -> AdminError:
    return AdminError(f"The connection to {where} broke off before the answer was whole.", try_again(method))


def try_again(method: str) -> str:
    """What to do when no whole answer came: a write may have taken effect all the same."""
    return "Try again." if method in ("GET", "HEAD") else "Look whether the change took effect, then try again."


def _by_proxy(url: str) -> str:
    return "" if is_loopback(url) or not getproxies() else " This computer's proxy settings were used."
