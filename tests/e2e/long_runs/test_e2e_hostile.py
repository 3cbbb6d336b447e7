"""A tenant full of hostile names passes through plan, apply, report, tables and scripts unharmed, and harms nothing."""

from __future__ import annotations

import csv
import io

import pytest
from e2e_hostile import GROUP, REMARK, VALUE, Passed
from hostile_text import NAMES, Page, bare, formulas, literals, short


def test_hostile_users_arrive_exactly(passed: Passed) -> None:
    """Each MailUser has its source mailbox's names, character for character."""
    rows = passed.place.simulator.state("target")["mail_users"]
    seen = {row["alias"]: tuple(row[n] for n in ("display_name", "first_name", "last_name")) for row in rows}
    expected = {alias: (name, short(name), short(name[::-1])) for alias, name in NAMES.items()}
    assert expected == {alias: seen.get(alias) for alias in NAMES}


def test_a_hostile_group_and_mark_arrive_exactly(passed: Passed) -> None:
    """The scope group with everybody in it has its name, and every mailbox its mark, character for character."""
    source = passed.place.simulator.state("source")
    (group,) = source["groups"]
    movers = [row for row in source["mailboxes"] if row["alias"] in NAMES]
    assert GROUP == group["name"]
    assert sorted(row["object_id"] for row in movers) == group["members"]
    assert {VALUE} == {row["custom_attributes"].get("1") for row in movers}


def test_nothing_of_a_name_comes_alive_on_a_page(passed: Passed) -> None:
    """No page of any archive holds an element, an attribute that acts, a script or a comment made of a name."""
    pages = [page for archive in passed.archives() for page in archive.rglob("*.html")]
    assert len(pages) >= 8
    assert {} == {page.name: alive for page in pages if (alive := Page(page.read_text(encoding="utf-8")).alive)}


@pytest.mark.parametrize("alias", ["quote", "markup", "attribute", "equals", "template"])
def test_a_page_shows_a_name_as_it_is(passed: Passed, alias: str) -> None:
    """What the page shows of a planned user is the name itself, so the test above says something."""
    page = Page((passed.plan.archive / "index.html").read_text(encoding="utf-8"))
    assert NAMES[alias].replace("'", "''") in page.text or NAMES[alias] in page.text


@pytest.mark.parametrize(
    "page",
    [
        "<p>a<xhost>b</p>",
        "<script>xhost()</script>",
        "<img src=x onerror=xhost()>",
        '<a href="javascript:xhost">x</a>',
        "<!-- xhost -->",
    ],
)
def test_a_name_that_came_alive_is_recognised(page: str) -> None:
    """The reader of pages sees each way in which a name can come alive."""
    assert Page(page).alive


def test_no_cell_of_a_table_is_a_formula(passed: Passed) -> None:
    """No table of the project or its archives has a cell that a spreadsheet would calculate."""
    tables = passed.tables()
    assert {"users.csv", "open-items.csv", "matching.csv"} <= {path.name for path in tables} | {"matching.csv"}
    found = {path.name: formulas(path.read_text(encoding="utf-8")) for path in tables}
    assert {} == {name: cells for name, cells in found.items() if cells}


def test_a_guarded_remark_is_still_the_same(passed: Passed) -> None:
    """A remark that looks like a formula keeps its guard in users.csv and loses nothing when the file is rewritten."""
    text = (passed.place.project / "users.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(NAMES) == len(rows)
    assert {f"'{REMARK}"} == {row["Remark"] for row in rows}
    assert {f"{alias}@northwindtraders.onmicrosoft.com" for alias in NAMES} == {row["TargetSignIn"] for row in rows}


def test_a_formula_is_recognised() -> None:
    """The reader of tables sees a formula in any cell, quoted or not."""
    assert ["=1", "@x", "-2"] == formulas('a,=1\n"@x",b\n,-2\n')


@pytest.mark.parametrize("alias", NAMES)
def test_a_script_holds_each_name_whole(passed: Passed, alias: str) -> None:
    """Read as PowerShell reads them, the literals of section 100's script are the names, character for character."""
    read = set(literals(passed.scripts["100-target.ps1"]))
    assert {NAMES[alias], short(NAMES[alias]), short(NAMES[alias][::-1])} <= read


def test_scripts_hold_group_and_mark_whole(passed: Passed) -> None:
    """The same is true of the scope group's name and of the mark in the scripts of sections 080 and 090."""
    assert GROUP in set(literals(passed.scripts["080-source.ps1"]))
    assert VALUE in set(literals(passed.scripts["090-source.ps1"]))


def test_nothing_of_a_name_stands_outside_a_literal(passed: Passed) -> None:
    """With literals and comments taken out, no script holds anything of a name: there is nothing to be run."""
    assert {} == {name: lines for name, script in passed.scripts.items() if (lines := bare(script))}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a 'b' 'c''d'", ["b", "c'd"]),
        ("x '\u2019\u2019y' # 'no'\n'z'", ["\u2019y", "z"]),
        ("'a\nb' 'c#d'", ["a\nb", "c#d"]),
        ("'a\u2019 b", ["a"]),
    ],
)
def test_literals_are_read_as_powershell_reads_them(script: str, expected: list[str]) -> None:
    """Five characters open and close a literal, doubled ones stand for one, and comments hold none."""
    assert expected == list(literals(script))


def test_no_run_stumbles_over_a_name(passed: Passed) -> None:
    """Neither run shows a traceback, and no change failed."""
    for run in (passed.plan, passed.apply):
        assert "Traceback" not in run.done.stderr
        assert {"failed": 0, "unknown": 0} == {k: run.result["run"]["changes"][k] for k in ("failed", "unknown")}
