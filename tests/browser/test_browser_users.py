"""The users table of notebook 090 in a real JupyterLab, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser_walk import Walk
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person
    from simulator_process import SimulatorProcess

pytestmark = pytest.mark.browser

ADDRESS = 2  # the second cell of a row is the source address


def test_users_table_is_searched_and_sorted_by_keyboard(
    person: Person, simulator: SimulatorProcess, project: Path
) -> None:
    """Typing into the search leaves the rows that hold it; Enter on a heading sorts by it, and again turns it round."""
    walk = Walk(person, simulator, project)
    walk.open("090-match-users.ipynb", "source", "target")
    table = walk.looked("090.3").get_by_role("region", name="Who in the source becomes whom in the target")
    rows = table.locator("tbody tr:visible")
    addresses = table.locator(f"tbody tr > :nth-child({ADDRESS})")
    everybody = rows.count()
    assert everybody > 1

    search = person.cell('section["090.3"]').get_by_role("searchbox", name="Search in Users")
    search.press_sequentially("lara.newton", delay=15)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Lara.Newton@northwindtraders.com")
    search.fill("")
    expect(rows).to_have_count(everybody)

    heading = table.get_by_role("columnheader", name="Source address")
    heading.get_by_role("button").focus()
    person.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    upwards = addresses.all_inner_texts()
    assert sorted(upwards, key=str.casefold) == upwards
    person.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    assert upwards[::-1] == addresses.all_inner_texts()
