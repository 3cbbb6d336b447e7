"""What the preflight found, as tables and cards: every line is there, in our words, and nothing of a tenant is markup."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from core_facts import NOW, make_project, observed, refused, world
from many_pairs import WAVES, address, pairs, spoiled
from prepared_facts import NOBODY
from stay_facts import state

from xtmig_kernel.jupyter.assess_drift import drifted_attributes, drifted_findings
from xtmig_kernel.jupyter.assess_tables import STATES, Told
from xtmig_kernel.jupyter.cards_assess import drift_card, pair_card, summary_card
from xtmig_kernel.jupyter.data_tables import FIRST_ROWS, Column, DataTable, library, table_html
from xtmig_kernel.report.notebooks import offline
from xtmig_kernel.report.words import TO_DO, VERDICTS
from xtmig_kernel.rules.assessment import assess
from xtmig_kernel.rules.drift_of_snapshots import compare
from xtmig_kernel.rules.side_by_side import side_by_side
from xtmig_kernel.store import SnapshotInfo

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\u202e"
SNAPSHOT = SnapshotInfo("2026-11-23-093000", NOW, NOW, {})
HELD = {"source__mailbox_states": [state(LitigationHoldEnabled=True)]}


def told(facts: Any) -> Told:
    return Told(assess(facts, make_project(), NOW), facts)


@pytest.fixture(scope="module")
def sixty() -> Told:
    """Sixty users; ten lack the GUID in the target, ten are held, ten are nearly full."""
    return told(observed(spoiled(pairs(60), 10)))


def data_of(html: str) -> list[list[Any]]:
    """The rows that DataTables is given."""
    found = re.search(r'"data_json":("(?:[^"\\]|\\.)*")', html)
    assert found
    rows: list[list[Any]] = json.loads(json.loads(found[1].replace("<\\/", "</")))
    return rows


def many(cells: list[Any]) -> DataTable:
    return DataTable("some", "Some rows.", (Column("Name"), Column("Number")), tuple((c, n) for n, c in enumerate(cells)))


def test_no_row_is_lost() -> None:
    """However many rows there are, DataTables is given all of them: none is left out to save space."""
    html = table_html(many([f"user{number:06}@contoso.com" for number in range(3_000)]))
    assert len(data_of(html)) == 3_000
    assert "downsampl" not in html


def test_tenants_text_is_escaped_wherever_it_stands() -> None:
    """A name that is markup is text, in the script's data and in the plain rows, and cannot end the script."""
    html = table_html(many([HOSTILE, HOSTILE]))
    assert "<img" not in html
    assert "alert(2)</script>" not in html
    assert data_of(html)[0][0].startswith("&lt;img src=x onerror=alert(1)&gt;&lt;/script&gt;")
    assert "\u202e" not in html
    assert html.count("</script>") == 1


def test_repeated_text_is_escaped_too() -> None:
    """Text that is written once for many rows stands in a function of the script, and is escaped there."""
    table = DataTable("few", "Few.", (Column("Wave", few=True), Column("N")), ((HOSTILE, 1), (HOSTILE, 2)))
    html = table_html(table)
    assert "<img" not in html
    assert html.count("</script>") == 1


def test_without_scripts_the_first_rows_stand_there() -> None:
    """On the auditor's page, which runs no script, the first rows are a plain table that says how many there are."""
    html = offline(table_html(many([f"user{number}" for number in range(400)])))
    assert "<script" not in html
    assert html.count("<tr>") == FIRST_ROWS + 1
    assert "The first 50 of 400." in html
    assert "http" not in html


def test_the_library_needs_no_address() -> None:
    """DataTables is put into the notebook itself; nothing in its script names an address, and the page leaves it out."""
    assert "http" not in library()
    assert "unpkg" not in library()
    assert offline(library()).strip() == ""
    assert len(library()) < 300_000


def test_what_a_step_mends_is_to_do(sixty: Told) -> None:
    """A cause that a step of the runbook mends is to do, with that step; a hold, which no step lifts, has failed."""
    rows = {row[-1]: row for row in sixty.cause_table().rows}
    assert (TO_DO, "step 100.3") == (rows["prepared-exchange-guid"][0], rows["prepared-exchange-guid"][7])
    assert (VERDICTS["fail"], "") == (rows["mailbox-not-held"][0], rows["mailbox-not-held"][7])
    assert rows["mailbox-not-held"][3] == 10


def test_every_finding_has_a_line_of_its_own(sixty: Told) -> None:
    """Findings are not folded: each user who is held has a line, and lines of what holds are left out."""
    held = [row for row in sixty.finding_table().rows if row[4] == "Litigation Hold"]
    assert [row[1] for row in held] == [address(number) for number in range(10, 20)]
    assert len(sixty.finding_table().rows) == len(sixty.left)


def test_every_user_has_one_line_the_worst_first(sixty: Told) -> None:
    """Each line of users.csv is there once; who is held comes before who is to be prepared, and both before the others."""
    rows = sixty.mailbox_table().rows
    assert sorted(row[1] for row in rows) == [address(number) for number in range(60)]
    words = [row[0].text for row in rows]
    assert words == ["failed"] * 10 + ["to do"] * 10 + ["warned"] * 10 + ["right"] * 30


def test_waves_count_their_users(sixty: Told) -> None:
    """Each wave has a line with its users by state; together they are all users."""
    rows = sixty.wave_table().rows
    assert len(rows) == WAVES
    assert sum(row[2] for row in rows) == 60
    assert sum(sum(row[3:]) for row in rows) == 60


def test_a_user_whose_rule_saw_nothing_is_not_right() -> None:
    """Where a rule about users lacked an observation, no user is called right."""
    facts = observed(pairs(5)) | {"source.mailbox_states": refused()}
    assert {row[0].text for row in told(facts).mailbox_table().rows} == {"not observed"}


def test_nobody_is_not_clean() -> None:
    """An empty list of users is said to be empty, and not that nothing is wrong."""
    nobody = told(observed(world(source__chosen_users=[])))
    assert "Nobody is listed to move" in summary_card(nobody, SNAPSHOT, make_project(), offline=False)


def test_the_summary_says_what_was_not_observed() -> None:
    """A table that was refused is named with its reason; of an offline snapshot its age is said."""
    facts = observed(world()) | {"target.mail_users": refused()}
    card = summary_card(told(facts), SNAPSHOT, make_project(), offline=True)
    assert "target.mail_users" in card
    assert "the account may not read this" in card
    assert "Nobody is signed in." in card


def test_the_summary_of_a_clean_pair() -> None:
    """Where every rule holds, the card says so of what was judged, and shows nothing as failed."""
    card = summary_card(told(observed(pairs(3))), SNAPSHOT, make_project(), offline=False)
    assert "Nothing stands in the way of what was judged." in card
    assert "✕" not in card


def test_one_users_card_shows_both_objects() -> None:
    """The card marks the attribute that differs, names what is left to do, and escapes what a tenant wrote."""
    tables = world(**HELD)
    tables["source.mailboxes"][0] |= {"DisplayName": HOSTILE}
    facts = observed(tables)
    pair = side_by_side("Lara.Newton@contoso.com", facts, make_project(), NOW)
    assert pair is not None
    card = pair_card(pair, told(facts).findings_of(pair.user), make_project())
    assert "1 attribute of" in card
    assert "✕ differs" in card
    assert "Whether it may be lifted is a legal decision" in card
    assert "&lt;img" in card
    assert "<img" not in card


def test_a_user_without_an_object_is_to_be_created() -> None:
    """Before section 100 nothing is in the target: the card says so, and which step makes it."""
    facts = observed(world(**NOBODY))
    pair = side_by_side("Lara.Newton@contoso.com", facts, make_project(), NOW)
    assert pair is not None
    card = pair_card(pair, told(facts).findings_of(pair.user), make_project())
    assert "nothing is there yet" in card
    assert "step 100.2" in card


def test_what_changed_is_told_and_what_stayed_is_not() -> None:
    """Of two snapshots a new hold is a new finding and a changed attribute; all else is a number."""
    before, after = observed(world()), observed(world(**HELD))
    drift = compare(before, after, make_project(), NOW)
    assert [(row[0].text, row[2]) for row in drifted_findings(drift).rows] == [
        ("new", "No mailbox that moves is under a hold")
    ]
    assert [row[3:] for row in drifted_attributes(drift).rows] == [
        ("mailbox states", "LitigationHoldEnabled", "false", "true")
    ]
    assert "What has changed since then" in drift_card(drift, SNAPSHOT, make_project())
    assert compare(before, before, make_project(), NOW).is_still


def test_words_of_the_states_differ() -> None:
    """Each state has a word of its own, so that a filter by it finds no other."""
    words = [word.text for word in STATES.values()]
    assert len(set(words)) == len(words)
