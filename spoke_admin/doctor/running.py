"""A run: every check in its order, until the time is up; what was made is removed again, whatever happens."""

from collections.abc import Callable, Sequence

from spoke_admin.doctor import (
    access,
    changing,
    creating,
    deactivating,
    discovery,
    filters,
    groups,
    lists,
    objects,
    paging,
    refusals,
    removing,
    transport,
)
from spoke_admin.doctor.asking import NoAnswerError, NoTimeError
from spoke_admin.doctor.checks import Check, Examination, JudgedError
from spoke_admin.doctor.exchanges import Exchange
from spoke_admin.doctor.results import Outcome, Report, Result, Verdict, failed, skipped
from spoke_admin.doctor.software import software_of
from spoke_admin.domain.error import AdminError

CHECKS: tuple[Check, ...] = (
    *transport.CHECKS,
    *access.CHECKS,
    *discovery.CHECKS,
    *lists.CHECKS_FIRST,
    *removing.CHECKS_FIRST,
    *creating.CHECKS,
    *filters.CHECKS,
    *paging.CHECKS,
    *lists.CHECKS,
    *refusals.CHECKS,
    *changing.CHECKS,
    *removing.CHECKS,  # before the big group: what cannot be deleted is not made by the dozen
    *groups.CHECKS,
    *deactivating.CHECKS,
    *removing.CHECKS_LAST,
    *refusals.CHECKS_LAST,
)
TITLES = {check.about.code: check.about.title for check in CHECKS}
GOOD = (Outcome.PASSED, Outcome.WARN, Outcome.EXPECTED)
TellResult = Callable[[Result, int, int], None]  # the result, how many are done, of how many


async def examine(exam: Examination, tell: TellResult | None = None, checks: Sequence[Check] = CHECKS) -> Report:
    """Runs the checks; each result is told as it comes. A cancelled run removes what it made before it ends."""
    started, results = exam.now(), dict[str, Result]()
    try:
        for number, check in enumerate(checks, 1):
            results[check.about.code] = result = await _result(exam, check, results)
            if tell is not None:
                tell(result, number, len(checks))
    finally:
        if exam.made:  # cancelled, or the last check had no time
            exam.ask.times.cleaning = True
            exam.made = await objects.remove(exam, exam.made, ours=True)
    return Report(
        url=exam.url,
        profile=exam.profile.name,
        write=exam.write,
        started=started,
        elapsed_s=(exam.now() - started).total_seconds(),
        results=tuple(map(exam.ask.redactor.again, results.values())),
        software=software_of(exam),
        nothing_asked=exam.ask.nothing_asked,
    )


async def _result(exam: Examination, check: Check, results: dict[str, Result]) -> Result:
    about = check.about
    exam.ask.recent.clear()
    verdict = _not_looked_at(exam, check, results) or await _verdict(exam, check)
    told = exam.ask.redactor.without_addresses
    missing = verdict.outcome in (Outcome.FAIL, Outcome.WARN)
    return Result(
        code=about.code,
        title=about.title,
        area=about.area,
        outcome=verdict.outcome,
        found=told(verdict.found),
        expected=verdict.expected or (about.expected if missing else ""),
        fix=told(verdict.fix) or (about.fix if missing else ""),
        trips=about.trips,
        source=about.source,
        exchanges=_shown(exam, check, results) if verdict.outcome is not Outcome.SKIPPED else (),
    )


def _shown(exam: Examination, check: Check, results: dict[str, Result]) -> tuple[Exchange, ...]:
    """The calls of a check; where it judged by those of an earlier one, these."""
    earlier = (results[code].exchanges for code in reversed(check.about.needs) if code in results)
    return tuple(exam.ask.recent or next((found for found in earlier if found), ()))


def _not_looked_at(exam: Examination, check: Check, results: dict[str, Result]) -> Verdict | None:
    if check.about.writes and not exam.write:
        return skipped("It needs a test object: looked at with --write only.")
    unmet = next((code for code in check.about.needs if code in results and results[code].outcome not in GOOD), None)
    if unmet is None:
        return None
    what = "was not looked at" if results[unmet].outcome is Outcome.SKIPPED else "did not pass"
    return skipped(f"“{TITLES.get(unmet, unmet)}” comes first, and {what}.")


async def _verdict(exam: Examination, check: Check) -> Verdict:
    try:
        return await check.look(exam)
    except JudgedError as judged:
        return judged.verdict
    except NoTimeError as reason:
        return skipped(str(reason))
    except NoAnswerError as error:
        return failed(f"{error.fault.title} {error.fault.detail}".strip(), fix=error.fault.remedy)
    except AdminError as error:  # the journal cannot be written: then nothing is sent
        return failed(f"{error.title} {error.detail}".strip(), fix=error.remedy)
