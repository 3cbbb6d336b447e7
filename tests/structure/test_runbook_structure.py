"""What must fit together between rules, steps, tables and statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
from after_facts import BOTH, MOVED, had
from core_facts import configured, make_project, planned
from prepared_facts import FABRIKAM, FULL, NOBODY, lara, previous
from user_facts import directory_user, sku

from xtmig_kernel.inventory.reader import SIGNED_IN, WITHOUT_SIGN_IN
from xtmig_kernel.rules import ALL_RULES
from xtmig_kernel.rules.preflight import CATALOGUE
from xtmig_kernel.runbook import SECTIONS, STEPS, Section, Step
from xtmig_kernel.runs.shipped import shipped
from xtmig_kernel.statements import statements
from xtmig_kernel.tables import BY_NAME, TABLES

RULES = {rule.id: rule for rule in ALL_RULES}
SIDES = ("source", "target")

OF_THE_ENDPOINT: dict[str, Any] = {
    "target__migration_endpoints": [],
    "target__application_credentials": [],
}
OF_THE_ADD_ON: dict[str, Any] = {
    "target__mail_users": {"PersistedCapabilities": []},
    "target__directory_users": {"SkuIds": []},
    "source__directory_users": {"UsageLocation": None},
    "source__subscribed_skus": [sku()],
}
SPOILED: list[dict[str, Any]] = [
    {"target__applications": []},
    {"target__applications": {"SignInAudience": "AzureADMyOrg", "RedirectUris": [], "Permissions": []}},
    {"target__granted_roles": [], "target__service_principals": []},
    {"source__granted_roles": [], "source__service_principals": []},
    OF_THE_ENDPOINT,
    {"target__application_credentials": []},
    {"target__organization_config": {"IsDehydrated": True}},
    {"target__organization_relationships": []},
    {"target__organization_relationships": {"Enabled": False}},
    OF_THE_ADD_ON,
    {"source__mailboxes": {"CustomAttributes": []}},
    {"source__organization_relationships": [], "source__distribution_groups": []},
    {"source__organization_relationships": {"OAuthApplicationId": "99999999-eeee-4eee-8eee-999999999999"}},
    {"source__scope_members": [], "source__organization_config": {"IsDehydrated": True}},
    NOBODY,
    lara(ExchangeGuid=None, X500Addresses=[], SmtpAddresses=[FABRIKAM]),
    previous(PreviousMailbox="clear", **FULL),
    BOTH | {"source__baseline_permissions": [had("SendOnBehalf", "recipient"), had("SendAs", "recipient")]},
    MOVED | {"target__directory_users": [directory_user("target", SkuIds=[])]},
]


def answers() -> dict[str, set[str]]:
    """Statement to the rules and steps that answer it."""
    found: dict[str, set[str]] = {}
    for rule in ALL_RULES:
        for statement in rule.statements:
            found.setdefault(statement, set()).add(f"rule {rule.id}")
    for section in SECTIONS:
        for statement in section.guidance:
            found.setdefault(statement, set()).add(f"notebook {section.number}")
    project = make_project(
        consent={"target": "xtmig", "source": "xtmig"},
        licences={
            "add_on_side": "source",
            "usage_location": "IE",
            "exchange_sku": "SPE_E3",
            "strip_source_plans": True,
        },
        users={"choose": "attribute", "tag": True},
    )
    for step in STEPS.values():
        if not step.only_looks:
            for change in (change for world in SPOILED for change in planned(step.id, project, **world)):
                for statement in change.statements:
                    found.setdefault(statement, set()).add(f"step {step.id}")
    return found


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_guidance_stands_in_the_notebook(section: Section) -> None:
    """Each statement that a notebook answers by words is one that words may answer, and is named there."""
    notebook = shipped("notebooks") / section.notebook
    words = notebook.read_text(encoding="utf-8")
    assert [item for item in section.guidance if statements()[item].automation != "guidance"] == []
    assert [item for item in section.guidance if item not in words] == []


def test_steps_are_unique() -> None:
    """No two steps bear one number."""
    numbers = [step.id for section in SECTIONS for step in section.steps]
    assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_steps_are_numbered_in_their_order(section: Section) -> None:
    """The steps of a section are numbered from 1 in the order in which they are made."""
    assert [f"{section.number}.{number}" for number in range(1, len(section.steps) + 1)] == [
        s.id for s in section.steps
    ]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_fewer_than_ten_steps(section: Section) -> None:
    """A section has fewer than ten steps, so that their numbers sort as text."""
    assert len(section.steps) < 10


def test_sections_are_ordered() -> None:
    """Sections stand in the order of their numbers, and file names are told apart by them."""
    assert sorted({section.number for section in SECTIONS}) == [section.number for section in SECTIONS]
    assert all(re.fullmatch(r"\d{3}-[a-z0-9-]+\.ipynb", section.notebook) for section in SECTIONS)


def test_rules_are_unique() -> None:
    """No two rules bear one id: waivers and reports name rules by it."""
    assert len(RULES) == len(ALL_RULES)


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.id)
def test_rules_of_a_step_exist(step: Step) -> None:
    """Every rule that a step names is there, and none is named twice."""
    named = [*step.verifies, *step.requires]
    assert [rule for rule in named if rule not in RULES] == []
    assert len(set(step.verifies)) == len(step.verifies)


def test_every_rule_is_judged_somewhere() -> None:
    """A rule that no step verifies, and that is not of the preflight, would never be judged."""
    judged = {rule for step in STEPS.values() for rule in step.verifies} | set(CATALOGUE)
    assert set(RULES) == judged


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.id)
def test_step_reads_what_its_rules_need(step: Step) -> None:
    """A step reads every fact that its rules need and its plan is made from."""
    needed = {fact for rule in (*step.verifies, *step.requires) for fact in looked_at(rule)} | set(step.plans_from)
    assert needed - set(step.reads) == set()


def looked_at(rule: str) -> tuple[str, ...]:
    """The facts that a rule looks at, those without which it says less among them."""
    return (*RULES[rule].needs, *RULES[rule].helps)


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.id)
def test_step_reads_nothing_for_nothing(step: Step) -> None:
    """A step asks the tenants for nothing that neither its rules nor its plan use; records may be read to be shown."""
    needed = {fact for rule in (*step.verifies, *step.requires) for fact in looked_at(rule)} | set(step.plans_from)
    assert {fact for fact in set(step.reads) - needed if fact.partition(".")[2] in SIGNED_IN} == set()


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.id)
def test_facts_of_a_step_are_tables(step: Step) -> None:
    """Every fact is a side and a table of the inventory."""
    facts = [fact.partition(".") for fact in (*step.reads, *step.plans_from)]
    assert [fact for fact in facts if fact[0] not in SIDES or fact[2] not in BY_NAME] == []


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.id)
def test_facts_of_a_rule_are_tables(rule: Any) -> None:
    """A rule needs at least one fact, and each is a table of the inventory."""
    assert rule.needs
    assert [fact for fact in rule.needs if fact.partition(".")[2] not in BY_NAME] == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_section_names_the_sides_that_it_reads(section: Section) -> None:
    """A section names each tenant that its steps read or write, so that the notebook signs in to it."""
    sides = {fact.partition(".")[0] for step in section.steps for fact in step.reads}
    assert sides <= set(section.sides)


def test_every_table_has_a_reader() -> None:
    """Each table of the inventory can be read, and nothing else can."""
    assert {table.name for table in TABLES} == {*SIGNED_IN, *WITHOUT_SIGN_IN}


@pytest.mark.parametrize("fact", sorted(configured()))
def test_rows_of_these_tests_have_the_columns(fact: str) -> None:
    """The rows by which rules and plans are tested have exactly the columns of their tables."""
    table = BY_NAME[fact.partition(".")[2]]
    assert [set(row) for row in configured()[fact]] == [set(table.columns)] * len(configured()[fact])


@pytest.mark.parametrize("statement", statements())
def test_statement_is_answered(statement: str) -> None:
    """A rule, a step or a change answers this statement of the document."""
    assert answers().get(statement)


@pytest.mark.parametrize("statement", [s.id for s in statements().values() if s.automation == "auto"])
def test_automatic_statement_is_judged(statement: str) -> None:
    """A statement that can be proven by reading is answered by a rule, not by a change alone."""
    assert [answer for answer in answers()[statement] if answer.startswith("rule")]


def test_answers_are_to_statements() -> None:
    """No rule and no change answers a statement that the document does not make."""
    assert sorted(set(answers()) - set(statements())) == []


def test_sections_own_parts_of_the_document() -> None:
    """Each part of the document has exactly one owner, and no section owns what is no part of it."""
    parts = {part for statement in statements().values() for part in statement.section.split(" / ")}
    assert sorted(parts) == sorted(part for section in SECTIONS for part in section.document)


def test_statements_are_complete() -> None:
    """All 260 statements are there, each with words, a source and a way to answer it."""
    everything = statements()
    assert len(everything) == 260
    assert {s.automation for s in everything.values()} == {"auto", "auto-with-approval", "manual-signoff", "guidance"}
    assert [s.id for s in everything.values() if not (s.statement and s.lines and s.evidence and s.section)] == []
    assert [s for s in everything if not re.fullmatch(r"[A-Z]{3}-\d\d", s)] == []


def test_remedies_lead_to_steps() -> None:
    """Every step that a finding offers as its remedy is there."""
    from core_facts import judged

    offered = {
        finding.remedy_step
        for world in [*SPOILED, {"target__endpoint_test": [], "source__domain_lookup": []}]
        for rule in RULES
        for finding in judged(rule, **world)
        if finding.remedy_step
    }
    assert offered
    assert offered <= set(STEPS)
