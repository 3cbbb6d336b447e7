"""What is sent to Exchange for each kind of call."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from canned_wire import TARGET, Answer, Canned
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.credentials import Secret
from xtmig_kernel.errors import NotOverHttp, UsageError, step_context
from xtmig_kernel.m365 import CLEAR, PSCredential

if TYPE_CHECKING:
    from xtmig_kernel.m365 import ExchangeClient

NOTHING = Answer(body={"value": []})
HASHTABLE = "#Exchange.GenericHashTable"


def sent(canned: Canned) -> dict[str, Any]:
    """The Parameters object of the last request."""
    parameters: dict[str, Any] = canned.seen[-1].body["CmdletInput"]["Parameters"]
    return parameters


def parameters_of(exchange: ExchangeClient, canned: Canned, cmdlet: str, **parameters: Any) -> dict[str, Any]:
    """What a cmdlet's parameters look like on the wire."""
    canned.queue(NOTHING)
    exchange.invoke(cmdlet, parameters)
    return sent(canned)


def test_a_cmdlet_is_posted_to_the_tenants_invoke_command(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: a cmdlet is a POST to adminapi/beta, the tenant's GUID, InvokeCommand."""
    canned.queue(NOTHING)
    exchange.invoke("Get-MigrationEndpoint")
    assert canned.seen[0].method == "POST"
    assert canned.seen[0].path == f"/adminapi/beta/{TARGET}/InvokeCommand"


def test_selected_properties_are_named_in_the_query(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: $select takes a comma list."""
    canned.queue(NOTHING)
    exchange.invoke("Get-Mailbox", select=["Identity", "ExchangeGuid"])
    assert canned.seen[0].path.endswith("/InvokeCommand?$select=Identity,ExchangeGuid")


def test_the_headers_say_who_asks_and_for_what(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: JSON both ways, the cmdlet's name, the page size, a request and a connection id, and our own name."""
    canned.queue(NOTHING)
    exchange.invoke("Get-MigrationEndpoint")
    headers = canned.seen[0].headers
    expected = {
        "Authorization": "Bearer token-1",
        "Accept": "application/json",
        "Accept-Charset": "UTF-8",
        "Content-Type": "application/json",
        "Prefer": "odata.maxpagesize=1000",
        "X-CmdletName": "Get-MigrationEndpoint",
        "X-ResponseFormat": "json",
    }
    assert expected == {name: headers.get(name) for name in expected}
    assert str(UUID(headers["client-request-id"])) == headers["client-request-id"]
    assert str(UUID(headers["connection-id"])) == headers["connection-id"]
    assert headers["User-Agent"].startswith("xtmig/")


def test_nobody_is_imitated(exchange: ExchangeClient, canned: Canned) -> None:
    """F-02: Microsoft's module names itself in X-ClientApplication; we are not it."""
    canned.queue(NOTHING)
    exchange.invoke("Get-MigrationEndpoint")
    assert not {"X-ClientApplication", "X-ClientModuleVersion"} & canned.seen[0].headers.keys()


def test_a_person_is_the_routing_hint(exchange: ExchangeClient, canned: Canned) -> None:
    """F-03: delegated requests are anchored at the administrator."""
    canned.queue(NOTHING)
    exchange.invoke("Get-MigrationEndpoint")
    assert canned.seen[0].headers["X-AnchorMailbox"] == "UPN:otis@northwindtraders.onmicrosoft.com"
    assert "parameter-based-routing" not in canned.seen[0].headers


def test_a_hint_from_a_parameter_says_so(exchange: ExchangeClient, canned: Canned) -> None:
    """F-03: a hint that comes from a parameter is marked as such."""
    canned.queue(NOTHING)
    exchange.invoke("Get-Mailbox", {"Identity": "lara@x.com"}, anchor="SMTP:lara@x.com")
    assert canned.seen[0].headers["X-AnchorMailbox"] == "SMTP:lara@x.com"
    assert canned.seen[0].headers["parameter-based-routing"] == "True"


def test_the_body_is_the_cmdlet_input(exchange: ExchangeClient, canned: Canned) -> None:
    """F-06: CmdletInput holds CmdletName and Parameters, an empty object rather than null."""
    canned.queue(NOTHING)
    exchange.invoke("Get-MigrationEndpoint")
    assert canned.seen[0].body == {"CmdletInput": {"CmdletName": "Get-MigrationEndpoint", "Parameters": {}}}


def test_plain_values_stay_what_they_are(exchange: ExchangeClient, canned: Canned) -> None:
    """F-07: switches are booleans, numbers numbers, GUIDs text, and null is sent as null."""
    guid = UUID("1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8")
    parameters = parameters_of(
        exchange, canned, "Get-Thing", Soft=True, Size=20, Name="Zoë", Key=guid, Server=None, Domains=["a", "b"]
    )
    assert parameters == {
        "Soft": True, "Size": 20, "Name": "Zoë", "Key": str(guid), "Server": None, "Domains": ["a", "b"],
    }  # fmt: skip


def test_times_are_sent_in_utc_without_a_zone(exchange: ExchangeClient, canned: Canned) -> None:
    """F-07: a time is sortable text in UTC."""
    moment = datetime(2026, 11, 23, 18, 4, 12, tzinfo=timezone(timedelta(hours=2)))
    assert parameters_of(exchange, canned, "Get-Thing", After=moment) == {"After": "2026-11-23T16:04:12"}


def test_a_time_without_a_zone_is_refused(exchange: ExchangeClient, canned: Canned) -> None:
    """F-07: a time that nobody can place is not sent."""
    with pytest.raises(UsageError):
        exchange.invoke("Get-Thing", {"After": datetime(2026, 11, 23)})  # noqa: DTZ001 - the case itself
    assert canned.seen == []


def test_filters_speak_of_true_and_false_as_text(exchange: ExchangeClient, canned: Canned) -> None:
    """F-07: PowerShell's $true and $false inside a filter become quoted words."""
    parameters = parameters_of(exchange, canned, "Get-Mailbox", Filter="IsShared -eq $true -or IsResource -eq $false")
    assert parameters == {"Filter": "IsShared -eq 'True' -or IsResource -eq 'False'"}


def test_hashtables_say_that_they_are_hashtables(exchange: ExchangeClient, canned: Canned) -> None:
    """F-08: a hashtable carries its type, at every depth; without it the service cannot read it."""
    value = {"Add": ["smtp:x@y.com"], "Deep": {"Remove": "z"}}
    assert parameters_of(exchange, canned, "Get-Thing", EmailAddresses=value) == {
        "EmailAddresses": {
            "@odata.type": HASHTABLE,
            "Add": ["smtp:x@y.com"],
            "Deep": {"@odata.type": HASHTABLE, "Remove": "z"},
        }
    }


def test_a_list_of_hashtables_is_typed_beside(exchange: ExchangeClient, canned: Canned) -> None:
    """F-08: the type of a list of hashtables stands in a key beside it."""
    parameters = parameters_of(exchange, canned, "Get-Thing", Rules=[{"A": 1}])
    assert parameters["Rules@odata.type"] == "#Collection(Exchange.GenericHashTable)"
    assert parameters["Rules"] == [{"@odata.type": HASHTABLE, "A": 1}]


def test_bytes_are_a_list_of_numbers(exchange: ExchangeClient, canned: Canned) -> None:
    """F-09: bytes are a typed object whose Data lists each byte."""
    assert parameters_of(exchange, canned, "Get-Thing", CSVData=b"BA") == {
        "CSVData": {"@odata.type": "#Exchange.ByteArrayType", "Data": [66, 65]}
    }


def test_a_csv_is_sent_as_the_bytes_of_its_text(exchange: ExchangeClient, canned: Canned) -> None:
    """F-09: a CSV is UTF-8 without a byte order mark, with a line end between its lines."""
    sent = parameters_of(exchange, canned, "New-MigrationBatch", CSVData=CsvBytes(("EmailAddress", "é@x.com")))
    assert sent["CSVData"]["@odata.type"] == "#Exchange.ByteArrayType"
    assert bytes(sent["CSVData"]["Data"]) == b"EmailAddress\r\n\xc3\xa9@x.com"


def test_a_list_of_bytes_is_typed_beside(exchange: ExchangeClient, canned: Canned) -> None:
    """F-09: the type of a list of byte arrays stands in a key beside it."""
    assert parameters_of(exchange, canned, "Get-Thing", Parts=[b"A", b"B"]) == {
        "Parts@odata.type": "#Collection(Exchange.ByteArrayType)",
        "Parts": [{"Data": [65]}, {"Data": [66]}],
    }


def test_clearing_a_list_sends_an_empty_hashtable(exchange: ExchangeClient, canned: Canned) -> None:
    """F-09: a multi-valued property is emptied with a hashtable that has no keys."""
    assert parameters_of(exchange, canned, "Get-Thing", Scopes=CLEAR) == {"Scopes": {"@odata.type": HASHTABLE}}


def test_an_empty_list_is_refused(exchange: ExchangeClient, canned: Canned) -> None:
    """F-09: an empty list would silently change nothing."""
    with pytest.raises(UsageError, match="empty list"):
        exchange.invoke("Set-OrganizationRelationship", {"Identity": "x", "DomainNames": []})
    assert canned.seen == []


@pytest.mark.parametrize(
    "cmdlet",
    [
        "New-MigrationEndpoint", "Set-MigrationEndpoint", "Remove-MigrationEndpoint", "New-OrganizationRelationship",
        "Set-OrganizationRelationship", "Remove-OrganizationRelationship", "Enable-OrganizationCustomization",
        "Test-MigrationServerAvailability",
    ],
)  # fmt: skip
def test_what_could_ask_is_told_not_to(exchange: ExchangeClient, canned: Canned, cmdlet: str) -> None:
    """F-10: cmdlets with a Confirm parameter get Confirm false, for nobody is there to answer."""
    assert parameters_of(exchange, canned, cmdlet, Identity="x") == {"Identity": "x", "Confirm": False}


@pytest.mark.parametrize("cmdlet", ["Get-MigrationEndpoint", "Get-OrganizationRelationship", "Get-OrganizationConfig"])
def test_what_cannot_ask_is_not_told(exchange: ExchangeClient, canned: Canned, cmdlet: str) -> None:
    """F-10: a cmdlet without a Confirm parameter refuses it, so it is not sent."""
    assert parameters_of(exchange, canned, cmdlet) == {}


@pytest.mark.parametrize("name", ["Identity", "Endpoint", "MailboxGuid"])
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_name_is_never_sent(exchange: ExchangeClient, canned: Canned, name: str, blank: str | None) -> None:
    """F-12: Exchange takes a null identity for all objects, so a blank one never leaves this machine."""
    with pytest.raises(UsageError, match=name):
        exchange.invoke("Remove-MigrationUser", {name: blank})
    assert canned.seen == []


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def module_file(private_key: rsa.RSAPrivateKey) -> Answer:
    """A module file with a key, as a session's bootstrap answers."""
    numbers = private_key.public_key().public_numbers()
    modulus = b64encode(numbers.n.to_bytes(256, "big")).decode()
    text = f"$PublicKey = '<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>'"
    files = [{"fileName": "ExchangeOnline.psm1", "fileContent": text, "exportedCmdlets": "New-MigrationEndpoint"}]
    return Answer(body={"value": files})


def decrypted(text: str) -> str:
    """What the service would read."""
    return KEY.decrypt(b64decode(text), padding.PKCS1v15()).decode("utf-8")


def test_a_credential_is_one_encrypted_text(exchange: ExchangeClient, canned: Canned) -> None:
    """F-11: a PSCredential is compact JSON of both parts, encrypted with the session's key, in base64."""
    canned.queue(module_file(KEY), NOTHING)
    exchange.invoke("New-MigrationEndpoint", {"Credentials": PSCredential("app-id", Secret("s3cr3t-válue"))})
    assert decrypted(sent(canned)["Credentials"]) == '{"UserName":"app-id","Password":"s3cr3t-válue"}'
    assert b"s3cr3t" not in canned.seen[-1].content


def test_a_secret_is_one_encrypted_text(exchange: ExchangeClient, canned: Canned) -> None:
    """F-11: a SecureString is its text, encrypted with the session's key, in base64."""
    canned.queue(module_file(KEY), NOTHING)
    exchange.invoke("New-MailUser", {"Name": "x", "Password": Secret("s3cr3t-value")})
    assert decrypted(sent(canned)["Password"]) == "s3cr3t-value"


def test_the_module_file_is_fetched_once_per_session(exchange: ExchangeClient, canned: Canned) -> None:
    """F-05: the key comes from the session's own module file, asked for as all cmdlets' file."""
    canned.queue(module_file(KEY), NOTHING, NOTHING)
    for _ in range(2):
        exchange.invoke("New-MailUser", {"Name": "x", "Password": Secret("s3cr3t-value")})
    fetched = [seen for seen in canned.seen if seen.method == "GET"]
    assert [seen.path for seen in fetched] == [f"/AdminApi/v1.0/{TARGET}/EXOModuleFile?Version=3.9.2"]
    assert fetched[0].headers["CommandName"] == "*"
    assert fetched[0].headers["X-InitializeConnectionContextObjectIdDynamic"] == "true"


def test_without_a_key_no_secret_is_sent(exchange: ExchangeClient, canned: Canned) -> None:
    """F-05: where the module file holds no key, the credential is not sent in any other way."""
    canned.queue(Answer(body={"value": [{"fileContent": "", "exportedCmdlets": "New-MigrationEndpoint"}]}))
    with pytest.raises(NotOverHttp, match="no key"):
        exchange.invoke("New-MigrationEndpoint", {"Credentials": PSCredential("app-id", Secret("s3cr3t-value"))})
    assert [seen.method for seen in canned.seen] == ["GET"]


def test_without_a_key_every_member_says_so(exchange: ExchangeClient, canned: Canned) -> None:
    """F-05, F-54: of many calls none is sent where one needs a key that is not there, and each has that outcome."""
    canned.queue(Answer(body={"value": [{"fileContent": "", "exportedCmdlets": "New-MailUser"}]}))
    calls = [("New-MailUser", {"Name": name, "Password": Secret("s3cr3t-value")}) for name in "ab"]
    assert [type(reply) for reply in exchange.invoke_many(calls)] == [NotOverHttp, NotOverHttp]
    assert [seen.method for seen in canned.seen] == ["GET"]


def test_a_step_offers_its_script(exchange: ExchangeClient, canned: Canned) -> None:
    """F-05, F-11: where HTTP cannot do it, the step names the script of its own section, and the other transport."""
    canned.queue(Answer(body={"value": [{"fileContent": "", "exportedCmdlets": "New-MigrationEndpoint"}]}))
    with pytest.raises(NotOverHttp) as caught, step_context(side="target", step="070.3", subject="the endpoint"):
        exchange.invoke("New-MigrationEndpoint", {"Credentials": PSCredential("app-id", Secret("s3cr3t-value"))})
    told = str(caught.value)
    assert "xtmig powershell 070" in told
    assert "transport: powershell" in told


def test_a_secret_too_long_for_the_key_is_refused(exchange: ExchangeClient, canned: Canned) -> None:
    """F-11: a key of 2048 bits takes 245 bytes."""
    canned.queue(module_file(KEY), NOTHING)
    exchange.invoke("New-MailUser", {"Name": "x", "Password": Secret("x" * 245)})
    with pytest.raises(UsageError, match="too long"):
        exchange.invoke("New-MailUser", {"Name": "x", "Password": Secret("x" * 246)})


def test_a_batch_holds_ten_whole_requests(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: ten cmdlets go in one request, each with its own headers, token and body."""
    answers = {"responses": [{"id": str(i), "status": 200, "body": {"value": [{"N": i}]}} for i in range(10)]}
    canned.queue(Answer(body=answers), Answer(body={"responses": answers["responses"][:2]}))
    replies = exchange.invoke_many([("Get-MailUser", {"Identity": str(i)}) for i in range(12)])
    assert [len(seen.body["requests"]) for seen in canned.seen] == [10, 2]
    assert canned.seen[0].path == f"/adminapi/beta/{TARGET}/$batch"
    assert canned.seen[0].headers["Prefer"] == "odata.continue-on-error"
    member = canned.seen[0].body["requests"][3]
    assert member["id"] == "3"
    assert member["method"] == "POST"
    assert member["url"] == f"{canned.url}/adminapi/beta/{TARGET}/InvokeCommand"
    assert member["headers"]["Authorization"] == "Bearer token-1"
    assert member["headers"]["Prefer"] == "odata.maxpagesize=1000;odata.continue-on-error"
    assert member["body"] == {"CmdletInput": {"CmdletName": "Get-MailUser", "Parameters": {"Identity": "3"}}}
    assert len({request["headers"]["client-request-id"] for request in canned.seen[0].body["requests"]}) == 1
    assert [{"N": i} for i in (*range(10), 0, 1)] == [reply.rows[0] for reply in replies]


def test_a_batch_selects_what_each_member_answers(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: `$select` stands in the address of each member, and of one that is sent alone after its batch."""
    canned.queue(Answer(body={"responses": []}), Answer(body={"value": [{"Name": "Inbox"}]}))
    (reply,) = exchange.invoke_many([("Get-Thing", {"Identity": "0"})], select=("Name", "FolderPath"))
    address = f"/adminapi/beta/{TARGET}/InvokeCommand?$select=Name,FolderPath"
    assert canned.seen[0].body["requests"][0]["url"] == canned.url + address
    assert canned.seen[1].path == address
    assert reply.rows == ({"Name": "Inbox"},)


def test_the_endpoints_parameters_are_sent_as_the_guide_gives_them(exchange: ExchangeClient, canned: Canned) -> None:
    """F-39: New-MigrationEndpoint takes these six parameters, ExchangeRemoteMove being a switch."""
    canned.queue(module_file(KEY), NOTHING)
    exchange.invoke(
        "New-MigrationEndpoint",
        {
            "RemoteServer": "outlook.office.com",
            "RemoteTenant": "contoso.onmicrosoft.com",
            "Credentials": PSCredential("app-id", Secret("s3cr3t-value")),
            "ExchangeRemoteMove": True,
            "Name": "contoso-moves",
            "ApplicationId": "app-id",
        },
    )
    wire = sent(canned)
    assert json.loads(decrypted(wire.pop("Credentials"))) == {"UserName": "app-id", "Password": "s3cr3t-value"}
    assert wire == {
        "RemoteServer": "outlook.office.com",
        "RemoteTenant": "contoso.onmicrosoft.com",
        "ExchangeRemoteMove": True,
        "Name": "contoso-moves",
        "ApplicationId": "app-id",
        "Confirm": False,
    }
