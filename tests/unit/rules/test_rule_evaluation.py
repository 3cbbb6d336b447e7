from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from core_facts import ENDPOINT, NOW, make_project, observed, refused, world

from xtmig_kernel.evidence import Finding, Manual, Observed, Waived
from xtmig_kernel.project import SignOff, Waiver
from xtmig_kernel.rules import Judgement, Rule, blocks, evaluate

if TYPE_CHECKING:
    from collections.abc import Sequence

FACT = "target.migration_endpoints"


def rule(*judgements: Judgement) -> Rule:
    return Rule("a-rule", "It holds", ("EPT-05", "APP-14"), "target", (FACT,), lambda _seen, _project: judgements)


def findings(
    *judgements: Judgement, waivers: Sequence[Waiver] = (), sign_offs: Sequence[SignOff] = (), now: datetime = NOW
) -> list[Finding]:
    facts = observed(world())
    return evaluate([rule(*judgements)], facts, make_project(), now, waivers=waivers, sign_offs=sign_offs)


def waiver(until: date = date(2026, 12, 1), subject: str = ENDPOINT, rule_id: str = "a-rule") -> Waiver:
    return Waiver(rule=rule_id, subject=subject, reason="known", owner="Lara", until=until)


def sign_off(statement: str) -> SignOff:
    return SignOff(statement=statement, by="Lara", at=NOW, note="in the vault")


WRONG = Judgement("fail", ENDPOINT, "a", "b", "mend it", "070.2")


def test_finding_carries_its_observations() -> None:
    """A judged finding holds the observations that the rule needs, and no others."""
    (finding,) = findings(WRONG)
    assert isinstance(finding.verdict.observations[0], Observed)  # type: ignore[union-attr]
    assert finding.as_data()["observed"] == [{"source": f"read of {FACT}", "at": "2026-11-23T09:30:00Z"}]


def test_rule_without_judgements_is_skipped() -> None:
    """A rule that finds nothing to judge says so; it does not pass."""
    assert [f.verdict.kind for f in findings()] == ["skipped"]


def test_one_finding_for_each_subject() -> None:
    """A rule that judges three objects gives three findings."""
    subjects = [f.subject for f in findings(*(Judgement("pass", name) for name in ("a", "b", "c")))]
    assert subjects == ["a", "b", "c"]


def test_what_passes_needs_no_remedy() -> None:
    """The remedy of a rule is told only where something is to be done."""
    (finding,) = findings(Judgement("pass", ENDPOINT, remedy="mend it"))
    assert finding.remedy == ""


def test_waived_finding_is_shown_as_waived() -> None:
    """A waiver turns a failure into "waived" with its reason, owner and date, never into a pass."""
    (finding,) = findings(WRONG, waivers=[waiver()])
    assert finding.verdict == Waived("known", "Lara", date(2026, 12, 1))


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), "waived"),
        (datetime(2026, 12, 2, 0, 0, tzinfo=UTC), "fail"),
    ],
)
def test_waiver_ends_with_its_day(now: datetime, kind: str) -> None:
    """A waiver holds through the day that it names, in UTC, and not beyond."""
    assert [f.verdict.kind for f in findings(WRONG, waivers=[waiver()], now=now)] == [kind]


@pytest.mark.parametrize("given", [waiver(subject="another"), waiver(rule_id="another-rule")])
def test_waiver_is_for_one_subject_of_one_rule(given: Waiver) -> None:
    """A waiver covers what it names and nothing beside it."""
    assert [f.verdict.kind for f in findings(WRONG, waivers=[given])] == ["fail"]


def test_warning_can_be_waived_too() -> None:
    """A warning that its owner accepts is told as waived, too."""
    (finding,) = findings(Judgement("warn", ENDPOINT, "a", "b", "mend it"), waivers=[waiver()])
    assert finding.verdict == Waived("known", "Lara", date(2026, 12, 1))


def test_ended_waiver_is_named() -> None:
    """What a waiver covered until yesterday fails again, and says whose waiver has ended and when."""
    (finding,) = findings(WRONG, waivers=[waiver(date(2026, 11, 1)), waiver(date(2026, 11, 22))])
    assert finding.verdict.kind == "fail"
    assert finding.seen == "a; Lara's waiver of it has ended on 2026-11-22"


def test_renewed_waiver_holds() -> None:
    """A waiver that holds covers the finding, whatever other one of the same finding has ended."""
    (finding,) = findings(WRONG, waivers=[waiver(date(2026, 11, 22)), waiver(date(2026, 12, 9))])
    assert finding.verdict == Waived("known", "Lara", date(2026, 12, 9))


@pytest.mark.parametrize("kind", ["pass", "wait", "sign", "skip"])
def test_nothing_else_is_waived(kind: str) -> None:
    """A waiver does not turn anything but a failure or a warning into something else."""
    (finding,) = findings(Judgement(kind, ENDPOINT), waivers=[waiver()])  # type: ignore[arg-type]
    assert not isinstance(finding.verdict, Waived)


def test_unseen_is_never_waived() -> None:
    """What was not observed stays not observed, whatever was waived."""
    (finding,) = evaluate(
        [rule(WRONG)], {FACT: refused()}, make_project(), NOW, waivers=[waiver(), waiver(subject=FACT)]
    )
    assert finding.verdict.kind == "not_observed"


def test_sign_off_names_who_signed() -> None:
    """A person's word for one of the rule's statements stands in the verdict."""
    (finding,) = findings(Judgement("sign", ENDPOINT, remedy="confirm"), sign_offs=[sign_off("APP-14")])
    assert finding.verdict == Manual("confirm", "Lara")


def test_sign_off_of_another_statement_does_not_count() -> None:
    """A word for something else is none for this."""
    (finding,) = findings(Judgement("sign", ENDPOINT, remedy="confirm"), sign_offs=[sign_off("PRE-08")])
    assert finding.verdict == Manual("confirm", None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("pass", False), ("warn", False), ("skip", False), ("fail", True), ("wait", True), ("sign", True)],
)
def test_what_holds_a_step_back(kind: str, expected: bool) -> None:
    """A required rule holds a step back as long as it fails, waits, or misses a word."""
    (finding,) = findings(Judgement(kind, ENDPOINT))  # type: ignore[arg-type]
    assert expected == blocks(finding)


def test_waived_and_signed_do_not_hold_back() -> None:
    """What its owner waived, or somebody signed, lets the step go on."""
    (waived,) = findings(WRONG, waivers=[waiver()])
    (signed,) = findings(Judgement("sign", ENDPOINT), sign_offs=[sign_off("APP-14")])
    assert not blocks(waived)
    assert not blocks(signed)


def test_unseen_holds_back() -> None:
    """A required rule that could not be judged holds the step back."""
    (finding,) = evaluate([rule(WRONG)], {FACT: refused()}, make_project(), NOW)
    assert blocks(finding)
