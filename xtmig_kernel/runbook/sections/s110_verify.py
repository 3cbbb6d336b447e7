"""110 Verify the configuration: the endpoint, a sample of users, and every separate check once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules import causes, verification
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Rule, Seen
    from xtmig_kernel.rules.verification import Tested


def show_tests(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """One line for each test: what the service said, the likeliest cause, and the rules that prove it (VER-01)."""
    tests: list[Tested] = []
    if seen.has(causes.ENDPOINT_TEST):
        test = verification.endpoint_tested(seen, project)
        tests += [test] if test else []
    if seen.has(causes.USER_TESTS):
        tests += verification.users_tested(seen, project)
    rows = tuple((test.subject, str(test.row["Result"]), *_explained(test)) for test in tests)
    caption = "The endpoint and a sample of users, tested by the service."
    return (Exhibit("verification", caption, ("Test", "Result", "Cause", "Proof"), rows),) if rows else ()


def _explained(test: Tested) -> tuple[str, str]:
    return (test.why.cause, ", ".join(test.why.proof)) if test.why else ("", "")


def _facts(rules: Iterable[Rule], *names: str) -> tuple[str, ...]:
    """What the rules of a step look at."""
    facts = (fact for rule in rules if rule.id in names for fact in (*rule.needs, *rule.helps))
    return tuple(dict.fromkeys(facts))


_PREFLIGHT = tuple(rule.id for rule in causes.PREFLIGHT)

SECTION = Section(
    number="110",
    slug="verify-the-configuration",
    title="Verify the configuration",
    purpose="Prove that the target can pull mailboxes from the source, before any user is told a date.",
    sides=("target", "source"),
    steps=(
        Step(
            id="110.1",
            title="Test the endpoint",
            side="target",
            why="It shows that the endpoint can sign in to the source, before users come into it.",
            reads=_facts(verification.RULES, "endpoint-verified"),
            verifies=("endpoint-verified",),
        ),
        Step(
            id="110.2",
            title="Test a sample of the users",
            side="target",
            why="A success covers the tested user alone, and only with a user are relationships and scope looked at.",
            reads=_facts(verification.RULES, "sample-verified", "sample-by-target-address"),
            verifies=("sample-verified", "sample-by-target-address"),
            shows=show_tests,
        ),
        Step(
            id="110.3",
            title="Repeat every check of both organisations and the users",
            side=None,
            why="The service's test lumps many causes into one error; these checks tell them apart, for every user.",
            reads=_facts((*verification.RULES, *causes.PREFLIGHT), "preflight-clean", *_PREFLIGHT),
            verifies=("preflight-clean", *_PREFLIGHT),
        ),
    ),
    document=("Verification",),
)
