"""Addresses as people type them."""

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spoke_admin.adapters.address import check_url, host_and_port, is_loopback
from spoke_admin.domain.error import AdminError


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://acme.askspoke.com/scim/v2/ \n", "https://acme.askspoke.com/scim/v2"),
        ("HTTPS://Acme.AskSpoke.COM/SCIM/v2", "https://acme.askspoke.com/SCIM/v2"),
        ("https://acme.askspoke.com:443/", "https://acme.askspoke.com"),
        ("https://acme.askspoke.com:8443", "https://acme.askspoke.com:8443"),
        ("http://127.0.0.1:8000/api/v1/integrations/sso", "http://127.0.0.1:8000/api/v1/integrations/sso"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8000/okta", "http://[::1]:8000/okta"),
        ("https://xn--mnchen-3ya.example/", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert check_url(typed) == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "it is empty"),
        ("acme.askspoke.com/scim/v2", "https:// is missing"),
        ("acme.askspoke.com:443", "https:// is missing"),
        ("https:acme.askspoke.com", "https:// is missing"),
        ("ftp://acme.askspoke.com", "starts with ftp://"),
        ("file:///etc/passwd", "names no host"),
        ("https://", "names no host"),
        ("https://acme askspoke.com", "a blank"),
        ("https://acme.askspoke.com/\nX: y", "a blank or a line break"),
        ("https://acme.askspoke.com/\u200bscim", "cannot be seen"),
        ("https://acme.askspoke.com\\@evil.example", "a backslash"),
        ("https://ácme.askspoke.com", "beyond ASCII"),
        ("https://admin:pw@acme.askspoke.com", "user name or a password"),
        ("https://acme.askspoke.com@evil.example/", "user name or a password"),
        ("https://acme.askspoke.com/#/settings", "a # in it"),
        ("https://acme.askspoke.com/?a=b", "a ? in it"),
        ("https://acme.askspoke.com/?", "a ? in it"),
        ("https://acme.askspoke.com:0", "its port"),
        ("https://acme.askspoke.com:port", "its port"),
        ("https://acme.askspoke.com:", "its port"),
        ("https://acme.askspoke.com:65536", "its port"),
        ("https://-acme-.com", "no host name"),
        ("https://acme..com", "no host name"),
        ("https://ac%6de.com", "no host name"),
        ("https://[::1%eth0]", "no host name"),
        ("https://127.1", "no host name"),
        ("https://0x7f.1/", "no host name"),
        ("https://2130706433", "no host name"),
        ("https://00.0.0.0", "no host name"),
        ("https://127.0.0.1.", "no host name"),
        ("https://[::1", "its host"),
        ("http://acme.askspoke.com", "plain http"),
        ("http://192.168.1.1/", "plain http"),
        ("http://127.0.0.1.evil.example/", "plain http"),
        ("https://a.example/" + "x" * 3000, "3,018 characters"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_its_reason(typed: str, reason: str) -> None:
    with pytest.raises(AdminError) as refused:
        check_url(typed)
    assert reason in refused.value.title
    assert refused.value.remedy
    assert "pw" not in refused.value.title


def test_the_address_of_a_document_may_have_a_query() -> None:
    assert check_url("https://acme.okta.com/metadata?kid=a/", query=True) == "https://acme.okta.com/metadata?kid=a/"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1/x", True), ("http://127.9.9.9", True), ("http://[::1]", True), ("https://localhost", True),
        ("http://127.1", False), ("http://0.0.0.0", False), ("http://[::]", False), ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False), ("https://evil.example/127.0.0.1", False), ("", False), ("x", False),
        ("http://[", False), ("http://localhost@evil.example", False),
    ],
)  # fmt: skip
def test_what_stays_on_this_computer(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


HOSTS = st.sampled_from(["acme.example", "127.0.0.1", "localhost", "[::1]", "127.0.0.1.", "a_b.example", "A.b"])
ODD = st.text(st.sampled_from("ab/.:@#?%[]\\\t 0169-_éⓐ＠。"), max_size=12)


@given(st.one_of(st.text(), st.builds("{}://{}{}{}".format, st.sampled_from(["http", "https", "x"]), ODD, HOSTS, ODD)))
@example("https://a.example\t.evil.example")
def test_any_text_is_refused_in_words_or_means_one_host_to_both_readers(text: str) -> None:
    checked = checked_or_none(text)
    if checked is None:
        return
    assert check_url(checked, query=True) == checked
    read = httpx.URL(checked)
    host, port = host_and_port(checked).rsplit(":", 1)
    assert read.host == host.strip("[]")
    assert (read.port or {"http": 80, "https": 443}[read.scheme]) == int(port)
    assert read.userinfo == b""
    assert read.scheme == "https" or is_loopback(checked)


def checked_or_none(text: str) -> str | None:
    try:
        return check_url(text, query=True)
    except AdminError:
        return None
