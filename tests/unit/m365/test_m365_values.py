"""Exchange's values, the module file's text, ports, claims challenges: what is pure."""

from __future__ import annotations

import base64
import json

import pytest

from xtmig_kernel.errors import AccessDenied, NotFound, Rejected, SignInError, Throttled, Unavailable
from xtmig_kernel.evidence import Reason
from xtmig_kernel.m365 import TimedOut, UncertainWrite, as_reason, size_bytes
from xtmig_kernel.m365.exchange_contract import CONFIRMS, writes
from xtmig_kernel.m365.graph import fill_path
from xtmig_kernel.m365.http import claims_challenge, normal_port
from xtmig_kernel.m365.identity import claims_of, identity_of
from xtmig_kernel.m365.module_file import read_module_file
from xtmig_kernel.m365.sign_in_errors import sign_in_error
from xtmig_kernel.m365.values import plain


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("99 GB (106,300,440,576 bytes)", 106_300_440_576),
        ("256 KB (262,144 bytes)", 262_144),
        ("3.322 KB (3,402 bytes)", 3_402),
        ("0 B (0 bytes)", 0),
        ("98 GB (105.226.698.752 bytes)", 105_226_698_752),
        ("Unlimited", None),
        ("", None),
        (None, None),
        (42, 42),
    ],
)
def test_sizes_are_their_bytes(text: str | int | None, size: int | None) -> None:
    """F-15: a size's bytes stand in brackets, grouped as the culture likes; Unlimited is no number."""
    assert size == size_bytes(text)


def test_what_is_no_size_is_not_guessed() -> None:
    """F-15: a rounded size without its bytes is not read as a number."""
    with pytest.raises(ValueError, match="not a size"):
        size_bytes("99 GB")


def test_wrapped_values_are_unwrapped_at_any_depth() -> None:
    """F-14: objects of one Value or Guid are that value; other objects stay, without annotations."""
    value = {"List": [{"Value": "a"}], "Deep": {"Guid": "g"}, "Both": {"Value": 1, "Other": 2}, "x@y": 0}
    assert plain(value) == {"List": ["a"], "Deep": "g", "Both": {"Value": 1, "Other": 2}}


def test_date_annotations_are_dropped() -> None:
    """F-14: a key that ends in (DateTime]) repeats its neighbour."""
    assert plain({"When": "t", "When'(DateTime])": "t"}) == {"When": "t"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://eur01.outlook.office365.com:446/x?y=1", "https://eur01.outlook.office365.com/x?y=1"),
        ("https://localhost:8443/x", "https://localhost:8443/x"),
        ("https://outlook.office365.com/x", "https://outlook.office365.com/x"),
    ],
)
def test_the_inner_port_becomes_the_public_one(url: str, expected: str) -> None:
    """F-16, F-27: port 446 only answers inside Microsoft's network; any other port is left alone."""
    assert expected == normal_port(url)


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (f'Bearer realm="", claims="{base64.b64encode(b"{}").decode()}"', "{}"),
        (f'Bearer claims="{base64.urlsafe_b64encode(b"{~~~}").decode().rstrip("=")}"', "{~~~}"),
        ("Bearer", None),
        ('Bearer claims="%%%"', None),
    ],
)
def test_claims_are_taken_from_a_challenge(header: str, claims: str | None) -> None:
    """F-24: claims stand base64 encoded in WWW-Authenticate, with or without padding."""
    assert claims == claims_challenge(header)


def test_parameters_are_those_of_the_param_block_alone() -> None:
    """F-04: attributes, defaults, comments and bodies hold variables that are no parameters."""
    text = """
function script:Set-Thing {
    [CmdletBinding()]
    param(
    [Parameter(Mandatory=$true, HelpMessage='a ) bracket')]
    [ValidateScript({ $Given -ne 'x' })]
    ${Identity}, # the ${Comment} says
    [switch] $Force = $true
    )
    process { param(${Inner}) }
}
"""
    found = read_module_file({"value": [{"fileContent": text, "exportedCmdlets": "Set-Thing, Get-Other"}]})
    assert found.offered == {"Set-Thing": frozenset({"Identity", "Force"}), "Get-Other": frozenset()}
    assert found.public_key is None


def test_a_blocked_device_code_leads_to_the_browser() -> None:
    """F-25: the one code of Conditional Access means something else where the device code alone may be blocked."""
    words = "AADSTS53003: Access has been blocked by Conditional Access policies."
    by_code = sign_in_error("source", "invalid_grant", words, "device_code")
    by_browser = sign_in_error("source", "invalid_grant", words, "browser")
    assert "method: browser" in str(by_code.remedy)
    assert "device code" in by_code.ask
    assert "Conditional Access" in by_browser.ask


def test_nobody_is_asked_for_what_only_the_person_can_mend() -> None:
    """F-25: a wrong secret is corrected by whoever gave it; no administrator can help."""
    assert sign_in_error("source", "invalid_client", "AADSTS7000215: Invalid client secret").ask == ""


def test_an_account_without_a_role_is_offered_nothing() -> None:
    """F-04: a module with its key and without a cmdlet was really read: the account is offered nothing."""
    text = "$PublicKey = '<RSAKeyValue><Modulus>bW9k</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>'"
    found = read_module_file({"value": [{"fileContent": text, "exportedCmdlets": ""}]})
    assert found.offered == {}


@pytest.mark.parametrize("data", [None, [], {}, {"value": "x"}, {"value": [{"exportedCmdlets": ""}]}])
def test_what_is_no_module_file_is_told(data: object) -> None:
    """F-04: any other answer is an error, not an account without rights."""
    with pytest.raises(Rejected):
        read_module_file(data)


@pytest.mark.parametrize("cmdlet", ["Get-Mailbox", "Test-MigrationServerAvailability", "Export-MailboxDiagnosticLogs"])
def test_reading_verbs_read(cmdlet: str) -> None:
    """Get and Test change nothing, and neither does the one export of a log."""
    assert not writes(cmdlet)


@pytest.mark.parametrize("cmdlet", ["New-MailUser", "Enable-OrganizationCustomization", "Complete-MigrationBatch"])
def test_other_verbs_write(cmdlet: str) -> None:
    """Every other verb may change something."""
    assert writes(cmdlet)


def test_nothing_that_reads_by_get_can_ask() -> None:
    """F-10: no Get cmdlet has a Confirm parameter; all the dangerous ones do."""
    assert not {name for name in CONFIRMS if name.startswith("Get-")}
    dangerous = {"Complete-MigrationBatch", "Stop-MigrationBatch", "Remove-MigrationBatch", "Remove-MigrationUser"}
    assert dangerous | {"Remove-MailUser"} <= CONFIRMS


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("/users/{x}", "o'brien@a.com", "/users/o%27brien%40a.com"),
        ("/applications(uniqueName='{x}')", "o'brien", "/applications(uniqueName='o%27%27brien')"),
        ("/applications/{x}/addPassword", "a/b?c", "/applications/a%2Fb%3Fc/addPassword"),
    ],
)
def test_path_values_stay_values(path: str, value: str, expected: str) -> None:
    """F-34: a value in a path is percent-encoded, and its quotes doubled inside an OData text."""
    assert expected == fill_path(path, {"x": value})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AccessDenied("x", status=403), Reason.DENIED),
        (SignInError("x"), Reason.DENIED),
        (Throttled("x", status=429), Reason.THROTTLED),
        (TimedOut("x"), Reason.TIMED_OUT),
        (Unavailable("x", status=504), Reason.TIMED_OUT),
        (Unavailable("x"), Reason.OFFLINE),
        (Unavailable("x", status=500), Reason.OFFLINE),
        (UncertainWrite("x"), Reason.OFFLINE),
        (Rejected("x", status=400), Reason.UNSUPPORTED),
        (NotFound("x", status=404), Reason.UNSUPPORTED),
    ],
)
def test_every_error_has_a_reason(error: AccessDenied | SignInError, reason: Reason) -> None:
    """A read that failed says why in the closed set: denied, throttled, timed out, offline or unsupported."""
    assert reason is as_reason(error)


def token(claims: object) -> str:
    """A token with these claims."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.x"


@pytest.mark.parametrize("text", ["opaque", "a.b.c", "a.%%%.c", token([1]), token("x")])
def test_an_unreadable_token_is_an_error(text: str) -> None:
    """F-29: a token that cannot be read proves no tenant."""
    with pytest.raises(SignInError):
        claims_of(text)


def test_a_persons_two_tokens_are_one_identity() -> None:
    """F-29: delegated permissions and roles of both tokens belong to the one person."""
    first = {"tid": "T", "oid": "O", "scp": "A B", "upn": "lara@x.com", "appid": "P", "wids": ["R1"]}
    second = {"tid": "T", "oid": "O", "scp": "C", "upn": "lara@x.com", "appid": "Q", "wids": ["R1", "R2"]}
    who = identity_of([first, second])
    assert (
        who.tenant_id, who.kind, who.name, who.object_id, who.application_id, who.role_template_ids, who.permissions,
    ) == ("t", "person", "lara@x.com", "o", "p", ("r1", "r2"), ("A", "B", "C"))  # fmt: skip


def test_an_unknown_refusal_keeps_the_services_words() -> None:
    """F-25: a code that we have no words for is passed on with what the service said."""
    error = sign_in_error("source", "invalid_grant", "AADSTS999999: Something new. Trace ID: abc")
    assert "AADSTS999999" in error.message
    assert error.cause == "AADSTS999999: Something new."
    assert error.remedy


def test_a_declined_sign_in_is_told() -> None:
    """F-25: without a code the OAuth error decides."""
    assert "declined" in sign_in_error("source", "authorization_declined", "").message
