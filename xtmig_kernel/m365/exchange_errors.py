"""Exchange's answers that are no success, as typed errors (wire 1.7 and 1.8, facts F-17 to F-24, F-97). Pure.

Exchange words its messages in the administrator's language, so what decides is the exception's type name, then the
HTTP status, and the words only where there is nothing else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.errors import AccessDenied, Conflict, NotFound, Rejected, ServiceError, Throttled, Unavailable
from xtmig_kernel.m365.http import UncertainWrite

if TYPE_CHECKING:
    from xtmig_kernel.m365.http import Response
    from xtmig_kernel.project import Side

# What Microsoft's own module and others send again (wire 1.8); the fifth also stands in longer names, such as
# StorageTransientException and ADTransientException.
_FAULTS = (
    "DCOverloadedException",
    "SuitabilityDirectoryException",
    "ServerInMMException",
    "ADServerSettingsChangedException",
    "TransientException",
    "CmdletProxyNotAvailableFailure",
    "ServerBusyException",
    "BackendCommunicationException",
)
_BUSY = re.compile(r"maximum number of concurrent requests", re.IGNORECASE)
_NOT_FOUND = re.compile(r"(couldn.t|can.t|could not|cannot) be found|couldn.t find|not found", re.IGNORECASE)
_EXISTS = re.compile(r"already exists|is already (in use|being used)", re.IGNORECASE)
_FAILURE_CATEGORY = re.compile(r"FailureCategory=Cmdlet-(\w+)")
_NEVER_SENT = ("CommandNotFoundException", "ParameterBindingException", "ParameterBindingValidationException")
_DENIED = ("PermissionDenied", "SecurityError", "AuthenticationError")
_EXPIRED = re.compile(r"expired or invalid pagination|00:30:00", re.IGNORECASE)
_WRAPPERS = ("ODataServiceException", "DirectInvokeCmdletExecutionException")


class PageLinkExpired(Rejected):
    """A list was not read to its end within the thirty minutes for which its page links are valid (wire 1.1, 1.6)."""


def page_link_error(error: Rejected, cmdlet: str) -> Rejected:
    """What the refusal of a page link means: that it has expired, or else what it says.

    No exception type is known for it, so its words decide; the half hour is written alike in every language.

    Args:
        error: The refusal of a page link.
        cmdlet: What was called.
    """
    if not _EXPIRED.search(error.message):
        return error
    return PageLinkExpired(
        f"The list of {cmdlet} was not read to its end: its pages are kept for half an hour.",
        exception_type=error.exception_type,
        request_id=error.request_id,
        client_request_id=error.client_request_id,
        status=error.status,
        side=error.side,
        cause="The reading took longer, twice over. What had been read is thrown away, for a part is no list.",
        remedy="Look at the network and at what else runs against this tenant, then run it again at a quieter hour.",
    )


@dataclass(frozen=True)
class Complaint:
    """What an answer complains of.

    Args:
        text: In the service's words.
        exception_type: The exception's name without its namespace, or None.
        by_cmdlet: Whether the cmdlet itself says so, and not the machinery around it.
        denied: Whether it is a refusal for want of a right.
    """

    text: str
    exception_type: str | None
    by_cmdlet: bool = False
    denied: bool = False


def complaint(response: Response) -> Complaint | None:
    """What an answer complains of; None for a success.

    Args:
        response: Any answer of the Exchange admin service.
    """
    data = response.data()
    found = _from_body(data) if isinstance(data, dict) else None
    if found is None and response.status < HTTPStatus.BAD_REQUEST:
        return None
    told = _short(response.headers.get("X-ExceptionType"))
    if found is None:
        text = "" if data is not None else response.content.strip(b"\0 \r\n\t").decode("utf-8", "replace")
        return Complaint(_without_markup(text), told)
    return Complaint(found.text, found.exception_type or told, found.by_cmdlet)


def complaint_of_record(type_name: str, fully_qualified_id: str, category: str, text: str) -> Complaint:
    """What an error record of PowerShell complains of (fact F-97).

    The session's module passes on the service's `id|type|text`; remote PowerShell told the type in the record's id.
    An exception of PowerShell itself says that nothing was sent; any other one leaves open what was done.

    Args:
        type_name: The exception's type.
        fully_qualified_id: The record's FullyQualifiedErrorId.
        category: The record's category.
        text: The record's message.
    """
    told, kind = _parsed(text), _short(type_name)
    remote = _FAILURE_CATEGORY.search(fully_qualified_id)
    if told.exception_type is None and remote is not None:
        told = Complaint(told.text, remote[1], by_cmdlet=True)
    elif told.exception_type is None:
        told = Complaint(told.text, kind, by_cmdlet=kind in _NEVER_SENT)
    return replace(told, denied=category in _DENIED)


def transience(response: Response) -> Literal["busy", "fault"] | None:
    """Whether the same request may succeed a little later.

    Args:
        response: Any answer of the Exchange admin service.

    Returns:
        `"busy"` if nothing was done, `"fault"` if something may have been.
    """
    found = complaint(response)
    return None if found is None else passing(found)


def passing(found: Complaint) -> Literal["busy", "fault"] | None:
    """Whether what is complained of passes; as `transience`.

    Args:
        found: From an answer over HTTP, or from an error record.
    """
    if _is_busy(found):
        return "busy"
    known = f"{found.exception_type or ''} {found.text}"
    return "fault" if any(name in known for name in _FAULTS) else None


def _is_busy(found: Complaint) -> bool:
    """Whether the machinery says that there are too many requests; what a cmdlet itself says is told by its type."""
    told_by_type = found.by_cmdlet and found.exception_type is not None
    return not told_by_type and _BUSY.search(found.text) is not None


def error_from(response: Response, cmdlet: str, side: Side, *, writes: bool) -> ServiceError | None:
    """The error that an answer means; None for a success.

    Args:
        response: After all retries.
        cmdlet: What was called.
        side: The tenant.
        writes: Whether the cmdlet may have changed something.
    """
    found = complaint(response)
    if found is None:
        return None
    return error_of(
        found,
        cmdlet,
        side,
        writes=writes,
        status=response.status,
        request_id=response.headers.get("Request-Id"),
        client_request_id=response.client_request_id,
    )


def error_of(
    found: Complaint,
    cmdlet: str,
    side: Side,
    *,
    writes: bool,
    status: int | None = None,
    request_id: str | None = None,
    client_request_id: str | None = None,
) -> ServiceError:
    """The error that a complaint means.

    Args:
        found: After all retries.
        cmdlet: What was called.
        side: The tenant.
        writes: Whether the cmdlet may have changed something.
        status: The HTTP status; None where PowerShell tells none.
        request_id: The service's id of the request.
        client_request_id: Our own one.
    """
    kind, remedy = _kind(found, status, writes=writes)
    answer = "an error without a name" if status is None else f"HTTP {status}"
    return kind(
        found.text or f"{cmdlet} was answered with {answer}.",
        exception_type=found.exception_type,
        request_id=request_id,
        client_request_id=client_request_id,
        status=status,
        side=side,
        cause=f"{cmdlet} reported {found.exception_type or answer}.",
        remedy=remedy,
    )


def _kind(found: Complaint, status: int | None, *, writes: bool) -> tuple[type[ServiceError], str]:
    refused = found.denied or status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    if refused or "AccessDenied" in (found.exception_type or ""):
        return AccessDenied, "Give the signed-in account an Exchange role that holds this cmdlet, then sign in again."
    if status == HTTPStatus.TOO_MANY_REQUESTS or _is_busy(found):
        return Throttled, "Wait a few minutes and run the step again; nothing was done."
    if not _is_settled(found, status, writes=writes):
        if writes:
            return UncertainWrite, "It may have been done. Look at the object before anything is sent again."
        return Unavailable, "Try again later; if it lasts, look at the service health page."
    return _refusal(found, status)


def _is_settled(found: Complaint, status: int | None, *, writes: bool) -> bool:
    """Whether the answer is final: nothing was done, and the same request would fail again."""
    if passing(found) is not None or status == HTTPStatus.REQUEST_TIMEOUT:
        return False
    if status is None:
        return found.by_cmdlet
    if status < HTTPStatus.BAD_REQUEST:
        return not writes  # errors beside a success: a write may have been done in part
    # A server fault that the cmdlet itself reports is the cmdlet's refusal.
    return status < HTTPStatus.INTERNAL_SERVER_ERROR or found.by_cmdlet


def _refusal(found: Complaint, status: int | None) -> tuple[type[ServiceError], str]:
    name = found.exception_type or ""
    if name in ("AmbiguousParameterSetException", "CommandNotFoundException", "ParameterBindingException"):
        return Rejected, "A missing role hides cmdlets and parameters: check the account's Exchange roles."
    # seen live by others in 2021 for a second group (MicrosoftDocs/office-docs-powershell#7416); perhaps lifted since
    if name == "MailboxMigrationScopeOverLimitException":
        return Rejected, "This organisation publishes one scope group alone: keep one name in names.scope_groups."
    # A bare 404 may also mean a wrong address: that an object is absent, the cmdlet must say.
    if name.endswith("NotFoundException") or (not name and found.by_cmdlet and _NOT_FOUND.search(found.text)):
        return NotFound, "Check the name; the object is not in this tenant."
    exists = "AlreadyExists" in name or (not name and _EXISTS.search(found.text))
    if exists or status == HTTPStatus.CONFLICT:
        return Conflict, "Look at the object that is there, and choose another name or use it."
    return Rejected, "Correct what the message names, then run the step again."


def _from_body(data: dict[str, Any]) -> Complaint | None:
    error = data.get("error")
    if isinstance(error, dict):
        return _from_error(error)
    if isinstance(error, str) and error:
        return _parsed(error)
    notes = data.get("@adminapi.errors") or data.get("ErrorRecords")
    if isinstance(notes, list) and notes:
        return _parsed(notes[0])
    return None


def _from_error(error: dict[str, Any]) -> Complaint:
    """details[0].message first, then the inner exception's, as Microsoft's module does."""
    details = error.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and details[0].get("message"):
        found = _parsed(details[0]["message"])
        if found.exception_type is None:
            found = Complaint(found.text, _inner(error)[1], found.by_cmdlet)
        return found
    text, kind = _inner(error)
    return Complaint(text or str(error.get("message") or ""), kind)


def _inner(error: dict[str, Any]) -> tuple[str, str | None]:
    """Message and type of the innermost exception that says anything."""
    outer = error.get("innererror") or error.get("innerError")
    layers = [outer.get("internalexception"), outer] if isinstance(outer, dict) else []
    for layer in layers:
        if not isinstance(layer, dict):
            continue
        kind = _short(layer.get("type"))
        if kind and kind not in _WRAPPERS:
            return str(layer.get("message") or ""), kind
    return "", None


def _parsed(note: Any) -> Complaint:
    """`id|type|text`, the same as JSON, or a bare text."""
    if isinstance(note, str) and note.lstrip().startswith("{"):
        try:
            note = json.loads(note)
        except ValueError:
            return Complaint(note, None, by_cmdlet=True)
    if isinstance(note, dict):
        inner = str(note.get("Message") or note.get("message") or "")
        kind = _short(note.get("TypeName") or note.get("ClassName") or note.get("type"))
        return Complaint(inner, kind, by_cmdlet=True) if kind else _parsed(inner)
    parts = str(note).split("|", 2)
    if len(parts) == 3:  # noqa: PLR2004 - the format itself
        return Complaint(parts[2].strip(), _short(parts[1]), by_cmdlet=True)
    return Complaint(str(note), None, by_cmdlet=True)


def _short(type_name: Any) -> str | None:
    text = str(type_name or "").strip()
    return text.rsplit(".", 1)[-1] or None


def _without_markup(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()[:500]
