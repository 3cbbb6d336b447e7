"""What the preflight comes to: by cause, by mailbox, by wave, and what nobody saw."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from core_facts import NOW, make_project, observed, refused, world
from stay_facts import JO, JO_GUID, JO_ID, LARA, jo_mailbox, lara_and_jo, state
from user_facts import chosen, lara_mailbox

from xtmig_kernel.evidence import Finding, Passed, Reason, Skipped
from xtmig_kernel.project import Waiver
from xtmig_kernel.rules import Judgement, Rule
from xtmig_kernel.rules.assessment import Assessment, assess
from xtmig_kernel.rules.preflight import CATALOGUE, PREFLIGHT_RULES

HELD = {"LitigationHoldEnabled": True}


def assessed(*, missing: dict[str, Any] | None = None, waivers: tuple[Waiver, ...] = (), **changes: Any) -> Assessment:
    """The assessment of an altered world, of which these facts were not observed."""
    project = make_project(**changes.pop("project", {}))
    return assess(observed(world(**changes)) | (missing or {}), project, NOW, waivers)


def two(lara: str = "", jo: str = "", **changes: Any) -> dict[str, Any]:
    """Lara and Jo in these waves; Jo's mailbox is under a hold."""
    states = [state(), state(ObjectId=JO_ID, ExchangeGuid=JO_GUID, PrimarySmtpAddress=JO, **HELD)]
    return lara_and_jo(lara=lara, jo=jo, source__mailbox_states=states) | changes


def of(rule_id: str, *judgements: Judgement, side: Any = "source") -> Rule:
    """A rule that says just this."""
    return Rule(rule_id, "It holds", ("HLD-01",), side, ("source.chosen_users",), lambda _seen, _project: judgements)


def said(*judgements: Judgement, side: Any = "source", **changes: Any) -> Assessment:
    """The assessment of one rule that says just this."""
    rules = [of("a-rule", *judgements, side=side)]
    return assess(observed(world(**changes)), make_project(), NOW, rules=rules)


def wrong(subject: str) -> Judgement:
    return Judgement("fail", subject, "seen", "expected", "mend it", "070.2")


def test_right_pair_is_clean() -> None:
    """When all is prepared there is no cause, the mailbox passes, and the answer is clean."""
    found = assessed()
    assert found.causes == ()
    assert [line.verdict for line in found.mailboxes] == ["pass"]
    assert found.exit_code == 0


def test_a_word_that_is_missing_is_waited_for() -> None:
    """Where a person has still to sign, the answer is that somebody is waited for."""
    found = said(Judgement("sign", "labels", "seen", "expected", "confirm"))
    assert [(cause.verdict, cause.remedy) for cause in found.causes] == [("manual", "confirm")]
    assert found.exit_code == 4


def test_every_finding_is_there() -> None:
    """The numbers by verdict are those of the findings, and every rule has at least one."""
    found = assessed(**two())
    assert sum(found.verdicts.values()) == len(found.findings)
    assert len({finding.rule for finding in found.findings}) == found.rules


def test_defect_of_one_mailbox_is_on_its_line_alone() -> None:
    """A held mailbox is a blocker of its own line, and of no other."""
    lines = {line.address: line for line in assessed(**two()).mailboxes}
    assert "mailbox-not-held" in lines[JO].causes
    assert lines[JO].verdict == "fail"
    assert "mailbox-not-held" not in lines[LARA].causes


def test_cause_tells_number_remedy_and_statements() -> None:
    """The line of a cause says how many, whom, what to do, by which step, and which statement it answers."""
    (cause,) = said(wrong(LARA), wrong("an organisation"), Judgement("pass", "6 of 8 users")).causes
    told = (cause.severity, cause.number, cause.subjects, cause.remedy, cause.step, cause.statements)
    assert told == ("blocks", 2, (LARA, "an organisation"), "mend it", "070.2", ("HLD-01",))


def test_worst_causes_come_first() -> None:
    """Failures come before what was not observed, and warnings after both."""
    rules = [of("warns", Judgement("warn", LARA, "a", "b", "c")), of("fails", wrong(LARA))]
    blind = Rule("blind", "Seen", (), "target", ("target.nothing",), lambda _seen, _project: ())
    found = assess(observed(world()), make_project(), NOW, rules=[rules[0], blind, rules[1]])
    assert [cause.rule for cause in found.causes] == ["fails", "blind", "warns"]


def test_a_cause_names_the_first_subjects_only() -> None:
    """Of many subjects the line of a cause names five; their number is whole."""
    (cause,) = said(*(wrong(f"user{number}@contoso.com") for number in range(8))).causes
    assert (cause.number, len(cause.subjects)) == (8, 5)


@pytest.mark.parametrize(
    "subject",
    [LARA, LARA.upper(), "LaraN@contoso.onmicrosoft.com", f"RoomMailbox {LARA}", f"{LARA} and {JO}"],
)
def test_subject_that_means_a_user(subject: str) -> None:
    """An address of the source mailbox, with its kind or beside another one's, means the user."""
    assert [line.blockers for line in said(wrong(subject)).mailboxes] == [1]


@pytest.mark.parametrize("subject", ["LaraN@northwindtraders.onmicrosoft.com", "Lara.Newton@northwindtraders.com"])
def test_target_address_means_a_user_in_the_target(subject: str) -> None:
    """An address of the target object with the user's ExchangeGuid means the user in a finding of the target."""
    changes = {"source__chosen_users": {"TargetAddress": "", "TargetSignIn": ""}}
    assert [line.blockers for line in said(wrong(subject), side="target", **changes).mailboxes] == [1]
    assert [line.blockers for line in said(wrong(subject), side="source", **changes).mailboxes] == [0]


@pytest.mark.parametrize("subject", [f"{LARA} in {LARA}", f"the friends of {LARA}", "the organisation", f"x{LARA}"])
def test_subject_that_means_nobody(subject: str) -> None:
    """Text that merely holds an address, as the name of a group may, is no user's finding."""
    assert [line.blockers for line in said(wrong(subject)).mailboxes] == [0]


def test_users_csv_names_one_user_by_an_address() -> None:
    """An address that users.csv gives means that line, though another mailbox bears it as a further address too."""
    rows = [chosen(), chosen(SourceAddress=JO, TargetAddress="", TargetSignIn="", Line=3)]
    mailboxes = [lara_mailbox(SmtpAddresses=[LARA, JO]), jo_mailbox()]
    found = said(wrong(JO), source__chosen_users=rows, source__mailboxes=mailboxes)
    assert [line.blockers for line in found.mailboxes] == [0, 1]


def test_nothing_seen_of_mailboxes_leaves_no_mailbox_clean() -> None:
    """When a rule about users lacks its facts, no user passes, and the rule is named on every line."""
    found = assessed(missing={"source.mailbox_states": refused()})
    (line,) = found.mailboxes
    assert line.verdict == "not_observed"
    assert "mailbox-not-held" in line.causes
    assert found.exit_code == 5


def test_what_was_not_observed_names_every_fact_and_its_rules() -> None:
    """Each fact that is missing is told once with its reason and the rules that gave no verdict."""
    missing = {"source.mailbox_states": refused(Reason.THROTTLED), "source.mailbox_sizes": refused()}
    found = {item.fact: item for item in assessed(missing=missing).not_observed}
    assert set(found) == set(missing)
    assert found["source.mailbox_states"].reason == Reason.THROTTLED
    assert set(found["source.mailbox_sizes"].rules) == {
        rule.id for rule in PREFLIGHT_RULES if "source.mailbox_sizes" in rule.needs
    }


def test_a_fact_that_nobody_asked_for_is_told() -> None:
    """A fact that is not there at all is told as not asked."""
    found = assess({}, make_project(), NOW)
    assert {item.reason for item in found.not_observed} == {Reason.NOT_ASKED}
    assert (found.population, found.exit_code) == (None, 5)


def test_nobody_in_scope_is_not_clean() -> None:
    """Where no mailbox is to move, the assessment is not clean, though no rule fails."""
    moved = lara_mailbox(RecipientTypeDetails="MailUser", ExternalEmailAddress=None, RecoverableItemsQuotaBytes=None)
    facts = observed(world(source__mailboxes=[], source__mail_users=[moved]))
    found = assess(facts, make_project(), NOW, rules=[of("a-rule", Judgement("pass", "users"))])
    assert found.population is not None
    assert (found.population.mailboxes, found.population.moved, found.exit_code) == (0, 1, 3)


def test_population_counts_what_is_to_move() -> None:
    """The population is the mailboxes of users.csv that are in the source; unclear lines are counted apart."""
    rows = [chosen(), chosen(SourceAddress="nobody@contoso.com", Line=3)]
    found = assessed(source__chosen_users=rows).population
    assert found is not None
    assert (found.listed, found.mailboxes, found.unclear) == (2, 1, 1)


def test_waves_are_those_of_the_project_and_of_the_list() -> None:
    """Each wave has a line with the project's spelling, empty ones too; users without a wave come last."""
    waves = {"move__waves": [{"name": "First"}, {"name": "Second"}]}
    found = assessed(project=waves, **two(lara="first", jo="third")).waves
    assert [(line.wave, line.users) for line in found] == [("First", 1), ("Second", 0), ("third", 1)]
    assert [line.wave for line in assessed(**two(lara="first")).waves] == ["first", ""]


def test_waived_mailbox_is_not_clean() -> None:
    """A waived finding is told on the mailbox's line as waived; it neither blocks nor passes."""
    waiver = Waiver(rule="a-rule", subject=LARA, reason="r", owner="o", until=date(2026, 12, 1))
    found = assess(observed(world()), make_project(), NOW, [waiver], rules=[of("a-rule", wrong(LARA))])
    assert [(line.verdict, line.blockers, line.waived) for line in found.mailboxes] == [("waived", 0, 1)]
    assert [cause.verdict for cause in found.causes] == ["waived"]
    assert found.exit_code == 0


def test_data_holds_every_finding() -> None:
    """The JSON holds every finding whole, beside the summaries."""
    found = assessed(**two())
    assert found.as_data()["findings"] == [finding.as_data() for finding in found.findings]


def test_settled_findings_are_no_cause() -> None:
    """What passed or does not apply is in no line by cause."""
    found = said(Judgement("pass", LARA), Judgement("skip", LARA, remedy="nothing to judge"))
    assert found.causes == ()
    assert {type(f.verdict) for f in found.findings if isinstance(f, Finding)} == {Passed, Skipped}


def test_failure_of_a_rule_that_only_warns_blocks_nothing() -> None:
    """A failure weighs as much as the catalogue says of its rule; a warning never blocks."""
    rules = [of("archive-room", wrong(LARA)), of("mailbox-not-held", Judgement("warn", LARA, "a", "b", "c"))]
    found = assess(observed(world()), make_project(), NOW, rules=rules)
    assert [CATALOGUE[rule.id].severity for rule in rules] == ["warns", "blocks"]
    assert [(line.blockers, line.warnings) for line in found.mailboxes] == [(0, 2)]
    assert found.severities == {"warns": 2}


def test_cause_names_the_known_failure_and_the_document() -> None:
    """The line of a cause carries the number of the known failure and the address of the document's part."""
    (cause,) = (cause for cause in assessed(**two()).causes if cause.rule == "mailbox-not-held")
    entry = CATALOGUE["mailbox-not-held"]
    assert (cause.failures, cause.link) == (entry.failures, entry.link)
    assert cause.link.startswith("https://learn.microsoft.com/")
