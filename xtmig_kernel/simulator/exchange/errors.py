"""How Exchange says no (wire 1.7, shapes 3.3)."""

from __future__ import annotations

import json
from typing import Any

from xtmig_kernel.simulator.http import Answer
from xtmig_kernel.simulator.identifiers import hexadecimal

TASKS = "Microsoft.Exchange.Configuration.Tasks."
INVOCATION = "Microsoft.Exchange.AdminApi.CommandInvocation."
NOT_FOUND = TASKS + "ManagementObjectNotFoundException"
DEHYDRATED = TASKS + "InvalidOperationInDehydratedContextException"
AMBIGUOUS = TASKS + "ManagementObjectAmbiguousException"
NOT_GROUP_MANAGER = TASKS + "OperationRequiresGroupManagerException"
DIRECTORY_REFUSES = TASKS + "UnableToWriteToAadException"
TASK_FAILED = TASKS + "RecipientTaskException"
NOT_ACCEPTED_DOMAIN = "Microsoft.Exchange.Configuration.ObjectModel.NotAcceptedDomainException"
PROXY_EXISTS = "Microsoft.Exchange.Configuration.ObjectModel.ProxyAddressExistsException"
VALUE_EXISTS = "Microsoft.Exchange.Configuration.ObjectModel.PropertyValueExistsException"
MEMBER_EXISTS = "Microsoft.Exchange.Management.RecipientTasks.MemberAlreadyExistsException"
MEMBER_NOT_FOUND = "Microsoft.Exchange.Management.RecipientTasks.MemberNotFoundException"
ALREADY_EXISTS = "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"
DUPLICATE_DOMAIN = (
    "Microsoft.Exchange.Management.SystemConfigurationTasks.DuplicateOrganizationRelationshipDomainException"
)
CONNECTION_FAILED = "Microsoft.Exchange.Migration.MigrationServerConnectionFailedException"
SET_AMBIGUOUS = INVOCATION + "AmbiguousParameterSetException"
BAD_VALUE = INVOCATION + "ParameterTransformationException"
INVALID_OPERATION = "System.InvalidOperationException"
_ODATA = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
_DIRECT = "Microsoft.Exchange.AdminApi.CommandInvocation.DirectInvokeCmdletExecutionException"
_WARNINGS: dict[str, Any] = {"adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": []}


class ExchangeRefused(Exception):
    """A cmdlet ends in an error.

    Args:
        kind: Full name of the .NET exception.
        text: Its message.
        status: HTTP status.
        detailed: Whether the body has `details`, as cmdlet errors do and refused values do not (shapes A and B).
    """

    def __init__(self, kind: str, text: str, status: int = 400, *, detailed: bool = True) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind, self.text, self.status, self.detailed = kind, text, status, detailed

    def answer(self, *, in_json: bool = False) -> Answer:
        """The error as Exchange sends it.

        Args:
            in_json: Whether the text is JSON, as it is of compliance's cmdlets (shape D [LIVE]).
        """
        code = {404: "NotFound", 500: "InternalServerError"}.get(self.status, "BadRequest")
        header = {"X-ExceptionType": self.kind.rpartition(".")[2]}
        if self.kind == SET_AMBIGUOUS:
            return Answer(self.status, _error(code, "Error executing cmdlet", f"|{self.kind}|{self.text}", self.kind,
                                              self.text), header)  # fmt: skip
        if not self.detailed:
            return Answer(self.status, _error(code, "Invalid Operation", None, self.kind, self.text), header)
        tag = "Ex" + hexadecimal(6, self.kind).upper()
        thrown = f"Exception of type '{_DIRECT}' was thrown."
        detail = f"{tag}|{self.kind}|{self.text}"
        if in_json:
            told = {"Message": self.text, "TypeName": self.kind, "StackTrace": None, "InnerError": None}
            detail = json.dumps(told)
        return Answer(self.status, _error(code, "Error executing cmdlet", detail, _DIRECT, thrown), header)


def _error(code: str, message: str, detail: str | None, kind: str, inner: str) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message}
    if detail is not None:
        error["details"] = [{"code": "Client", "target": "", "message": detail}]
    error["innererror"] = {
        "message": message,
        "type": _ODATA,
        "stacktrace": "",
        "internalexception": {"message": inner, "type": kind, "stacktrace": ""},
    }
    return {"error": error, **_WARNINGS}


def not_found(identity: object) -> ExchangeRefused:
    """The error for an object that is not there (shape A [LIVE])."""
    text = f"The operation couldn't be performed because object '{identity}' couldn't be found."
    return ExchangeRefused(NOT_FOUND, text, 404)


def bad_value(parameter: str, text: str) -> ExchangeRefused:
    """The error for a value of the wrong kind (shape B [LIVE])."""
    message = f"Cannot process argument transformation on parameter '{parameter}'. {text}"
    return ExchangeRefused(BAD_VALUE, message, detailed=False)


def synchronised(cmdlet: str, attribute: str, name: str) -> ExchangeRefused:
    """The error for changing an attribute that comes from the organisation's own directory (failures 2.2 #25 [MEM])."""
    text = (
        f"The operation on mailbox \"{name}\" failed because it's out of the current user's write scope. The action "
        f"'{cmdlet}', '{attribute}', can't be performed on the object '{name}' because the object is being "
        "synchronized from your on-premises organization. This action should be performed on the object in your "
        "on-premises organization."
    )
    return ExchangeRefused(INVALID_OPERATION, text)


def dehydrated() -> ExchangeRefused:
    """The error for a change that the organisation's customization has to allow first (failures 2.1 #11)."""
    text = (
        "The command you tried to run isn't currently allowed in your organization. To run this command, you first "
        "need to run the command: Enable-OrganizationCustomization."
    )
    return ExchangeRefused(DEHYDRATED, text)


def access_denied() -> Answer:
    """A cmdlet that is not on offer to the caller: NUL bytes, the reason in a header only (shape E [LIVE])."""
    headers = {"X-ExceptionType": "CmdletAccessDeniedException", "Content-Type": "application/json"}
    return Answer(403, bytes(64), headers)


def unauthorized(reason: str) -> Answer:
    """A token that Exchange does not take (failures 2.1 #12; the header's text is [MEM])."""
    challenge = (
        'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="*", '
        f'error="invalid_token", error_description="{reason}"'
    )
    return Answer(401, b"", {"WWW-Authenticate": challenge, "X-ExceptionType": "UnauthorizedAccessException"})


def unsupported_role(name: str) -> Answer:
    """An application without any directory role that Exchange knows (shape E, [IMPL])."""
    text = (
        f"The role assigned to application {name} isn't supported in this scenario. Please check online "
        "documentation for assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication."
    )
    return Answer(403, {"error": {"code": "Forbidden", "message": text}})


def server_fault(kind: str) -> Answer:
    """A fault of the service itself (shape G [LIVE]); whether it passes is told by the type alone."""
    text = "The service met a fault while it ran the command."
    inner = {"message": text, "type": kind}
    return Answer(500, {"error": {"code": "InternalServerError", "message": text, "innererror": inner}})


def too_many() -> Answer:
    """The fifth cmdlet at a time (wire 1.10: a cap exists, text F [LIVE]; the number four is ours)."""
    text = "You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
    return Answer(429, text, {"Retry-After": "1", "Content-Type": "text/plain"})
