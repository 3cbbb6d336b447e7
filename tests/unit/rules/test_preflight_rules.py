"""What holds for all rules of the preflight, and what their own ones say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases_preflight import ARCHIVED, CLEARED, FIRST_W1, FOLDERS, HELD, SOON, TRACKED, grown, two_waves
from core_facts import NOW, judged, make_project, observed, world
from preflight_facts import folder, tracked
from rule_cases import NOT_PASSING
from user_facts import sku

from xtmig_kernel.rules import evaluate
from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES

if TYPE_CHECKING:
    from xtmig_kernel.rules import Rule

OF_USERS = [rule for rule in PREFLIGHT_RULES if "source.chosen_users" in rule.needs]


@pytest.mark.parametrize("rule", OF_USERS, ids=lambda rule: rule.id)
def test_nobody_is_not_clean(rule: Rule) -> None:
    """A rule about the users who move does not pass where there are none."""
    found = evaluate([rule], observed(world(source__chosen_users=[])), make_project(), NOW)
    assert "pass" not in {finding.verdict.kind for finding in found}


@pytest.mark.parametrize("rule", sorted(CATALOGUE))
def test_severity_is_what_the_rule_says(rule: str) -> None:
    """A rule that is said to block fails or waits in some world; one that is said to warn tells in some world."""
    verdicts = {verdict for case in NOT_PASSING[rule] for verdict in case.verdicts}
    due = {"fail", "waiting"} if CATALOGUE[rule].severity == "blocks" else {"warn", "manual"}
    assert verdicts & due


@pytest.mark.parametrize("world_of", [{TRACKED: [tracked()]}, ARCHIVED | {FOLDERS: [folder(Items=3)]}])
def test_hold_is_left_to_a_person(world_of: dict[str, object]) -> None:
    """What holds content is a legal decision: no step mends it (HLD-01)."""
    rule = "mailbox-not-tracked" if TRACKED in world_of else "archive-holds-nothing-back"
    (finding,) = judged(rule, **world_of)
    assert finding.remedy_step is None
    assert "legal decision" in finding.remedy


def test_holds_lead_to_no_step() -> None:
    """No entry about holds names a step that would release one (HLD-01)."""
    holds = [rule.id for rule in PREFLIGHT_RULES if "HLD-01" in rule.statements]
    assert len(holds) == 4
    assert [CATALOGUE[rule].steps for rule in holds] == [()] * 4


def test_auto_expanding_archive_is_no_light_advice() -> None:
    """Whoever reads that an archive makes room also reads that an auto-expanding one cannot be taken back (ARC-04)."""
    (finding,) = judged("mailbox-within-quota", source__mailbox_sizes={"Bytes": 96 * 1_073_741_824})
    assert "cannot be taken back" in finding.remedy


def test_growth_is_told_in_days() -> None:
    """Twenty GB in ten days fill the last twenty GB in ten days, and a batch takes fourteen (BAT-12)."""
    (finding,) = judged("mailbox-growth", **grown(60, 80))
    assert "full in 10 days, and 14 are left" in finding.seen


def test_growth_counts_to_the_cutover() -> None:
    """A mailbox in a wave has the days until its cutover, two here."""
    (finding,) = judged("mailbox-growth", make_project(**SOON), **grown(60, 97, Wave="w1"))
    assert "full in 1 days, and 2 are left" in finding.seen


def test_seats_go_to_the_wave_that_starts_first() -> None:
    """One seat for two waves goes to the earlier one, in whatever order project.yaml names them (LIC-01)."""
    short = judged("add-on-seats-by-wave", make_project(**FIRST_W1), **two_waves(sku(Enabled=1, Consumed=0)))
    assert [(f.subject, f.verdict.kind) for f in short if f.verdict.kind == "fail"] == [("w2", "fail")]


def test_organisation_is_named_once() -> None:
    """A policy of the whole target is one finding, not one for each user (failures 2.2 #27)."""
    found = judged("target-removal-not-held", **CLEARED | HELD)
    assert [f.subject for f in found] == ["the target organisation"]
