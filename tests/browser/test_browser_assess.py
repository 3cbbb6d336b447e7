"""Notebook 040 in a real JupyterLab, on a stored snapshot: thousands of rows, and one user's card."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
from core_facts import NOW, settings
from many_pairs import address, pairs, spoiled
from playwright.sync_api import expect

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory.collecting import about
from xtmig_kernel.project import load_project
from xtmig_kernel.runs.folder import new_project
from xtmig_kernel.store import SnapshotStore

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
    tables["source.mailboxes"][0]["DisplayName"] = SCRIPT
    tables["source.chosen_users"][1]["Wave"] = SCRIPT
    store = SnapshotStore(folder)
    snapshot = store.begin(NOW, about(load_project(folder), {}))
    for fact, rows in tables.items():
        store.keep(snapshot, fact, Observed(tuple(rows), NOW, f"read of {fact}"), [as_text(NOW)] * len(rows))
    store.finish(snapshot, NOW)
    return folder


def shown(cell: Locator, caption: str) -> Locator:
    """A table of a cell, once it is sorted and paged by DataTables."""
    table = cell.locator(".data", has_text=caption).last
    expect(table.locator(".dt-info").first).to_be_visible()
    return table


def test_thousands_of_rows_sort_filter_and_page(person: Person) -> None:
    """10,000 mailboxes and more than 3,000 findings are sorted, filtered and paged; what tenants wrote stays text."""
    person.open("040-assess.ipynb")
    for text in ('open_notebook("040"', 'section["040.1"]', 'section["040.2"]'):
        person.picture("cell", person.run(text))
    summary = person.run("assessment.summary()")
    expect(summary.locator(".xtmig").last).to_contain_text("Nobody is signed in")
    expect(summary.locator(".xtmig").last).to_contain_text("10,000 mailboxes to move, of 10,000 users listed")
    person.picture("summary", summary)

    causes = person.run("assessment.by_cause()")
    held = shown(causes, "By cause").locator("tbody tr", has_text="mailbox-not-held")
    expect(held).to_contain_text("✕ failed")
    expect(held).to_contain_text(f"{EACH}")
    expect(shown(causes, "By cause").locator("tbody tr", has_text="prepared-exchange-guid")).to_contain_text("◇ to do")
    findings = shown(causes, "Every finding")
    person.picture("causes", causes)
    total = int(re.sub(r"\D", "", re.search(r"of ([\d,]+) entr", findings.locator(".dt-info").inner_text())[1]))
    assert total >= 3 * EACH
    findings.get_by_placeholder("About").fill(address(EACH + 7))
    expect(findings.locator("tbody tr")).to_have_count(1)
    expect(findings.locator("tbody tr")).to_contain_text("Litigation Hold")

    mailboxes = person.run("assessment.by_mailbox()")
    table = shown(mailboxes, "By mailbox")
    expect(table.locator(".dt-info")).to_contain_text("10,000")
    person.picture("mailboxes", mailboxes)
    person.picture("end")


if os.environ.get("XTMIG_NARROW"):  # pragma: no cover
    pass
