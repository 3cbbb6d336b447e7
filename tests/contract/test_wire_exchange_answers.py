"""How Exchange's answers are read: the recorded shapes of success and of each kind of error."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from canned_wire import Answer, Canned

from xtmig_kernel.errors import AccessDenied, Conflict, NotFound, Rejected, ServiceError, Throttled, Unavailable
from xtmig_kernel.m365 import Reply, UncertainWrite
from xtmig_kernel.m365.http import Http, Request, Response

if TYPE_CHECKING:
    from xtmig_kernel.m365 import ExchangeClient

NOT_FOUND_TYPE = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"


def details(message: str, *, code: str = "NotFound", **inner: Any) -> dict[str, Any]:
    """An error body of the recorded form, its text in details[0].message."""
    return {
        "error": {
            "code": code,
            "message": "Error executing cmdlet",
            "details": [{"code": "Client", "target": "", "message": message}],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                "internalexception": {
                    "message": "Exception of type '…DirectInvokeCmdletExecutionException' was thrown.",
                    "type": "Microsoft.Exchange.AdminApi.CommandInvocation.DirectInvokeCmdletExecutionException",
                    **inner,
                },
            },
        }
    }


def refusal(exchange: ExchangeClient, canned: Canned, answer: Answer, cmdlet: str = "Get-Thing") -> ServiceError:
    """The error that an answer becomes."""
    canned.queue(*[answer] * 8)
    with pytest.raises(ServiceError) as caught:
        exchange.invoke(cmdlet, {"Identity": "x"})
    return caught.value


def test_rows_come_without_annotations(exchange: ExchangeClient, canned: Canned) -> None:
    """F-13, F-14: rows stand in `value`; keys with an @ say only of which type their neighbours are."""
    row = {
        "EmailAddresses@odata.type": "#Collection(String)",
        "EmailAddresses": ["SMTP:lara@contoso.com"],
        "ExchangeGuid@data.type": "System.Guid",
        "ExchangeGuid": "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8",
        "Status": {"Value@odata.type": "#String", "Value": "Synced"},
        "BatchId": {"Guid": "5d1c0f7e-0000-4000-8000-000000000001"},
    }
    canned.queue(Answer(body={"@odata.context": "…", "@adminapi.warnings": [], "value": [row]}))
    assert exchange.invoke("Get-Thing").rows == (
        {
            "EmailAddresses": ["SMTP:lara@contoso.com"],
            "ExchangeGuid": "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8",
            "Status": "Synced",
            "BatchId": "5d1c0f7e-0000-4000-8000-000000000001",
        },
    )


def test_warnings_and_request_id_are_kept(exchange: ExchangeClient, canned: Canned) -> None:
    """F-13: warnings come beside the rows, the request id in a header."""
    body = {"@adminapi.warnings": ["no settings of 'x' have been modified"], "value": []}
    canned.queue(Answer(body=body, headers={"Request-Id": "abc"}))
    reply = exchange.invoke("Set-Thing", {"Identity": "x"})
    assert Reply((), ("no settings of 'x' have been modified",), "abc") == reply


@pytest.mark.parametrize("answer", [Answer(204), Answer(body={}), Answer(body={"value": None}), Answer(200, b"")])
def test_a_write_may_return_nothing(exchange: ExchangeClient, canned: Canned, answer: Answer) -> None:
    """F-13: a write's success may have no body, no value or a null one."""
    canned.queue(answer)
    assert exchange.invoke("Set-Thing", {"Identity": "x"}).rows == ()


@pytest.mark.parametrize(
    "answer", [Answer(body={}), Answer(body={"value": None}), Answer(200, b"<html>Sign in</html>")]
)
def test_a_read_that_says_nothing_is_no_empty_list(exchange: ExchangeClient, canned: Canned, answer: Answer) -> None:
    """F-13: an empty list is an answer; no list is none."""
    assert isinstance(refusal(exchange, canned, answer), Unavailable)


def test_a_success_that_cannot_be_read_leaves_a_write_open(exchange: ExchangeClient, canned: Canned) -> None:
    """F-13: a proxy's page in place of an answer says nothing about the write."""
    assert isinstance(refusal(exchange, canned, Answer(200, b"<html></html>"), "Set-Thing"), UncertainWrite)


def test_clixml_is_not_taken_for_a_row(exchange: ExchangeClient, canned: Canned) -> None:
    """F-13: an answer in PowerShell's own format has its objects in `_clixml`, which we did not ask for."""
    assert isinstance(refusal(exchange, canned, Answer(body={"value": [{"_clixml": "<Objs/>"}]})), Rejected)


def test_pages_are_fetched_by_posting_the_same_again(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: each next link gets the same body and headers by POST."""
    link = f"{canned.url}/adminapi/beta/t/InvokeCommand?$skiptoken=2"
    canned.queue(Answer(body={"value": [{"N": 1}], "@odata.nextLink": link}), Answer(body={"value": [{"N": 2}]}))
    assert exchange.invoke("Get-Thing", {"ResultSize": "Unlimited"}).rows == ({"N": 1}, {"N": 2})
    first, second = canned.seen
    assert (second.method, second.path) == ("POST", "/adminapi/beta/t/InvokeCommand?$skiptoken=2")
    assert first.content == second.content
    assert first.headers == second.headers


def test_the_hint_at_more_pages_is_dropped_while_paging(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: that there are more results is no warning while they are fetched, and is one afterwards."""
    more = "There are more results available than are currently displayed. Increase the ResultSize parameter."
    link = f"{canned.url}/next"
    canned.queue(
        Answer(body={"value": [], "@odata.nextLink": link, "@adminapi.warnings": [more]}),
        Answer(body={"value": [], "@adminapi.warnings": [more]}),
    )
    assert exchange.invoke("Get-Thing").warnings == (more,)


def test_the_inner_port_of_a_next_link_is_mended(
    exchange: ExchangeClient, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-16: a next link may name port 446, which only answers inside Microsoft's network."""
    asked: list[str] = []
    send = Http.send

    def note(http: Http, request: Request) -> Response:
        asked.append(request.url)
        return send(http, request if len(asked) == 1 else replace(request, url=canned.url))

    monkeypatch.setattr(Http, "send", note)
    link = "https://eur01.outlook.office365.com:446/next"
    canned.queue(Answer(body={"value": [], "@odata.nextLink": link}), Answer(body={"value": []}))
    exchange.invoke("Get-Thing")
    assert asked[1] == "https://eur01.outlook.office365.com/next"


def test_a_next_link_out_of_the_cloud_is_refused(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: the token is not sent to a next link on another host."""
    canned.queue(Answer(body={"value": [], "@odata.nextLink": "https://elsewhere.example/next"}))
    with pytest.raises(Rejected, match="not a host of this cloud"):
        exchange.invoke("Get-Thing")


def test_pages_in_a_circle_end(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: a link that was followed before is not followed for ever."""
    page = Answer(body={"value": [{"N": 1}], "@odata.nextLink": f"{canned.url}/next"})
    canned.queue(page, page, page)
    with pytest.raises(Rejected, match="circle"):
        exchange.invoke("Get-Thing")


def test_a_lost_page_loses_the_whole_list(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: a page that is refused is an error, never a shorter list."""
    canned.queue(
        Answer(body={"value": [{"N": 1}], "@odata.nextLink": f"{canned.url}/next"}),
        Answer(400, details("|System.Exception|No such page.", code="BadRequest")),
    )
    with pytest.raises(Rejected, match="No such page"):
        exchange.invoke("Get-Thing")


def test_the_text_in_the_details_is_split(exchange: ExchangeClient, canned: Canned) -> None:
    """F-17: details[0].message is id, exception type and text; the type decides."""
    text = "Das Objekt 'x' ist auf 'DC' nicht vorhanden."
    answer = Answer(404, details(f"Ex6F9304|{NOT_FOUND_TYPE}|{text}"), {"Request-Id": "abc"})
    error = refusal(exchange, canned, answer)
    assert type(error) is NotFound
    assert ("ManagementObjectNotFoundException", text, 404, "abc") == (
        error.exception_type, error.message, error.status, error.request_id,
    )  # fmt: skip


def test_an_object_that_is_there_already_is_a_conflict(exchange: ExchangeClient, canned: Canned) -> None:
    """F-17: a type that says so decides, whatever the HTTP status."""
    message = "Ex|Microsoft.Exchange.Migration.MigrationEndpointAlreadyExistsException|Il existe."
    assert type(refusal(exchange, canned, Answer(400, details(message)), "New-Thing")) is Conflict


def test_a_bare_404_is_no_absence(exchange: ExchangeClient, canned: Canned) -> None:
    """F-17: only the cmdlet can say that an object is absent; a 404 alone may be a wrong address."""
    body = {"error": {"code": "NotFound", "message": "Resource not found."}}
    assert type(refusal(exchange, canned, Answer(404, body))) is Rejected


def test_a_bad_value_is_told_by_the_inner_exception(exchange: ExchangeClient, canned: Canned) -> None:
    """F-18: without details the innermost exception gives text and type."""
    inner = {
        "message": "Cannot convert 'Sideways' to MailboxMoveCapability.",
        "type": "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException",
    }
    body = {"error": {"code": "BadRequest", "message": "Invalid Operation", "innererror": {"internalexception": inner}}}
    error = refusal(exchange, canned, Answer(400, body), "Set-Thing")
    assert (Rejected, inner["message"], "ParameterTransformationException") == (
        type(error), error.message, error.exception_type,
    )  # fmt: skip


def test_an_unknown_parameter_points_at_roles(exchange: ExchangeClient, canned: Canned) -> None:
    """F-18: an unknown parameter leaves the id empty, and usually means a missing role (PRE-03)."""
    kind = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
    error = refusal(exchange, canned, Answer(400, details(f"|{kind}|Invalid cmdlet parameters specified. Foo")))
    assert (Rejected, "AmbiguousParameterSetException") == (type(error), error.exception_type)
    assert "role" in str(error.remedy)


def test_a_second_scope_group_that_is_refused_has_a_remedy(exchange: ExchangeClient, canned: Canned) -> None:
    """F-62: an organisation that publishes one scope group alone says so by a type of its own (PRE-06)."""
    kind = "Microsoft.Exchange.Management.SystemConfigurationTasks.MailboxMigrationScopeOverLimitException"
    answer = Answer(400, details(f"Ex3724FBFA|{kind}|Zu viele."))
    error = refusal(exchange, canned, answer, "Set-OrganizationRelationship")
    assert type(error) is Rejected
    assert "names.scope_groups" in str(error.remedy)


def test_details_may_be_json_themselves(exchange: ExchangeClient, canned: Canned) -> None:
    """F-19: details[0].message may be JSON text with Message and TypeName."""
    inner = {"Message": "It exists.", "TypeName": "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"}
    error = refusal(exchange, canned, Answer(400, details(json.dumps(inner))), "New-Thing")
    assert (Conflict, "It exists.") == (type(error), error.message)


def test_a_403_of_nul_bytes_is_a_denial(exchange: ExchangeClient, canned: Canned) -> None:
    """F-20: a 403 may hold nothing but NUL bytes; its reason is in a header."""
    error = refusal(exchange, canned, Answer(403, b"\0" * 40, {"X-ExceptionType": "CmdletAccessDeniedException"}))
    assert (AccessDenied, "CmdletAccessDeniedException") == (type(error), error.exception_type)
    assert "\0" not in error.message


def test_the_header_names_a_type_that_the_body_leaves_out(exchange: ExchangeClient, canned: Canned) -> None:
    """F-20: a body that does not name the exception leaves it to the header."""
    answer = Answer(400, details("Das gibt es schon."), {"X-ExceptionType": "ADObjectAlreadyExistsException"})
    assert type(refusal(exchange, canned, answer, "New-Thing")) is Conflict


def test_a_403_may_be_json_too(exchange: ExchangeClient, canned: Canned) -> None:
    """F-20: a 403 with a body gives its own words."""
    body = {"error": {"code": "Forbidden", "message": "User is not allowed to call Set-Thing"}}
    error = refusal(exchange, canned, Answer(403, body))
    assert (AccessDenied, "User is not allowed to call Set-Thing") == (type(error), error.message)


BUSY = b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"


def test_the_concurrency_text_means_busy(exchange: ExchangeClient, canned: Canned) -> None:
    """F-21: a plain text about concurrent requests means that nothing was done; even a write is sent again."""
    canned.queue(Answer(400, BUSY), Answer(body={"value": []}))
    exchange.invoke("Set-Thing", {"Identity": "x"})
    assert len(canned.seen) == 2


def test_busy_for_good_is_throttled(exchange: ExchangeClient, canned: Canned) -> None:
    """F-21: after the retries the plain text becomes an error that says to wait."""
    assert type(refusal(exchange, canned, Answer(400, BUSY))) is Throttled
    assert len(canned.seen) == 6


LDAP = {
    "error": {
        "code": "InternalServerError",
        "message": "The LDAP server is unavailable..",
        "innererror": {"message": "LDAP", "type": "Microsoft.Exchange.Data.Directory.ADTransientException"},
    }
}


def test_a_transient_server_fault_is_read_again(exchange: ExchangeClient, canned: Canned) -> None:
    """F-22: a 500 of a transient exception type passes; a read is sent again."""
    canned.queue(Answer(500, LDAP), Answer(body={"value": [{"N": 1}]}))
    assert exchange.invoke("Get-Thing").rows == ({"N": 1},)


def test_a_transient_server_fault_leaves_a_write_open(exchange: ExchangeClient, canned: Canned) -> None:
    """F-22: the same fault of a write may come after it was done, so it is not sent again."""
    error = refusal(exchange, canned, Answer(500, LDAP), "New-Thing")
    assert isinstance(error, UncertainWrite)
    assert error.maybe_done
    assert len(canned.seen) == 1


@pytest.mark.parametrize(
    "name",
    [
        "DCOverloadedException", "SuitabilityDirectoryException", "ServerInMMException",
        "ADServerSettingsChangedException", "StorageTransientException", "CmdletProxyNotAvailableFailure",
        "ServerBusyException", "BackendCommunicationException",
    ],
)  # fmt: skip
def test_named_faults_pass_whatever_the_status(exchange: ExchangeClient, canned: Canned, name: str) -> None:
    """F-24: these exception types are passing faults, even with HTTP 400."""
    canned.queue(Answer(400, details(f"Ex|Microsoft.Exchange.{name}|later")), Answer(body={"value": [{"N": 1}]}))
    assert exchange.invoke("Get-Thing").rows == ({"N": 1},)


def test_a_server_fault_without_words_leaves_a_write_open(exchange: ExchangeClient, canned: Canned) -> None:
    """F-22: a bare 500 says nothing about a write."""
    assert type(refusal(exchange, canned, Answer(500, b"oops"), "New-Thing")) is UncertainWrite


def test_a_cmdlets_own_500_is_its_refusal(exchange: ExchangeClient, canned: Canned) -> None:
    """F-22: where the cmdlet itself reports its exception, a 500 is a refusal and not a lost answer."""
    message = "Ex1|Microsoft.Exchange.Migration.MigrationServerConnectionFailedException|The connection failed."
    assert type(refusal(exchange, canned, Answer(500, details(message)), "New-Thing")) is Rejected


def test_an_error_with_status_200_is_an_error(exchange: ExchangeClient, canned: Canned) -> None:
    """F-23: HTTP 200 may hold a top-level error."""
    error = refusal(exchange, canned, Answer(200, details(f"Ex|{NOT_FOUND_TYPE}|not there")))
    assert type(error) is NotFound


def test_errors_beside_rows_are_errors(exchange: ExchangeClient, canned: Canned) -> None:
    """F-23: HTTP 200 may hold @adminapi.errors; rows beside them are not the whole truth."""
    body = {"@adminapi.errors": [f"Ex|{NOT_FOUND_TYPE}|not there"], "value": [{"N": 1}]}
    assert type(refusal(exchange, canned, Answer(200, body))) is NotFound


def test_errors_beside_a_writes_success_leave_it_open(exchange: ExchangeClient, canned: Canned) -> None:
    """F-23: a write that reports errors and success may be done in part."""
    body = {"@adminapi.errors": ["Ex|System.Exception|one member failed"], "value": []}
    assert type(refusal(exchange, canned, Answer(200, body), "Set-Thing")) is UncertainWrite


def member(number: int, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    """A member of a batch's answer."""
    return {"id": str(number), "status": status, "headers": headers, "body": body}


def test_busy_members_of_a_batch_are_sent_again_alone(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: a member that was throttled, or a read that failed for a passing reason, is retried by itself."""
    members = [member(1, 429, {}), member(0, 200, {"value": [{"N": 0}]}), member(2, 503, {})]
    canned.queue(
        Answer(body={"responses": members}), Answer(body={"value": [{"N": 1}]}), Answer(body={"value": [{"N": 2}]})
    )
    calls = [("Get-Thing", {"Identity": "0"}), ("Set-Thing", {"Identity": "1"}), ("Get-Thing", {"Identity": "2"})]
    replies = exchange.invoke_many(calls)
    assert [reply.rows for reply in replies if isinstance(reply, Reply)] == [({"N": 0},), ({"N": 1},), ({"N": 2},)]
    retried = [seen.body["CmdletInput"]["Parameters"]["Identity"] for seen in canned.seen[1:]]
    assert retried == ["1", "2"]


def test_failed_members_are_errors_in_their_place(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: each member has its own status; a write that failed with a server fault stays open."""
    absent = details(f"Ex|{NOT_FOUND_TYPE}|not there")
    members = [member(0, 404, absent), member(1, 503, {}), member(2, 200, {"value": []})]
    canned.queue(Answer(body={"responses": members}))
    calls = [("Get-Thing", {"Identity": "0"}), ("Set-Thing", {"Identity": "1"}), ("Set-Thing", {"Identity": "2"})]
    replies = exchange.invoke_many(calls)
    assert [NotFound, UncertainWrite, Reply] == [type(reply) for reply in replies]


def test_a_write_that_the_batch_does_not_answer_is_open(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: a member without an answer may have been done."""
    canned.queue(Answer(body={"responses": []}))
    replies = exchange.invoke_many([("Set-Thing", {"Identity": "1"})])
    assert [UncertainWrite] == [type(reply) for reply in replies]


def test_a_members_further_pages_are_fetched(exchange: ExchangeClient, canned: Canned) -> None:
    """F-28: a member's next link gets that member's own body."""
    link = f"{canned.url}/next"
    first = member(0, 200, {"value": [{"N": 1}], "@odata.nextLink": link})
    canned.queue(Answer(body={"responses": [first]}), Answer(body={"value": [{"N": 2}]}))
    (reply,) = exchange.invoke_many([("Get-Thing", {"Identity": "0"})])
    assert isinstance(reply, Reply)
    assert reply.rows == ({"N": 1}, {"N": 2})
    assert canned.seen[1].body["CmdletInput"] == {"CmdletName": "Get-Thing", "Parameters": {"Identity": "0"}}


def test_what_the_account_is_offered_is_read_from_the_module_file(exchange: ExchangeClient, canned: Canned) -> None:
    """F-04: exportedCmdlets lists the cmdlets, and the module's text their parameters."""
    text = """
function script:Get-MigrationEndpoint
{
    [CmdletBinding(DefaultParameterSetName='Identity')]
    param(
    [Parameter(ParameterSetName='Identity', Position=0, ValueFromPipeline=$true)]
    ${Identity},

    [switch]
    ${DiagnosticInfo}
    )
    Begin { $Inside = $true }
}

function script:New-OrganizationRelationship
{
    [CmdletBinding(SupportsShouldProcess=$true, ConfirmImpact='Medium')]
    param(
    [Parameter(Mandatory=$true)]
    ${DomainNames},
    [System.Object]
    ${MailboxMoveCapability}
    )
}
"""
    files = [{"fileContent": text, "exportedCmdlets": "Get-MigrationEndpoint,New-OrganizationRelationship"}]
    canned.queue(Answer(body={"value": files}))
    assert exchange.offered() == {
        "Get-MigrationEndpoint": frozenset({"Identity", "DiagnosticInfo"}),
        "New-OrganizationRelationship": frozenset({"DomainNames", "MailboxMoveCapability", "Confirm", "WhatIf"}),
    }


def test_an_empty_offer_is_an_error(exchange: ExchangeClient, canned: Canned) -> None:
    """F-04: a module file without cmdlets does not mean that nothing is needed."""
    canned.queue(Answer(body={"value": []}))
    with pytest.raises(Rejected):
        exchange.offered()


def test_the_configuration_reads_give_their_columns(exchange: ExchangeClient, canned: Canned) -> None:
    """F-40 to F-43: the reads of the configuration give what the rules look at, in these spellings."""
    relationship = {"Name": "x", "DomainNames": ["guid"], "MailboxMoveCapability": "Inbound, RemoteOutbound"}
    rows = {
        "Get-OrganizationConfig": {"Name": "contoso", "IsDehydrated": False},
        "Get-AcceptedDomain": {"DomainName": "contoso.onmicrosoft.com", "InitialDomain": True},
        "Get-OrganizationRelationship": relationship,
        "Test-MigrationServerAvailability": {"Result": "Failed", "Message": "no", "ErrorDetail": "T: m"},
    }
    for cmdlet, row in rows.items():
        canned.queue(Answer(body={"value": [{"ObjectState@odata.type": "#String", **row}]}))
        assert exchange.invoke(cmdlet).rows == (row,)
