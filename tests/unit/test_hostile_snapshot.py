"""The worst names, from the store through the rules into everything that an assessment hands out."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW
from hostile_text import NAMES, Page, bare, formulas, literals
from many_facts import many, project_for

from xtmig_kernel.cli_assess import as_csv, as_data, plain
from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Observed
from xtmig_kernel.jupyter.data_tables import Column, DataTable, table_html
from xtmig_kernel.powershell.lines import literal
from xtmig_kernel.project.cells import plain_cell
from xtmig_kernel.rules.assessment import assess
from xtmig_kernel.runs.assess import Assessed
from xtmig_kernel.runs.pseudonymise import Pseudonymised
from xtmig_kernel.runs.snapshot_tenants import tenants_of
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from pathlib import Path

WORST = (*NAMES.values(), "half \ud83d xhost", "nul \x00 xhost", "\ufeffmark xhost", "''=xhost", "\u0300\u0301xhost",
         "back\\slash' \\u003c/script>xhost", "</table></td><script>xhost()</script>", "\u2066xhost\u2069")  # fmt: skip
LETTERS = "ab é'\"<>&=+-@\t`$(){}[]|;%\\/,\u202e\u2028\u0000\U0001f600\ud800\u05d0\u4e00\ufffe\u00ad0"
LOCAL = (
    "=cmd|xhost",
    "+1+xhost",
    "-2-xhost",
    "o'neil-xhost",
    "`xhost`",
    "{xhost}",
    "%xhost%",
    "a&b-xhost",
    "\u2019xhost",
)
"""Parts before the @ that Exchange takes, or that a broken directory may hold."""


def name_of(number: int) -> str:
    """A name of its own for each person: the worst ones, then ones drawn from the worst letters."""
    if number < len(WORST):
        return WORST[number]
    letters = random.Random(number)
    return "".join(letters.choice(LETTERS) for _ in range(letters.randint(1, 40))) + f" xhost{number}"


def worst(number: int, rows: dict[str, dict[str, Any]]) -> None:
    """Everybody has such a name wherever a name can stand, such an address, and a mailbox on hold."""
    name = name_of(number)
    address = f"{LOCAL[number % len(LOCAL)]}{number}@contoso.com"
    old = str(rows["source.mailboxes"]["PrimarySmtpAddress"])
    for row in rows.values():
        for column, value in row.items():
            if column in ("DisplayName", "FirstName", "LastName", "Remark"):
                row[column] = name
            elif value == old:
                row[column] = address
            elif column == "SmtpAddresses":
                row[column] = sorted(address if item == old else item for item in value)
    rows["source.mailboxes"]["OtherAddresses"] = [f"SIP:{name}"]
    rows["source.mailbox_states"]["LitigationHoldEnabled"] = True


class Hostile:
    """So many people, what the store gives back of them, and what is found."""

    def __init__(self, folder: Path, people: int) -> None:
        self.people = people
        self.tables = many(people, worst)
        self.project = project_for(people)
        store = SnapshotStore(folder)
        snapshot = store.begin(NOW, {"name": name_of(0)})
        for fact, rows in self.tables.items():
            store.keep(snapshot, fact, Observed(tuple(rows), NOW, "made"), [as_text(NOW)] * len(rows))
        store.finish(snapshot, NOW + timedelta(minutes=1))
        self.facts = store.facts(snapshot)
        found = assess(self.facts, self.project, NOW)
        self.assessed = Assessed(self.project, store.all()[0], True, self.facts, found, {})

    @property
    def addresses(self) -> set[str]:
        return {str(row["SourceAddress"]) for row in self.tables["source.chosen_users"]}


@pytest.fixture(scope="module", params=[60, pytest.param(20_000, marks=pytest.mark.deep)])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    return Hostile(tmp_path_factory.mktemp("hostile"), request.param)


def test_the_store_gives_back_every_name(hostile: Hostile) -> None:
    """Every row of every table comes back character by character, halves of surrogate pairs included."""
    for fact, rows in hostile.tables.items():
        found = hostile.facts[fact]
        assert isinstance(found, Observed)
        assert list(found.value) == rows, fact


def test_every_defect_is_found(hostile: Hostile) -> None:
    """Nobody is lost to a name: each mailbox on hold has its finding."""
    held = {
        f.subject
        for f in hostile.assessed.assessment.findings
        if f.rule == "mailbox-not-held" and f.verdict.kind == "fail"
    }
    assert held == hostile.addresses


def test_json_holds_every_finding(hostile: Hostile) -> None:
    """The answer as JSON is read back as it was."""
    data = as_data(hostile.assessed)
    assert json.loads(json.dumps(data)) == data
    subjects = {finding["subject"] for finding in data["assessment"]["findings"]}
    assert hostile.addresses <= subjects


def test_no_cell_is_a_formula(hostile: Hostile) -> None:
    """No cell of the CSV file is one that a spreadsheet would calculate, and every subject can be read back from it."""
    text = as_csv(hostile.assessed)
    assert formulas(text) == []
    text.encode("utf-8")
    cells = {
        plain_cell(cell) for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row
    }
    assert {plain(address) for address in hostile.addresses} <= cells


def test_a_table_shows_names_as_text(hostile: Hostile) -> None:
    """In a table of a notebook nothing of a name comes alive, and the first rows are there to be read."""
    rows = tuple(
        (plain(row["DisplayName"]), plain(row["PrimarySmtpAddress"])) for row in hostile.tables["source.mailboxes"]
    )
    page = Page(table_html(DataTable("worst", "The worst names", (Column("Name"), Column("Address")), rows)))
    alive = [one for one in page.alive if not one.startswith("<script>")]
    assert alive == []
    assert rows[7][1] in page.text


def test_a_script_that_fills_a_table_cannot_be_left(hostile: Hostile) -> None:
    """What tells the table its rows is JSON in a script, and no name can end that script."""
    rows = tuple((plain(row["DisplayName"]), "x") for row in hostile.tables["source.mailboxes"])
    html = table_html(DataTable("worst", "The worst names", (Column("Name"), Column("Address")), rows))
    inside = html.partition("<script>(async")[2]
    assert inside.count("</script") == 1
    assert inside.rstrip().endswith("</script>")


def test_names_are_literals_of_powershell(hostile: Hostile) -> None:
    """A name in a script is one literal that reads as the name, and nothing of it stands outside."""
    names = {str(row["DisplayName"]) for row in hostile.tables["source.mailboxes"]}
    names = {name for name in names if name.isprintable()}
    script = "\n".join(f"Set-Mailbox -Identity {literal(name)}" for name in sorted(names))
    assert bare(script) == []
    assert names <= set(literals(script))


def test_the_names_have_pseudonyms_and_can_be_rehearsed(hostile: Hostile) -> None:
    """A tenants file can be made of them, and with pseudonyms no word of a name is left."""
    made = tenants_of(hostile.facts, hostile.project, {})
    assert len(made.tenants["source"]["mailboxes"]) == hostile.people
    other = Pseudonymised(hostile.facts, hostile.project)
    text = json.dumps([row for fact in other.facts.values() if isinstance(fact, Observed) for row in fact.value])
    assert "xhost" not in text.lower()
