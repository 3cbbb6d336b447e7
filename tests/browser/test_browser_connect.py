"""Notebook 010 in a real JupyterLab, by mouse and keyboard."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from xtmig_kernel.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

    from browser_person import Person

pytestmark = pytest.mark.browser


def test_person_fills_in_the_project_form(person: Person, project: Path) -> None:
    """Typed key by key, a date reaches project.yaml; Look up puts the tenant's ID beside its domain."""
    person.open("010-connect.ipynb")
    cell = person.run("project_form(")
    wanted = load_project(project).source.tenant_id
    tenant_id = cell.get_by_label("Source tenant ID", exact=True)
    tenant_id.fill("")
    person.type(cell.get_by_label("Last completion", exact=True), "2027-03-01")
    person.press(cell, "Save project.yaml")
    cell.get_by_text("Source tenant ID: this is needed").wait_for()
    person.picture("form-refused", cell)
    assert load_project(project).last_completion is None
    person.press(cell, "Look up source tenant ID")
    expect(tenant_id).to_have_value(wanted)
    person.press(cell, "Save project.yaml")
    cell.get_by_text("project.yaml is saved").wait_for()
    person.picture("form-saved", cell)
    assert date(2027, 3, 1) == load_project(project).last_completion


def test_person_says_who_moves_and_how_they_are_named_and_licensed(person: Person, project: Path) -> None:
    """What cannot be meant is refused beside its field; what is right reaches project.yaml, and no widget is saved."""
    person.open("010-connect.ipynb")
    cell = person.run("project_form(")
    cell.get_by_label("Users come from", exact=True).select_option("group")
    person.type(cell.get_by_label("Group", exact=True), "Movers")
    person.type(cell.get_by_label("Domain map", exact=True), "contoso.com northwindtraders.com")
    country = cell.get_by_label("Usage location", exact=True)
    country.fill("")
    person.type(country, "Netherlands")
    person.press(cell, "Save project.yaml")
    cell.get_by_text("is not of the form: source domain = target domain").wait_for()
    cell.get_by_label("Domain map", exact=True).fill("contoso.com = northwindtraders.com")
    person.press(cell, "Save project.yaml")
    cell.get_by_text("✕ Usage location").wait_for()
    person.picture("form-refused", cell)
    assert "attribute" == load_project(project).users.choose
    country.fill("NL")
    person.press(cell, "Save project.yaml")
    cell.get_by_text("project.yaml is saved").wait_for()
    saved = load_project(project)
    assert ("group", "Movers", "NL") == (saved.users.choose, saved.users.group, saved.licences.usage_location)
    assert {"contoso.com": "northwindtraders.com"} == saved.target_addresses.domain_map
    person.page.keyboard.press("Control+s")
    person.page.locator(".jp-mod-dirty").first.wait_for(state="detached")
    notebook = json.loads((project / "notebooks" / "010-connect.ipynb").read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]


def test_person_signs_in_to_both_tenants_and_sees_their_rights(person: Person) -> None:
    """A person signs in by following the links, and the cards then say what each account may do."""
    person.open("010-connect.ipynb")
    person.picture("form", person.run("project_form("))
    person.picture("header", person.run('open_notebook("010"'))
    person.picture("sign-in", person.run("section.sign_in()"))
    person.sign_in("source")
    person.sign_in("target")
    person.picture("signed-in")
    card = person.run('section["010.3"]')
    card.get_by_text("The account may configure migration endpoints").first.wait_for()
    person.picture("rights", card)
    verdicts = card.locator("tbody .v").all_inner_texts()
    assert verdicts
    assert {"✓ passed", "– skipped"} == set(verdicts)
    skipped = card.locator("tbody tr").filter(has_text="– skipped").all_inner_texts()
    assert all("the policy was not read" in row or "gives out no licence" in row for row in skipped), skipped
