"""Notebook 010 in a real JupyterLab, by mouse and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser_person import Person

pytestmark = pytest.mark.browser


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
    assert {"✓ passed"} == set(verdicts)
