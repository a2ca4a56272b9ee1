"""One pause for all workers, in the service's own time or growing; never too long, never for ever."""

import asyncio
import email.utils
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_pacing import AskedToWaitError, Pacing, duration, seconds_asked
from spoke_admin.adapters.scim_results import Outcome, WriteResult
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Reply
from tests.adapters.hostile import CANARY
from tests.adapters.scim_servers import TOKEN, Asked, error, listing, scim, using

USER = {"id": "1", "userName": "ada@example.com"}


def limited(refusals: int, **headers: str) -> Callable[[Asked], bytes]:
    """Refuses the first calls, then answers."""
    left = iter(range(refusals))

    def handler(asked: Asked) -> bytes:
        if next(left, None) is not None:
            return error(429, "Slow down.", **headers)
        return scim(USER, 201 if asked.method == "POST" else 200)

    return handler


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        ("120", "", 120.0),
        (" 7 ", "", 7.0),
        ("1.5", "", 1.5),
        ("30, 60", "", 30.0),
        ("Thu, 26 Nov 2026 10:02:00 GMT", "Thu, 26 Nov 2026 10:00:00 GMT", 120.0),
        ("Thu, 26 Nov 2026 12:02:00 +0200", "Thu, 26 Nov 2026 10:00:00 GMT", 120.0),
        ("Thu, 26 Nov 2026 09:00:00 GMT", "Thu, 26 Nov 2026 10:00:00 GMT", None),
        ("0", "", None),
        ("-5", "", None),
        ("soon", "", None),
        ("", "", None),
        ("inf", "", None),
        ("9" * 50, "", None),
        ("٣", "", None),
        ("Thu, 26 Nov 99999 10:02:00 GMT", "", None),
    ],
)
def test_how_long_a_service_asks_to_wait(retry_after: str, date: str, seconds: float | None) -> None:
    assert seconds_asked(Reply(429, {"retry-after": retry_after, "date": date}, b"")) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_words_of_when_to_come_again_are_read(retry_after: str, date: str) -> None:
    seconds = seconds_asked(Reply(429, {"retry-after": retry_after, "date": date}, b""))
    assert seconds is None or seconds > 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (45, "45 s"), (121, "3 minutes"), (7201, "3 hours"), (900_000, "11 days")],
)
def test_a_time_to_wait_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_date_is_waited_for_by_the_servers_own_clock() -> None:
    """The server's clock is a year ahead: what counts is the time between its two dates."""
    ahead = time.time() + 365 * 86_400
    headers = {
        "Date": email.utils.formatdate(ahead, usegmt=True),
        "Retry_After": email.utils.formatdate(ahead + 1, usegmt=True),
    }
    pauses: list[float] = []
    began = time.monotonic()
    user, _ = using(limited(1, **headers), lambda it: it.read("Users", "1", TOKEN), Pacing(told=pauses.append))
    assert (user, pauses) == (USER, [1.0])
    assert time.monotonic() - began >= 1.0


def test_a_pause_is_told_in_the_log_by_host_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "spoke_admin.adapters.scim_pacing")
    _, seen = using(limited(1, Retry_After="0.2"), lambda it: it.read("Users", "1", TOKEN), Pacing())
    assert [it.getMessage() for it in caplog.records] == [f"127.0.0.1:{seen.server.port} asks to wait 1 s"]


def test_all_workers_wait_for_the_pause_that_one_of_them_was_told_of() -> None:
    times: list[float] = []
    first = limited(1, Retry_After="1")

    def handler(asked: Asked) -> bytes:
        times.append(time.monotonic())
        return first(asked)

    async def eight_after_one(client: ScimClient) -> None:
        first_worker = asyncio.create_task(client.read("Users", "1", TOKEN))
        await told.wait()
        await asyncio.gather(first_worker, *(client.read("Users", "1", TOKEN) for _ in range(8)))

    told = asyncio.Event()
    pacing = Pacing(told=lambda _seconds: told.set())
    _, seen = using(handler, eight_after_one, pacing)
    assert len(seen.asked) == 10
    assert all(later - times[0] >= 1.0 for later in times[1:])


def test_pauses_grow_where_no_time_is_named_and_begin_anew_after_an_answer() -> None:
    pauses: list[float] = []
    pacing = Pacing(first_pause=0.01, longest_pause=0.04, told=pauses.append)

    async def twice(client: ScimClient) -> None:
        await client.read("Users", "1", TOKEN)
        await client.read("Users", "1", TOKEN)

    answers = [True] * 4 + [False, True, False]

    def handler(_asked: Asked) -> bytes:
        return error(429) if answers.pop(0) else scim(USER)

    using(handler, twice, pacing)
    assert pauses == [0.01, 0.02, 0.04, 0.04, 0.01]


def test_eight_refusals_at_once_are_one_reason_to_wait() -> None:
    pauses: list[float] = []
    pacing = Pacing(first_pause=0.05, told=pauses.append)

    async def eight(client: ScimClient) -> None:
        await asyncio.gather(*(client.read("Users", "1", TOKEN) for _ in range(8)))

    using(limited(8), eight, pacing)
    assert pauses[0] == 0.05
    assert len(pauses) <= 2  # the answers of one wave can come before or after the pause is known


def test_a_service_that_answers_one_call_at_a_time_is_served_by_all_workers_in_the_end() -> None:
    """Each call within 20 ms of the last is refused: fewer calls at a time get everyone through."""
    last = [0.0]

    def handler(_asked: Asked) -> bytes:
        now = time.monotonic()
        fair, last[0] = now - last[0] > 0.02, now
        return scim(USER) if fair else error(429)

    async def many(client: ScimClient) -> list[object]:
        return list(await asyncio.gather(*(client.read("Users", "1", TOKEN) for _ in range(12))))

    users, _ = using(handler, many, Pacing(first_pause=0.03))
    assert users == [USER] * 12


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_service_that_refuses_for_ever_is_left_after_seven_tries(method: str) -> None:
    async def use(client: ScimClient) -> object:
        if method == "write":
            return await client.writes.create("Users", {"userName": "ada@example.com"}, TOKEN)
        with pytest.raises(AdminError, match="asks to wait: there were too many calls") as caught:
            await client.read("Users", "1", TOKEN)
        return caught.value.detail

    result, seen = using(lambda _asked: error(429, f"Slow down, {CANARY}."), use)
    assert len(seen.asked) == 7
    if isinstance(result, WriteResult):
        assert (result.outcome, result.status, len(seen.asked)) == (Outcome.REFUSED, 429, 7)
        assert result.fault is not None
        result = result.fault.detail
    assert result == "HTTP 429: Slow down, …."


def test_a_wait_that_is_too_long_is_told_at_once_and_holds_for_everyone() -> None:
    pacing = Pacing(longest_pause=30)

    async def use(client: ScimClient) -> WriteResult:
        with pytest.raises(AdminError, match="asks to wait 60 minutes") as first:
            await client.read("Users", "1", TOKEN)
        assert first.value.remedy == "Try again then."
        with pytest.raises(AskedToWaitError, match="asks to wait 60 minutes"):
            await client.users(TOKEN)
        return await client.writes.create("Users", {"userName": "ada@example.com"}, TOKEN)

    result, seen = using(limited(1, Retry_After="3600"), use, pacing)
    assert seen.lines == ["GET /Users/1"]
    assert result.outcome is Outcome.NOT_SENT
    assert result.fault is not None
    assert "asks to wait" in result.fault.title


def test_a_write_that_is_refused_for_too_long_says_how_long() -> None:
    async def use(client: ScimClient) -> WriteResult:
        return await client.writes.delete("Users", "1", TOKEN)

    result, seen = using(limited(9, Retry_After="300"), use)
    assert (result.outcome, result.status, result.wait_seconds) == (Outcome.REFUSED, 429, 300.0)
    assert len(seen.asked) == 1


def test_who_asks_to_wait_for_a_year_is_asked_again_after_a_while() -> None:
    pacing = Pacing(longest_pause=0.05)

    async def use(client: ScimClient) -> object:
        with pytest.raises(AdminError, match="365 days"):
            await client.read("Users", "1", TOKEN)
        await asyncio.sleep(0.06)  # the time in which nobody asks again
        return await client.read("Users", "1", TOKEN)

    assert using(limited(1, Retry_After=str(365 * 86_400)), use, pacing)[0] == USER


def test_a_write_is_sent_again_after_a_refusal_for_its_number_alone() -> None:
    async def use(client: ScimClient) -> WriteResult:
        return await client.writes.create("Users", {"userName": "ada@example.com"}, TOKEN)

    result, seen = using(limited(2), use)
    assert result.proved
    assert seen.lines == ["POST /Users"] * 3 + ["GET /Users/1"]


def test_a_pause_can_be_cancelled_and_leaves_its_place_to_others() -> None:
    told = asyncio.Event()
    pacing = Pacing(connections=1, told=lambda _seconds: told.set())

    async def use(client: ScimClient) -> object:
        waiting = asyncio.create_task(client.read("Users", "1", TOKEN))
        await told.wait()
        queued = asyncio.create_task(client.read("Users", "1", TOKEN))
        await asyncio.sleep(0)
        waiting.cancel()
        queued.cancel()
        results = await asyncio.gather(waiting, queued, return_exceptions=True)
        assert [type(it) for it in results] == [asyncio.CancelledError] * 2
        return await client.read("Users", "1", TOKEN)

    began = time.monotonic()
    assert using(limited(1, Retry_After="0.5"), use, pacing)[0] == USER
    assert 0.5 <= time.monotonic() - began < 10


def test_a_page_that_comes_with_a_pause_before_it_is_read_all_the_same() -> None:
    busy = iter([False, True, False, False])

    def handler(asked: Asked) -> bytes:
        if next(busy):
            return error(503, "Busy.", Retry_After="0.01")
        return listing(USER) if "startIndex=1&" in asked.target else listing(totalResults=1)

    users, seen = using(handler, lambda it: it.users(TOKEN))
    assert users.complete
    assert len(seen.asked) == 3
