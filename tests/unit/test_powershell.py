from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from core_facts import APP_ID, TARGET_ID, make_project, planned
from hypothesis import given
from hypothesis import strategies as st

from xtmig_kernel.changes import (
    Call,
    Change,
    Credential,
    CsvBytes,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    NewPassword,
    ReferredSecret,
    Subject,
)
from xtmig_kernel.powershell import Script, call_line, change_lines, literal, quoted

QUOTES = "'\u2018\u2019\u201a\u201b"
APPLICATION = Subject("target", "applications", (("UniqueName", "O'Brien"),), "application O'Brien")
APP_ID_LATER = Later(APPLICATION, "AppId")
CONNECT = {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.com"}


def read_literal(text: str, start: int = 0) -> tuple[str, int]:
    """Read a single-quoted literal as PowerShell does: any two quotes in a row stand for the second one.

    Returns the text and the place after the closing quote.
    """
    assert text[start] in QUOTES
    place, content = start + 1, ""
    while place < len(text):
        if text[place] not in QUOTES:
            content += text[place]
            place += 1
        elif place + 1 < len(text) and text[place + 1] in QUOTES:
            content += text[place + 1]
            place += 2
        else:
            return content, place + 1
    raise AssertionError("the literal does not end")


@given(st.text())
def test_every_text_reads_back(text: str) -> None:
    """Whatever a tenant names its objects, PowerShell reads back exactly that text and nothing after it."""
    line = quoted(text)
    assert (text, len(line)) == read_literal(line)


@given(st.text(alphabet=QUOTES + '$`\r\n a"@({;#', max_size=12))
def test_hostile_texts_read_back(text: str) -> None:
    """Quotes of all five kinds, line breaks, dollar signs and backticks cannot end a literal early."""
    line = quoted(text)
    assert (text, len(line)) == read_literal(line)


@pytest.mark.parametrize("quote", QUOTES)
def test_five_quotes_are_doubled(quote: str) -> None:
    """PowerShell takes five characters for a single quote; each is doubled as itself."""
    assert quoted(f"a{quote}b") == f"'a{quote}{quote}b'"


@pytest.mark.parametrize("text", ["$env:PATH", "`n", "$(Remove-Mailbox x)", 'a"b'])
def test_nothing_is_expanded(text: str) -> None:
    """In a single-quoted literal dollar, backtick and double quote are plain characters."""
    assert quoted(text) == f"'{text}'"


@given(st.lists(st.text(max_size=5), max_size=4))
def test_lists_read_back(values: list[str]) -> None:
    """Every value of a list is a literal of its own."""
    text = literal(values)
    assert text.startswith("@(")
    place, found = 2, []
    while text[place] != ")":
        value, place = read_literal(text, place)
        found.append(value)
        place += 2 if text[place] == "," else 0
    assert (values, len(text) - 1) == (found, place)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "$true"),
        (False, "$false"),
        (None, "$null"),
        (7, "7"),
        ([], "@()"),
        (["a", "b'c"], "@('a', 'b''c')"),
        ({"Add": ["smtp:x@y"]}, "@{'Add' = @('smtp:x@y')}"),
    ],
)
def test_literals(value: Any, expected: str) -> None:
    """Each kind of value is written as PowerShell writes it."""
    assert expected == literal(value)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (ExchangeCall("Enable-OrganizationCustomization"), "Enable-OrganizationCustomization"),
        (ExchangeCall("Set-X", {"Enabled": True, "Other": False}), "Set-X -Enabled:$true -Other:$false"),
        (ExchangeCall("Set-X", {"DomainNames": ["a", "b"]}), "Set-X -DomainNames @('a', 'b')"),
        (ExchangeCall("Set-X", {"Scopes": {"Add": "g"}}), "Set-X -Scopes @{'Add' = 'g'}"),
        (ExchangeCall("Set-X", {"ApplicationId": APP_ID_LATER}), "Set-X -ApplicationId <AppId of application O'Brien>"),
    ],
    ids=["none", "bool", "list", "hashtable", "later"],
)
def test_call_lines(call: Call, expected: str) -> None:
    """A cmdlet reads as an administrator would type it."""
    assert expected == call_line(call)


@pytest.mark.parametrize("secret", [MintedSecret(), ReferredSecret("env:XTMIG_SECRET")])
def test_credentials_show_no_secret(secret: MintedSecret | ReferredSecret) -> None:
    """A credential reads as a variable, wherever its secret comes from."""
    call = ExchangeCall("New-MigrationEndpoint", {"Credentials": Credential(APP_ID, secret)})
    assert call_line(call) == "New-MigrationEndpoint -Credentials $Credential"


def test_graph_path_takes_its_values() -> None:
    """A Graph request names the object in its path."""
    call = GraphCall("POST", "/applications/{id}/addPassword", {"id": "x-1"})
    assert call_line(call) == "Invoke-MgGraphRequest -Method POST -Uri 'v1.0/applications/x-1/addPassword'"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=3))
def test_graph_bodies_read_back(body: dict[str, str]) -> None:
    """The JSON of a Graph body is one literal, which reads back as that JSON."""
    line = call_line(GraphCall("POST", "/x", body=body))
    start = line.index("-Body (") + len("-Body (")
    text, end = read_literal(line, start)
    assert (body, ")") == (json.loads(text), line[end:])


def test_graph_body_with_later_values() -> None:
    """A value that is not yet known breaks the literal and is put in by PowerShell."""
    principal = Later(Subject("target", "service_principals", (("AppId", APP_ID),), "principal"), "Id")
    call = GraphCall("POST", "/x", body={"principalId": principal, "appRoleId": "r", "again": principal})
    line = call_line(call, lambda _value: "$Known1")
    expected = """('{"principalId": "' + $Known1 + '", "appRoleId": "r", "again": "' + $Known1 + '"}')"""
    assert line.endswith("-Body " + expected)


def script(title: str, changes: list[Change], connect: dict[str, str]) -> str:
    return Script("070", title, "target", connect["tenant_id"], connect["domain"], tuple(changes)).text("r.json")


def a_change(*calls: Call, title: str = "Do it", undo: str = "Undo it") -> Change:
    subject = Subject("target", "migration_endpoints", (("Identity", "m"),), "endpoint m")
    return Change("070.2", "target", TARGET_ID, subject, title, None, {"x": 1}, calls, Level.UNDOABLE, undo, ())


def test_script_proves_the_tenant_before_it_writes() -> None:
    """A script stops at the first error, connects, and proves both sessions' tenants before its first change."""
    lines = script("Title", [a_change(ExchangeCall("Enable-OrganizationCustomization"))], CONNECT).splitlines()
    places = [
        next(number for number, line in enumerate(lines) if part in line)
        for part in (
            "$ErrorActionPreference = 'Stop'",
            f"$TenantId = '{TARGET_ID}'",
            "Connect-ExchangeOnline",
            "Get-ConnectionInformation",
            "Connect-MgGraph",
            "Get-MgContext",
            "Enable-OrganizationCustomization",
        )
    ]
    assert sorted(places) == places


def test_script_keeps_the_order_of_changes() -> None:
    """The changes stand in the order in which they are to be made."""
    text = script("T", [a_change(ExchangeCall("Set-User", {"Identity": name})) for name in ("first", "then")], CONNECT)
    assert text.index("Set-User -Identity 'first'") < text.index("Set-User -Identity 'then'")


def a_script(**what: Any) -> Script:
    return Script("070", "T", "target", CONNECT["tenant_id"], CONNECT["domain"], **what)


def test_a_question_tells_who_has_approved() -> None:
    """The question before a step tells how many of its changes xtmig knows to be approved, by whom and until when."""
    change = replace(a_change(ExchangeCall("Set-User", {"Identity": "u"})), level=Level.SECOND_PERSON)
    question = "Step 070.2, 1 change: Do it. This needs the approval of a second person; {}, as far as xtmig knows."
    assert question.format("none approved") in a_script(changes=(change,)).text("r.json")
    approved = a_script(changes=(change,), approved=((change.hash, "a@x until then"),)).text("r.json")
    assert question.format("1 approved by a@x until then") in approved


def test_what_is_left_out_is_named_and_not_called() -> None:
    """A change that is held back stands in the script as a comment, whatever its title holds."""
    text = a_script(left_out=(("a\nRemove-Mailbox x", "b\nRemove-Mailbox y"),)).text("r.json")
    assert "# Left out: a Remove-Mailbox x" in text
    assert "is held back until this holds: b Remove-Mailbox y" in text
    assert [] == [line for line in text.splitlines() if line.startswith("Remove-")]


@pytest.mark.parametrize("text", ["a\nRemove-Mailbox x", "a\r\nRemove-Mailbox x", "a\u2028Remove-Mailbox x"])
def test_comments_stay_comments(text: str) -> None:
    """A title that holds a line break cannot become a command of the script."""
    lines = script(
        text, [a_change(ExchangeCall("Enable-OrganizationCustomization"), title=text, undo=text)], CONNECT
    ).splitlines()
    assert [line for line in lines if line.startswith("Remove-")] == []


def test_script_of_the_endpoint_mints_before_it_uses() -> None:
    """The endpoint's script makes the secret, wraps it, forgets its text, and only then creates the endpoint."""
    (change,) = planned("070.2", target__migration_endpoints=[], target__application_credentials=[])
    lines = script("T", [change], CONNECT).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("$Minted ="))
    assert lines[first].startswith("$Minted = Invoke-MgGraphRequest -Method POST")
    assert lines[first + 2] == "$Secret = ConvertTo-SecureString $Minted.secretText -AsPlainText -Force"
    assert lines[first + 4] == "Remove-Variable Minted"
    assert lines[first + 5] == f"$Credential = [System.Management.Automation.PSCredential]::new('{APP_ID}', $Secret)"
    assert lines[first + 6].startswith("try { Invoke-Accepted { New-MigrationEndpoint ")


def test_script_asks_for_a_provided_secret() -> None:
    """A script never holds a reference to a secret; the administrator types the secret in."""
    project = make_project(secret={"origin": "provided", "reference": "env:XTMIG_SECRET"})
    (change,) = planned("070.2", project, target__migration_endpoints=[])
    text = script("T", [change], CONNECT)
    assert "$Secret = Read-Host 'Secret of the migration application' -AsSecureString" in text
    assert "XTMIG_SECRET" not in text


def test_script_looks_unknown_values_up() -> None:
    """A value that is not known when the script is written is read from Graph when it runs."""
    text = script(
        "T", [a_change(ExchangeCall("New-MigrationEndpoint", {"Name": "m", "ApplicationId": APP_ID_LATER}))], CONNECT
    )
    assert (
        "$Known1 = (Invoke-MgGraphRequest -Method GET -Uri 'v1.0/applications(uniqueName=''O''''Brien'')').appId"
        in text
    )
    assert "New-MigrationEndpoint -Name 'm' -ApplicationId $Known1" in text


def test_script_may_do_what_it_does() -> None:
    """The Graph session asks for the permissions that registering and consenting need (wire 4.1, 4.4)."""
    grant = a_change(GraphCall("POST", "/servicePrincipals/{id}/appRoleAssignments", {"id": "1"}, {"appRoleId": "2"}))
    (line,) = [line for line in script("T", [grant], CONNECT).splitlines() if line.startswith("Connect-MgGraph")]
    assert [name for name in ("Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All") if name not in line] == []
    (less,) = [line for line in script("T", [], CONNECT).splitlines() if line.startswith("Connect-MgGraph")]
    assert "AppRoleAssignment" not in less
    assert "LicenseAssignment" not in less


def test_script_may_license() -> None:
    """A script that gives out licences asks for the permissions that this needs, and no other does (wire 4.8)."""
    licence = a_change(GraphCall("POST", "/users/{id}/assignLicense", {"id": "1"}, {"addLicenses": []}))
    location = a_change(GraphCall("PATCH", "/users/{id}", {"id": "1"}, {"usageLocation": "IE"}))
    (line,) = [x for x in script("T", [licence, location], CONNECT).splitlines() if x.startswith("Connect-MgGraph")]
    assert [name for name in ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All") if name not in line] == []


def graph_address(change: Change) -> str:
    line = change_lines(change)[0]
    return read_literal(line, line.index("-Uri ") + len("-Uri "))[0]


def test_path_values_are_percent_encoded() -> None:
    """A name with a character that has a meaning in addresses stays one name in the script's address."""
    (change,) = planned("050.1", make_project(names__application="A#1 & 100%"), target__applications=[])
    address = graph_address(change)
    assert unquote(address) == "v1.0/applications(uniqueName='A#1 & 100%')"
    assert "#" not in address


def test_name_with_apostrophe_in_a_path() -> None:
    """A quote in an OData key is doubled once."""
    (change,) = planned("050.1", make_project(names__application="O'Brien"), target__applications=[])
    assert unquote(graph_address(change)) == "v1.0/applications(uniqueName='O''Brien')"


@given(st.lists(st.text(alphabet=QUOTES + "ab@,.", min_size=1, max_size=6), min_size=1, max_size=4))
def test_csv_is_one_line_of_literals(lines: list[str]) -> None:
    """A CSV becomes bytes where the script runs; each of its lines reads back, and the call stays on one line."""
    text = literal(CsvBytes(tuple(lines)))
    start, end = "([System.Text.Encoding]::UTF8.GetBytes((@(", ') -join "`r`n")))'
    assert text.startswith(start)
    assert text.endswith(end)
    rest, found = text[len(start) : -len(end)], []
    while rest:
        value, place = read_literal(rest)
        found.append(value)
        rest = rest[place:].removeprefix(", ")
    assert (lines, "\n" in text) == (found, False)


def test_a_password_for_nobody_is_made_where_the_script_runs() -> None:
    """A first password that is discarded is made by the script itself, and nobody is asked."""
    line = call_line(
        ExchangeCall("New-MailUser", {"Password": NewPassword("discard", "lara@northwindtraders.com", 16)})
    )
    assert "Read-Host" not in line
    assert "-Password (ConvertTo-SecureString ([guid]::NewGuid()" in line
    assert line.endswith("-Force)")


def test_a_password_for_somebody_is_asked_for() -> None:
    """A first password that somebody is to have is typed in where the script runs, never written into it."""
    line = call_line(
        ExchangeCall("New-MailUser", {"Password": NewPassword("keyring:users", "lara@northwindtraders.com", 16)})
    )
    assert line == "New-MailUser -Password (Read-Host 'First password' -AsSecureString)"
