from __future__ import annotations

import json

import pytest

from xtmig_kernel.m365.shapes import (
    body_shape,
    cmdlet_of,
    header_names,
    key_of,
    kind_of,
    path_of,
    refusals_of,
    shape_of,
)

TENANT = "5c0e5c0e-0000-4000-8000-00000000c0de"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TENANT, "guid(36)"),
        ("Lara.Newton@contoso.com", "address(23)"),
        ("SMTP:Lara.Newton@contoso.com", "prefixed address(28)"),
        ("contoso.onmicrosoft.com", "domain(23)"),
        ("99 GB (106,300,440,576 bytes)", "size(29)"),
        ("2022-09-21T08:07:47.0000000+00:00", "time(33)"),
        ("Ex6F9304|Microsoft.Exchange.X|Lara is not here", "typed message(46)"),
        ("/o=ExchangeLabs/cn=Recipients", "x500(29)"),
        ("Unlimited", "word(9)"),
        ("Lara Newton", "text(11)"),
        ("\0\0\0", "NUL bytes(3)"),
        ("", "blank(0)"),
    ],
)
def test_a_value_becomes_its_kind_and_length(text: str, kind: str) -> None:
    """Of a value only what it is and how long it is remains."""
    assert kind_of(text) == kind


KEPT = (
    "value", "@odata.nextLink", "EmailAddresses@odata.type", "adminapi.warnings@odata.type", "@adminapi.errors",
    "$select", "CustomAttribute15", "error_description",
)  # fmt: skip
REPLACED = (
    TENANT, "contoso.com", "Lara Newton", "lara@contoso.com", "O'Neil", "extension_abc_name",
    "lara@odata.type.contoso.com", "a" * 60,
)  # fmt: skip


@pytest.mark.parametrize("key", KEPT)
def test_keys_of_interfaces_are_kept(key: str) -> None:
    """A JSON key that has the form of a property or of a note on one is kept."""
    assert key_of(key) == key


@pytest.mark.parametrize("key", REPLACED)
def test_other_keys_are_not(key: str) -> None:
    """A key that may be somebody's is replaced."""
    assert key_of(key) == "{key}"


def test_a_path_keeps_what_belongs_to_the_interface() -> None:
    """IDs, names and values of a path and its query are replaced, and the host is left out."""
    url = f"https://graph.microsoft.com/v1.0/applications(appId='{TENANT}')/owners?$filter=displayName eq 'Lara'"
    assert path_of(url) == "/v1.0/applications(appId={guid(36)})/{word(6)}?$filter=text(21)"


def test_lists_are_told_by_their_members() -> None:
    """A list tells how many members it has, and each shape among them once."""
    rows = [{"Id": 1, "Name": "Lara"}, {"Id": 2, "Name": "Anna"}, {"Id": None, "Name": "Anna"}]
    shapes = [{"Id": "number", "Name": "word(4)"}, {"Id": "null", "Name": "word(4)"}]
    assert shape_of(rows) == {"list of": 3, "shapes": shapes}


def test_a_password_has_no_length() -> None:
    """Wherever a secret stands under its usual name, nothing of it remains."""
    assert shape_of({"Password": "abc", "passwordCredential": {"secretText": "abcd"}}) == {
        "Password": "secret",
        "passwordCredential": {"secretText": "secret"},
    }
    assert body_shape(b"grant_type=refresh_token&refresh_token=abc", "application/x-www-form-urlencoded") == {
        "grant_type": "refresh_token",
        "refresh_token": "secret",
    }


def test_refusals_are_named_by_type() -> None:
    """Exception types and codes are kept in every recorded form; what they say of whom is not (F-17 to F-20)."""
    kind = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    typed = {"error": {"code": "NotFound", "details": [{"message": f"Ex1|{kind}|'Lara' is not on 'DC'."}]}}
    assert refusals_of(json.dumps(typed).encode(), None) == [kind, "NotFound"]
    as_json = {"error": {"code": "x", "details": [{"message": json.dumps({"Message": "Lara", "TypeName": kind})}]}}
    assert refusals_of(json.dumps(as_json).encode(), None) == [kind]
    assert refusals_of(b"\0\0\0", "CmdletAccessDeniedException") == ["CmdletAccessDeniedException"]
    oauth = {"error": "invalid_grant", "error_description": "AADSTS53003: lara@contoso.com is blocked."}
    assert refusals_of(json.dumps(oauth).encode(), None) == ["invalid_grant", "AADSTS53003"]


def test_what_is_no_type_is_not_kept() -> None:
    """A text in the place of a type, and a header or a cmdlet that is none, are left out."""
    typed = {"error": {"code": "Lara Newton", "details": [{"message": "Ex1|Lara Newton|text"}]}}
    assert refusals_of(json.dumps(typed).encode(), "Lara Newton") == []
    assert cmdlet_of("lara@contoso.com") is None
    assert header_names({"X-Lara@contoso.com": "", "Retry-After": "1"}) == ["Retry-After", "{header}"]
