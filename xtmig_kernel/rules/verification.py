"""Section 110: what a test of the endpoint says, and what lies behind it.

The service answers many causes with one error (failures 2.1 and 2.2). A failed test is therefore read for exception
type names and AADSTS codes, never for words that depend on the administrator's language, and every separate check
behind it is judged again. Where all of them pass, the settings are right and not yet effective everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.rules import scope
from xtmig_kernel.rules.causes import (
    BY_TARGET_ADDRESS,
    CONNECTION_RULES,
    ENDPOINT_TEST,
    PREFLIGHT,
    TENANT_RULES,
    USER_TESTS,
    USERS_RULES,
    Explanation,
    answer,
    checks,
    explain,
    tested_user,
)
from xtmig_kernel.rules.many import judge_each
from xtmig_kernel.rules.rule import Judgement, Rule, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project

LOOK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True)
class Tested:
    """One test and what it means.

    Args:
        subject: The endpoint's name, or the address that was tested.
        row: What the service answered.
        why: Why it failed; None for a success.
    """

    subject: str
    row: Row
    why: Explanation | None


def endpoint_tested(seen: Seen, project: Project) -> Tested | None:
    """The endpoint's own test, None while there is no endpoint.

    Args:
        seen: Holds `target.endpoint_test`, and as many facts of `CONNECTION_RULES` as were observed.
        project: The project.
    """
    row = seen.one(ENDPOINT_TEST)
    if row is None or row["Result"] == "Success":
        return Tested(project.endpoint_name, row, None) if row else None
    return Tested(project.endpoint_name, row, explain(answer(row), checks(CONNECTION_RULES, seen, project)))


def users_tested(seen: Seen, project: Project) -> tuple[Tested, ...]:
    """The tests of a sample of users.

    Args:
        seen: Holds `target.migration_tests`, and as many facts of the separate checks as were observed.
        project: The project.
    """
    rows = seen.rows(USER_TESTS)
    failed = any(row["Result"] != "Success" for row in rows)
    judged = checks((*TENANT_RULES, *USERS_RULES, BY_TARGET_ADDRESS) if failed else (), seen, project)
    return tuple(
        Tested(
            mailbox := str(row["TestMailbox"]),
            row,
            None if row["Result"] == "Success" else explain(answer(row), judged, tested_user(seen, mailbox), mailbox),
        )
        for row in rows
    )


def _judgement(test: Tested, why: Explanation, seen: Seen) -> Judgement:
    proof = f"; proof: {', '.join(why.proof)}" if why.proof else ""
    if why.kind == "wait":
        return Judgement(
            "wait", test.subject, f"{why.cause}{proof}", "Success", why.remedy, until=seen.now + LOOK_AGAIN
        )
    said = f"{test.row['Result']}: {answer(test.row)}"
    return Judgement("fail", test.subject, f"{said} (cause: {why.cause}{proof})", "Success", why.remedy, why.step)


def _endpoint(seen: Seen, project: Project) -> Iterable[Judgement]:
    test = endpoint_tested(seen, project)
    if test is None:
        yield Judgement("fail", project.endpoint_name, "no endpoint to test", "Success", "Apply step 070.2.", "070.2")
    elif test.why is None:
        yield Judgement("pass", test.subject, seen="Success", expected="Success")
    else:
        yield _judgement(test, test.why, seen)


def _sample(seen: Seen, project: Project) -> Iterable[Judgement]:
    tests = users_tested(seen, project)
    if not tests:
        yield Judgement(
            "fail",
            project.endpoint_name,
            seen="no user is prepared in the target, so none could be tested",
            expected="Success for a sample of the users",
            remedy="Prepare the users with section 100, then look again.",
            step="100.2",
        )
        return
    row = seen.one(ENDPOINT_TEST) if seen.has(ENDPOINT_TEST) else None
    first = "The endpoint itself fails, so step 110.1 comes first. " if row and row["Result"] != "Success" else ""

    def judge(test: Tested) -> Iterable[Judgement]:
        if test.why is not None:
            yield _judgement(test, replace(test.why, remedy=first + test.why.remedy), seen)

    yield from judge_each(tests, judge, of_what="users tested", expected="Success")


def _preflight(seen: Seen, project: Project) -> Iterable[Judgement]:
    wrong = [
        (rule, [found for found in rule.judge(seen, project) if found.kind in ("fail", "wait")]) for rule in PREFLIGHT
    ]
    for rule, found in wrong:
        if found:
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            yield Judgement(
                "wait" if all(item.kind == "wait" for item in found) else "fail",
                rule.id,
                seen=f"{found[0].subject}: {found[0].seen}{more}",
                expected=rule.title,
                remedy=found[0].remedy,
                step=found[0].step,
                until=found[0].until,
            )
    if not any(found for _, found in wrong):
        words = f"{len(PREFLIGHT)} separate checks hold"
        yield Judgement("pass", "both organisations and the users", seen=words, expected="every separate check holds")


def _needs(rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(need for rule in rules for need in rule.needs))


RULES: tuple[Rule, ...] = (
    Rule(
        "endpoint-verified",
        "The endpoint works, or the cause is known why it does not",
        ("VER-01",),
        "target",
        (ENDPOINT_TEST,),
        _endpoint,
        helps=_needs(CONNECTION_RULES),
    ),
    Rule(
        "sample-verified",
        "The endpoint works for a sample of the users, or the cause is known why it does not",
        ("VER-01", "VER-02"),
        "target",
        (USER_TESTS,),
        _sample,
        helps=tuple(
            dict.fromkeys((*_needs((*TENANT_RULES, *USERS_RULES, BY_TARGET_ADDRESS)), *scope.USER_FACTS, ENDPOINT_TEST))
        ),
    ),
    BY_TARGET_ADDRESS,
    Rule(
        "preflight-clean",
        "Every separate check of both organisations and of the users holds",
        ("VER-03",),
        None,
        _needs(PREFLIGHT),
        _preflight,
    ),
)
