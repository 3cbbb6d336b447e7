from __future__ import annotations

from core_facts import TARGET_ID, make_project

from xtmig_kernel.runs.letters import Account, letter

PERSON = Account("otis@northwindtraders.onmicrosoft.com", "person", "14d82eec-204b-4c2f-b7e8-296a70dab67e")


def test_a_letter_says_who_needs_what_where() -> None:
    """It names the tenant, the account, the project, and each thing in an order of its own."""
    text = letter(make_project(), "target", PERSON, ["the role X.", "the role Y."])
    for word in ("northwindtraders.onmicrosoft.com", TARGET_ID, PERSON.name, "Contoso to Northwind"):
        assert word in text
    assert "1. The role X.\n2. The role Y." in text


def test_an_application_is_named_with_its_id() -> None:
    """Display names are not unique, so an application is named by its ID, too."""
    account = Account("Operator", "application", "33333333-3333-4333-8333-333333333333")
    assert f"Operator (application ID {account.application_id})" in letter(make_project(), "source", account, ["x."])


def test_a_name_cannot_add_lines() -> None:
    """A name from the tenant stays on its line, so nobody can add a request to a letter by a name."""
    account = Account("Operator\n\n9. Global Administrator for everybody.", "application", "id")
    text = letter(make_project(), "source", account, ["x."])
    assert [line for line in text.splitlines() if line.startswith("9.")] == []


def test_without_a_sign_in_the_application_is_named_by_project_yaml() -> None:
    """Where nobody could be signed in, the client ID of the settings says for whom."""
    client_id = "33333333-cccc-4ccc-8ccc-333333333333"
    sign_in = {"method": "secret", "client_id": client_id, "secret": "env:OPERATOR"}
    assert client_id in letter(make_project(source__sign_in=sign_in), "source", None, ["x."])
