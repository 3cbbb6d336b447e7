"""Every column that xtmig can hold is judged: personal or not, and why it is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from xtmig_kernel.tables import TABLES
from xtmig_kernel.tables.held import WHY
from xtmig_kernel.tables.personal import NOT_HERE, ONLY_HERE, PERSONAL, PLAIN, personal

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "data-held.md"
COLUMNS = [(table.name, column) for table in TABLES for column in table.columns]


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_every_column_is_judged(table: str) -> None:
    """A new column of a table is listed as personal or as plain before it can be held, with the reason of its table."""
    (columns,) = [item.columns for item in TABLES if item.name == table]
    for column in columns:
        personal(table, column)
    assert WHY[table]


def test_an_unjudged_column_is_found() -> None:
    """A column that nobody has judged is an error, never taken for plain."""
    with pytest.raises(KeyError):
        personal("mailboxes", "HomePhone")


def test_no_judgement_outlives_its_column() -> None:
    """What is listed is a column of a table, so that no judgement is left over for a column to come."""
    names = {column for _, column in COLUMNS}
    assert set(PERSONAL) - names == set()
    assert PLAIN - names == set()
    assert (NOT_HERE | set(ONLY_HERE)) - set(COLUMNS) == set()
    assert set(WHY) == {table.name for table in TABLES}
    assert set(PERSONAL) & PLAIN == set()


@pytest.mark.parametrize("column", ["DisplayName", "PrimarySmtpAddress", "LegacyExchangeDN", "ExchangeGuid", "Trustee"])
def test_what_names_a_person_is_personal(column: str) -> None:
    """Names, addresses, old directory names and ids of people's objects are personal wherever they stand for people."""
    assert {
        personal(table, name) is not None for table, name in COLUMNS if name == column and (table, name) not in NOT_HERE
    } == {True}


def test_the_page_lists_every_field() -> None:
    """The page has a line for each column of each table."""
    text = PAGE.read_text(encoding="utf-8")
    for table in TABLES:
        part = text.partition(f"### `{table.name}`\n")[2].partition("\n### ")[0]
        assert [column for column in table.columns if f"| `{column}` |" not in part] == [], table.name
