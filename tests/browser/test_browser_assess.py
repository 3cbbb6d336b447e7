"""Notebook 040 in a real JupyterLab, on a stored snapshot: thousands of rows, and one user's card."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from core_facts import NOW, settings
from many_pairs import address, keep, pairs, spoiled
from playwright.sync_api import expect

from xtmig_kernel.runs.folder import new_project

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.deep]

USERS, EACH = 10_000, 1_000
SCRIPT = "<img src=x onerror=\"document.title='run'\"></script><script>document.title='run'</script>"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of which nobody is signed in; what both tenants were lies in its folder."""
    folder = tmp_path / "project"
    new_project(folder, settings())
    tables = spoiled(pairs(USERS), EACH)
    tables["source.mailboxes"][EACH + 7]["DisplayName"] = SCRIPT
    tables["source.chosen_users"][EACH + 7]["Wave"] = SCRIPT
    keep(folder, tables, NOW)
    return folder


def shown(cell: Locator, caption: str) -> Locator:
    """A table of a cell, once it can be sorted and paged."""
    table = cell.locator(".data", has_text=caption).last
    table.locator("[data-ready=yes]").wait_for()
    return table


def rows(table: Locator) -> Locator:
    return table.locator("tbody tr")


def number_of(table: Locator) -> int:
    """How many rows a table says that it has, whatever page it shows."""
    found = re.search(r"of ([\d,]+) entr", table.locator(".dt-info").inner_text())
    assert found
    return int(found[1].replace(",", ""))


def test_thousands_of_rows_sort_filter_and_page(person: Person) -> None:
    """10,000 mailboxes and more than 3,000 findings are sorted, filtered and paged; what tenants wrote stays text."""
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open("040-assess.ipynb")
    for text in ('open_notebook("040"', 'section["040.1"]', 'section["040.2"]'):
        person.run(text)
    summary = person.run("assessment.summary()")
    expect(summary).to_contain_text("Nobody is signed in.")
    expect(summary).to_contain_text("10,000 mailboxes to move, of 10,000 users listed.")
    person.picture("summary", summary)

    causes = person.run("assessment.by_cause()")
    by_cause, findings = shown(causes, "By cause"), shown(causes, "Every finding")
    expect(rows(by_cause).filter(has_text="mailbox-not-held")).to_contain_text("✕ failed")
    expect(rows(by_cause).filter(has_text="prepared-exchange-guid")).to_contain_text("◇ to do")
    person.picture("causes", causes)
    assert number_of(findings) >= 3 * EACH
    person.type(findings.get_by_placeholder("About"), address(EACH + 7))
    expect(rows(findings)).to_have_count(1)
    expect(rows(findings)).to_contain_text("Litigation Hold")

    mailboxes = person.run("assessment.by_mailbox()")
    table = shown(mailboxes, "By mailbox")
    assert number_of(table) == USERS
    expect(rows(table).first).to_contain_text("✕ failed")
    table.locator("thead th", has_text="User").click()
    expect(rows(table).first).to_contain_text(address(0))
    table.locator("thead th", has_text="User").click()
    expect(rows(table).first).to_contain_text(address(USERS - 1))
    table.locator(".dt-paging-button.last").click()
    expect(rows(table).last).to_contain_text(address(0))
    person.type(table.get_by_role("searchbox").first, address(EACH + 7))
    expect(rows(table)).to_have_count(1)
    expect(rows(table)).to_contain_text(SCRIPT)
    person.picture("mailboxes", mailboxes)

    card = person.run("assessment.one_mailbox()")
    person.type(card.get_by_role("combobox").first, address(EACH + 7))
    pair = card.get_by_role("region", name="Both objects of this user")
    expect(rows(pair).filter(has_text="Holds")).to_contain_text("✕ differs")
    expect(rows(pair).filter(has_text="ExchangeGuid")).to_contain_text("✓ as expected")
    expect(card).to_contain_text(SCRIPT)
    person.picture("card", card)

    waves = person.run("assessment.by_wave()")
    assert number_of(shown(waves, "By wave")) == 21
    person.picture("waves", waves)
    assert person.page.title() != "run"
    assert [url for url in asked if not url.startswith((person.address, "blob:", "data:"))] == []
