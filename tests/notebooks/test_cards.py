"""Cards: what they say, and that names from tenants cannot become markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from core_facts import make_project

from xtmig_kernel.changes import Change, Credential, ExchangeCall, Later, Level, MintedSecret, Subject
from xtmig_kernel.errors import AccessDenied, ApprovalError
from xtmig_kernel.evidence import Failed, Finding, Manual, Observed, Passed, Reason, Skipped, Unseen, Waiting
from xtmig_kernel.jupyter import cards
from xtmig_kernel.jupyter.cards_step import Unapproved, step_card
from xtmig_kernel.jupyter.face_consent import consent_mail
from xtmig_kernel.runbook import BY_NUMBER, STEPS, StepView
from xtmig_kernel.runbook.door import Outcome

NOW = datetime(2026, 11, 23, 16, 4, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>\"'&</script><script>x</script>\u202egnp"
APPLICATION = Subject("target", "applications", (("UniqueName", "moves"),), "application moves")


def change(**values: Any) -> Change:
    """The creation of an endpoint, in the shape that section 070 plans."""
    application_id = Later(APPLICATION, "AppId")
    created = Change(
        step="070.2",
        side="target",
        tenant_id="22222222-bbbb-4bbb-8bbb-222222222222",
        subject=Subject("target", "migration_endpoints", (("Identity", "contoso-moves"),), "endpoint contoso-moves"),
        title="Create migration endpoint contoso-moves",
        before=None,
        after={"RemoteTenant": "contoso.onmicrosoft.com", "ApplicationId": application_id},
        calls=(
            ExchangeCall(
                "New-MigrationEndpoint",
                {"Name": "contoso-moves", "Credentials": Credential(application_id, MintedSecret())},
            ),
        ),
        level=Level.UNDOABLE,
        undo="Remove-MigrationEndpoint -Identity 'contoso-moves'",
        statements=("EPT-02", "EPT-06"),
    )
    return replace(created, **values)


def finding(verdict: Any, **values: Any) -> Finding:
    return Finding("r", "The endpoint is right", ("EPT-06",), "target", "contoso-moves", verdict, **values)


def seen() -> tuple[Observed[Any], ...]:
    return (Observed((), NOW, "Get-MigrationEndpoint"),)


def card(view: StepView, **options: Any) -> str:
    given: dict[str, Any] = {"phase": "plan", "mode": "plan", "now": NOW} | options
    return step_card(view, make_project(), **given)


def planned(*changes: Change) -> StepView:
    return StepView(STEPS["070.2"], "planned", changes=changes or (change(),))


def test_plan_shows_new_object_with_values_not_yet_known() -> None:
    """A planned object is named with its kind; a value that is read later says of what; the secret says where from."""
    html = card(planned())
    assert "<b>+ MigrationEndpoint</b>" in html
    assert re.search(r"<ins>.*<i><bdi>application ID of application moves</bdi></i></ins>", html)
    assert "<i>minted here, stored nowhere</i>" in html
    assert "1 new object, 0 changed, 0 removed; can be undone." in html


def test_plan_shows_before_and_after() -> None:
    """An altered attribute shows what goes and what comes."""
    html = card(planned(change(before={"Enabled": False}, after={"Enabled": True})))
    assert re.search(r"<del>.*False.*</del>.*→.*<ins>.*True.*</ins>", html, re.DOTALL)


def test_powershell_and_undo_are_one_fold_away() -> None:
    """The cmdlet line and the way back stand in a fold of the card."""
    folded = card(planned()).partition("<details>")[2]
    assert "New-MigrationEndpoint -Name &#39;contoso-moves&#39;" in folded
    assert "Undo: <bdi>Remove-MigrationEndpoint" in folded


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        (Passed(seen()), "✓ passed"),
        (Failed(seen()), "✕ failed"),
        (Waiting("the source administrator", NOW), "◔ waiting"),
        (Unseen(Reason.DENIED, "no right"), "○ not observed"),
    ],
    ids=["passed", "failed", "waiting", "not observed"],
)
def test_verdict_is_symbol_and_word(verdict: Any, word: str) -> None:
    """A verdict never rests on colour alone."""
    html = card(StepView(STEPS["070.2"], "looked", findings=(finding(verdict),)), phase="look")
    assert word in re.sub(r"<[^>]+>", "", html)


def test_side_is_symbol_and_word() -> None:
    """A card names its tenant by symbol, word and domain."""
    assert "▶ TARGET northwindtraders.onmicrosoft.com" in re.sub(r"<[^>]+>", "", card(planned()))


def test_finding_links_to_the_step_that_mends_it() -> None:
    """A failed check of another step's work leads to that step's notebook."""
    wrong = finding(Failed(seen()), remedy="Apply section 050.", remedy_step="050.1")
    html = card(StepView(STEPS["070.2"], "looked", findings=(wrong,)), phase="look")
    assert '<a href="050-target-migration-application.ipynb">step 050.1</a>' in html


def test_statement_links_reach_the_header_card() -> None:
    """Every statement that a step's checks answer can be followed to its text in the notebook's first card."""
    for section in BY_NUMBER.values():
        header = cards.header_card(section, make_project(), "plan", [])
        for step in section.steps:
            for rule in step.verifies:
                for statement in cards.RULES[rule].statements:
                    assert f'id="statement-{statement}"' in header


def test_step_is_not_right_while_a_check_waits() -> None:
    """“No change” with a consent still missing shows as waiting."""
    view = StepView(STEPS["060.1"], "no change", findings=(finding(Waiting("an administrator", None)),))
    assert "already right" not in card(view, phase="verify")


def test_missing_approval_names_command_and_hash() -> None:
    """Who must approve finds the exact command and the hash that the approval is bound to."""
    final = change(
        level=Level.SECOND_PERSON,
        irreversible=True,
        before={"IsDehydrated": True},
        after={"IsDehydrated": False},
        calls=(ExchangeCall("Enable-OrganizationCustomization"),),
    )
    upn = "amara@northwindtraders.onmicrosoft.com"
    project = make_project(approvers=[{"name": "Amara", "upn": upn, "side": "target"}])
    lacking = Unapproved(final, ApprovalError("not approved", cause="no approval names this exact change"))
    html = step_card(planned(final), project, phase="apply", mode="interactive", now=NOW, unapproved=[lacking])
    assert f"xtmig approve 070 --by {upn}" in html
    assert final.hash in html
    assert "a second person’s proven approval" in html


def test_change_that_was_not_made_is_told() -> None:
    """Of many changes at once, those that the service or an approval refused are shown as not made."""
    refused = Outcome(change(), "refused", error=AccessDenied("no"))
    text = card(replace(planned(), state="failed", outcomes=(refused,)), phase="apply")
    assert "not made" in text


def test_plan_run_says_that_nothing_was_applied() -> None:
    """In a plan run the apply card says so."""
    assert "Planned, not applied" in card(planned(), phase="apply")
    assert "Planned, not applied" not in card(planned(), phase="apply", mode="apply")


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Manual("the compliance officer agrees"), "Nobody has signed yet: <bdi>the compliance officer agrees"),
        (Skipped("no wave has a date"), "no wave has a date"),
        (Unseen(Reason.DENIED, "403 from the service"), "403 from the service"),
        (Waiting("the cutover", NOW), "the cutover"),
    ],
)
def test_held_back_step_says_why_whatever_the_verdict(verdict: Any, words: str) -> None:
    """A step that is held back by a word nobody gave, or by what was never asked, is drawn like any other."""
    html = card(replace(planned(), blocked_by=(finding(verdict),)))
    assert "Held back" in html
    assert words in html


def test_error_card_says_what_happened_and_what_to_do() -> None:
    """A known error shows as message, cause, remedy and the service's request id."""
    error = AccessDenied("no right", side="target", step="070.2", cause="403", remedy="Ask.", request_id="abc-1")
    html = card(replace(planned(), state="failed", problem=error), phase="apply", mode="apply")
    for words in ("TARGET 070.2", "no right", "403", "Ask.", "abc-1", 'role="alert"'):
        assert words in html


def hostile_cards() -> list[str]:
    """Every kind of card, with a hostile text wherever a tenant or a person may put one."""
    project = make_project(name=HOSTILE)
    section = BY_NUMBER["070"]
    error = AccessDenied(HOSTILE, subject=HOSTILE, cause=HOSTILE, remedy=HOSTILE)
    subject = Subject("target", "migration_endpoints", (("Identity", HOSTILE),), HOSTILE)
    bad = change(subject=subject, title=HOSTILE, undo=HOSTILE, before={HOSTILE: [HOSTILE]}, after={HOSTILE: HOSTILE})
    wrong = replace(finding(Failed(seen()), seen=HOSTILE, expected=HOSTILE, remedy=HOSTILE), subject=HOSTILE)
    view = replace(planned(bad), findings=(wrong,), blocked_by=(wrong,), missing=(HOSTILE,), problem=error)
    row = {"id": "1", "title": HOSTILE, "side": "target", "state": cards.NEW, "summary": HOSTILE, "until": None}
    row |= {"waits_for": HOSTILE, "at": None, "settled": False}
    link = {"message": HOSTILE, "url": "https://login.example/" + HOSTILE}
    signing = {"side": "source", "domain": HOSTILE, "word": cards.NEW, "text": HOSTILE, "links": [link]}
    url = "https://login.example/?" + HOSTILE
    return [
        cards.header_card(section, project, "plan", [row]),
        step_card(view, project, phase="apply", mode="interactive", now=NOW),
        step_card(view, project, phase="look", mode="plan", now=NOW),
        cards.closing_card(section, [row]),
        cards.problem_card(error),
        cards.sign_in_card([{**signing, "problem": cards.problem_data(error)}]),
        cards.consent_card(project, "source", url, consent_mail(project, url), HOSTILE),
        cards.render("settings", rows=[(HOSTILE, HOSTILE)]),
        cards.render("form", folder=HOSTILE),
    ]


class Tags(HTMLParser):
    """The tags of a text with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("html", hostile_cards(), ids=range(len(hostile_cards())))
def test_hostile_names_stay_text(html: str) -> None:
    """No name from a tenant becomes a tag, an attribute, or turns the direction of writing."""
    found = Tags(html)
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert not {"img", "script"} & found.tags
    assert not {"onerror", "src"} & found.attributes
    assert "\u202e" not in html


def test_cards_load_nothing_from_outside() -> None:
    """A card is readable offline: no picture, font, style or script is fetched."""
    for html in hostile_cards():
        assert not {"img", "script", "link", "iframe", "object"} & Tags(html).tags
        assert not re.search(r"@import|url\(", html)
