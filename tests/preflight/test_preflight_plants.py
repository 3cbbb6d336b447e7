"""Every rule of the preflight finds the defect that is planted for it, and nothing is found that was not planted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from planting import KEYS, Plant, Told, all_plants, told
from prepared_pair import Read, clean_tenants, read_pair

from xtmig_kernel import rules as rule_modules
from xtmig_kernel.rules import evaluate
from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES
from xtmig_kernel.runs.prepared import prepared_users

SMALL, LARGE = 8, 1000
FACTS = tuple(dict.fromkeys(fact for rule in PREFLIGHT_RULES for fact in (*rule.needs, *rule.helps)))
PLANTS = all_plants()


def _sample() -> set[str]:
    """One rule of each subject: the first of each module."""
    modules = [getattr(rule_modules, name) for name in dir(rule_modules)]
    preflight = [rule.id for rule in PREFLIGHT_RULES]
    owned = [[r.id for r in getattr(module, "RULES", ()) if r.id in preflight] for module in modules]
    return {ids[0] for ids in owned if ids}


SAMPLE = _sample()
EACH = [pytest.param(plant, id=plant.rule, marks=() if plant.rule in SAMPLE else pytest.mark.deep) for plant in PLANTS]


@dataclass
class Reading:
    """Reads planted pairs, each once.

    Args:
        folders: Makes folders for projects.
        monkeypatch: Sets the operator's secrets.
    """

    folders: pytest.TempPathFactory
    monkeypatch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.clean = clean_tenants(SMALL)
        self.users = prepared_users(self.clean)
        self.everybody = [user.source_address for user in self.users]
        self._read: dict[str, Read] = {}

    def of(self, plant: Plant) -> Read:
        """What is read of the clean pair with a defect in it."""
        if plant.rule not in self._read:
            self._read[plant.rule] = read_pair(
                self.folders.mktemp(plant.rule),
                plant.tenants(self.clean),
                FACTS,
                self.monkeypatch,
                settings=plant.says.get("project"),
                users=plant.users(self.users),
                environment=plant.says.get("environment"),
                prepared=self.clean,
            )
        return self._read[plant.rule]


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Pairs that are read in this module."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Reading(tmp_path_factory, monkeypatch)


def found(plant: Plant, read: Read, without: str = "") -> Told:
    """What the preflight says, as if one rule did not exist."""
    judged = [rule for rule in PREFLIGHT_RULES if rule.id == plant.rule or "alone" not in plant.says]
    rules = [rule for rule in judged if rule.id != without]
    return told(evaluate(rules, plant.facts(read.facts), read.project, read.now, tell_all=True))


@pytest.mark.parametrize(
    "mailboxes", [pytest.param(SMALL, id="8"), pytest.param(LARGE, id="1000", marks=pytest.mark.deep)]
)
def test_a_clean_pair_has_no_finding(
    mailboxes: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where everything is prepared, no rule of the preflight fails, warns, waits, or lacks an observation."""
    read = read_pair(tmp_path_factory.mktemp("clean"), clean_tenants(mailboxes), FACTS, monkeypatch)
    findings = evaluate(PREFLIGHT_RULES, read.facts, read.project, read.now, tell_all=True)
    assert (set(), []) == (told(findings), read.unsupported)
    (listed,) = [finding for finding in findings if finding.rule == "users-listed"]
    assert listed.seen == f"{mailboxes:,} users"


@pytest.mark.parametrize("plant", EACH)
def test_exactly_the_planted_is_found(plant: Plant, reading: Reading) -> None:
    """A planted defect gives the findings that its file lists, follow-on findings included, and no others."""
    read = reading.of(plant)
    assert plant.expected(reading.everybody) == found(plant, read)
    assert [] == read.unsupported


@pytest.mark.parametrize("plant", EACH)
def test_without_its_rule_it_is_not_found(plant: Plant, reading: Reading) -> None:
    """A rule that is switched off is missed: the findings are no longer those of the file."""
    assert plant.expected(reading.everybody) != found(plant, reading.of(plant), without=plant.rule)


def test_every_rule_of_the_preflight_has_a_plant() -> None:
    """No rule is without a defect that shows it, and no file is of a rule that is gone."""
    assert {rule.id for rule in PREFLIGHT_RULES} == {plant.rule for plant in PLANTS}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.rule)
def test_a_plant_is_complete(plant: Plant) -> None:
    """A file says what is planted, knows no other keys, and gives a reason where it is not planted in the simulator."""
    assert set(plant.says) <= KEYS
    assert ("facts" in plant.says) == ("not_in_the_simulator" in plant.says)
    assert {"tenants", "project", "users", "facts"} & set(plant.says)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.rule)
def test_a_plant_rests_on_what_its_rule_answers(plant: Plant) -> None:
    """The defect is one that the document's statement, or the known failure, of the rule speaks of."""
    rule = next(rule for rule in PREFLIGHT_RULES if rule.id == plant.rule)
    named = {*re.findall(r"\b[A-Z]{3}-\d\d\b", plant.says["why"])}
    named |= {f"F{number}" for number in re.findall(r"failure (\d+)", plant.says["why"])}
    assert named
    assert named <= {*rule.statements, *CATALOGUE[plant.rule].failures}
