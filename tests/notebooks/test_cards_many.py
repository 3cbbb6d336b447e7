"""Cards of steps that concern thousands of users, that show tables and bars, and that write files."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import make_project
from test_cards import HOSTILE, NOW, Tags, card, change, finding, planned, seen

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.errors import ApprovalError, Rejected
from xtmig_kernel.evidence import Failed, Passed
from xtmig_kernel.jupyter.cards_step import Unapproved, step_card
from xtmig_kernel.outputs import Exhibit, ProjectFile
from xtmig_kernel.report.notebooks import offline
from xtmig_kernel.runbook import STEPS, StepView
from xtmig_kernel.runbook.door import Outcome

if TYPE_CHECKING:
    from pathlib import Path

POOL = Exhibit("licence-pool", "Licences in the target.", ("Licence", "In use", "Free"), (("Plan 1", 3, 1),), "bars")
LIST = ProjectFile("users.csv", "Source,Target\n", "Who moves: fill in the column Target.")


def creation(number: int) -> Change:
    upn = f"user{number:05}@northwindtraders.com"
    return change(
        subject=Subject("target", "mail_users", (("UserPrincipalName", upn),), upn),
        title=f"Create MailUser {upn}",
        after={"UserPrincipalName": upn},
        calls=(ExchangeCall("New-MailUser", {"Name": upn}),),
        undo=f"Remove-MailUser -Identity '{upn}'",
    )


def creations(number: int) -> StepView:
    return planned(*(creation(one) for one in range(number)))


def users(number: int) -> Exhibit:
    rows = tuple((one, f"user{one:05}@contoso.com") for one in range(number))
    return Exhibit("users", "Who moves.", ("Line", "Source"), rows)


def words_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_plan_of_thousands_is_summed_up() -> None:
    """The card of 4,812 changes shows the first 25, how often each cmdlet is called, and where the others are."""
    html = card(creations(4812))
    assert html.count('<div class="change">') == 25
    assert "4,812 × New-MailUser" in html
    assert "The other 4,787 changes are not shown here; artifacts/planned-070.2.csv" in words_of(html)


def test_card_of_thousands_stays_small() -> None:
    """The card of 5,000 changes, a sixtieth of them refused, with 700 findings and 5,000 rows, is under 200 KB."""
    view = creations(5000)
    refused = Outcome(view.changes[0], "refused", error=Rejected("refused"))
    outcomes = tuple(replace(refused, change=one) if place % 60 == 0 else Outcome(one, "done") for place, one in enumerate(view.changes))
    findings = tuple(replace(finding(Failed(seen()), seen="twice"), subject=f"user{one}") for one in range(700))
    html = card(
        replace(view, outcomes=outcomes, findings=findings, exhibits=(users(5000), POOL), state="failed"),
        phase="apply",
        mode="interactive",
    )
    assert len(html.encode()) < 200_000


def test_change_that_was_not_made_shows_its_error_first() -> None:
    """What was refused comes before what was made, with its error and what to do; the sum balances."""
    view = creations(60)
    error = Rejected("The proxy address is in use.", cause="AmbiguousProxy", remedy="Remove it from the other object.")
    outcomes = tuple(Outcome(one, "done") for one in view.changes[:59]) + (Outcome(view.changes[59], "refused", error=error),)
    text = words_of(card(replace(view, outcomes=outcomes, state="failed"), phase="apply", mode="apply"))
    assert "60 = 59 made and read back + 1 not made" in text
    assert "user00059@northwindtraders.com" in text[: text.index("user00000@northwindtraders.com")]
    for part in ("The proxy address is in use.", "AmbiguousProxy", "Remove it from the other object."):
        assert part in text


def test_missing_approvals_of_thousands_are_one_notice() -> None:
    """Many changes that lack an approval for one reason are told once, with their number and the first hashes."""
    changes = tuple(replace(creation(one), level=Level.NAMED) for one in range(300))
    error = ApprovalError("not approved", cause="no approval names this exact change")
    html = card(planned(*changes), unapproved=[Unapproved(one, error) for one in changes])
    assert html.count("no approval names this exact change") == 1
    assert "300 changes need a named approval" in words_of(html)
    notice = html[: html.index('<div class="change">')]
    assert [one.hash in notice for one in changes[:6]] == [True] * 5 + [False]


def test_many_findings_show_what_is_wrong_first() -> None:
    """Of more than 50 findings the card shows 50, failures first, and a sum that balances."""
    right = tuple(replace(finding(Passed(seen())), subject=f"right{one}") for one in range(70))
    wrong = tuple(replace(finding(Failed(seen())), subject=f"wrong{one}") for one in range(10))
    text = words_of(card(StepView(STEPS["070.2"], "looked", findings=right + wrong), phase="look"))
    table = text[text.index("What was seen") :]
    assert (table.count("✕ failed"), table.count("✓ passed")) == (10, 40)
    assert "50 of 80 findings of the last look, what is wrong first (80 = 70 passed + 10 failed)" in text


def test_exhibit_shows_50_rows_and_where_the_others_are() -> None:
    """A table of 600 rows shows 50, and names the archive's table that holds all."""
    text = words_of(card(StepView(STEPS["070.2"], "looked", exhibits=(users(600),)), phase="look"))
    assert "user00049@contoso.com" in text
    assert "user00050@contoso.com" not in text
    assert "600 rows, the first 50 here; the other 550 rows are in artifacts/users.csv" in text


def test_exhibit_can_be_searched_and_sorted_by_keyboard() -> None:
    """A long table has a field to search in and buttons in its heads, all named."""
    html = card(StepView(STEPS["070.2"], "looked", exhibits=(users(20),)), phase="look")
    assert '<input type="search" aria-label="Search in Users"' in html
    assert re.search(r'<th scope="col"><button type="button" onclick="[^"]+">.*?Source</button></th>', html)


def test_bars_are_drawn_beside_their_numbers() -> None:
    """Bars show in a card as a drawing without words, and as numbers."""
    html = card(StepView(STEPS["070.2"], "looked", exhibits=(POOL,)), phase="look")
    assert html.count('<rect class="c1" x="0" y="0" width="748.0" height="16"/>') == 1
    assert re.search(r'<td class="num right" data-sort="3">3</td>', html)


def test_exhibits_survive_in_a_page_without_script() -> None:
    """On the archive's page of a notebook tables and bars stay, and what needs a script is gone."""
    html = card(StepView(STEPS["070.2"], "looked", exhibits=(users(20), POOL)), phase="look")
    kept = str(offline(html))
    assert {"svg", "rect", "table"} <= Tags(kept).tags
    assert 'viewbox="0 0 1000 16"' in kept.lower()
    assert not {"input", "button", "script"} & Tags(kept).tags
    assert not {"onclick", "oninput"} & Tags(kept).attributes


@pytest.mark.parametrize("markup", ['<svg onload="alert(1)"><rect href="https://evil.example"/></svg>', "<svg><use/></svg>"])
def test_drawing_of_a_cell_cannot_reach_out(markup: str) -> None:
    """A drawing keeps nothing that runs or leads elsewhere."""
    kept = Tags(str(offline(markup)))
    assert kept.tags <= {"svg", "rect"}
    assert kept.attributes == set()


@pytest.mark.parametrize("kind", ["table", "bars"])
def test_hostile_cells_stay_text(kind: Any) -> None:
    """No cell, heading, name or sentence of an exhibit becomes markup, or turns the direction of writing."""
    rows = tuple((HOSTILE, one) for one in range(20))
    html = card(StepView(STEPS["070.2"], "looked", exhibits=(Exhibit(HOSTILE, HOSTILE, (HOSTILE, HOSTILE), rows, kind),)), phase="look")
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert not {"img", "script"} & Tags(html).tags
    assert not {"onerror", "src"} & Tags(html).attributes
    assert "\u202e" not in html


def file_card(folder: Path, state: Any) -> str:
    view = StepView(STEPS["070.2"], state, files=(LIST,))
    project = make_project(folder=folder)
    return words_of(step_card(view, project, phase="apply", mode="interactive", now=NOW))


def test_planned_file_is_to_be_written(tmp_path: Path) -> None:
    """A file that the project folder does not hold is to be written, and the card says what it is."""
    text = file_card(tmp_path, "planned")
    assert "users.csv ◇ to be written" in text
    assert LIST.about in text


def test_file_that_is_there_is_written(tmp_path: Path) -> None:
    """A file that the project folder holds as planned shows as written."""
    (tmp_path / "users.csv").write_bytes(LIST.text.encode())
    assert "users.csv ✓ written" in file_card(tmp_path, "applied")
