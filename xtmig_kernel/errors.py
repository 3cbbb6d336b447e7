"""Everything that xtmig raises on purpose.

::

    XtmigError
    ├── UsageError                    what the person gave cannot be used        exit 2
    │   ├── ProjectFileError          a project file: which key, what, the mend
    │   ├── SecretReferenceError      a secret cannot be fetched as referred to
    │   └── SameTenantError           both sides are one tenant, or clouds differ
    ├── SignInError                   nobody is signed in                        exit 3
    │   ├── WrongTenantError          the token is of another tenant
    │   └── MigrationApplicationError the migration application was used to sign in
    ├── ServiceError                  Microsoft 365 refused or could not answer  exit 5
    │   ├── AccessDenied              a right is missing
    │   ├── NotFound                  the object is not there
    │   ├── Conflict                  the object is there already
    │   ├── Rejected                  the request was understood and refused
    │   │   └── NotOverHttp           a session of PowerShell can do it, HTTP cannot
    │   ├── NotYetAccepted            right, but not known to all its servers yet   exit 4
    │   ├── Throttled                 too many requests, retries used up
    │   └── Unavailable               no answer, time-out, server fault
    ├── EngineError                   a change was not made                      exit 3
    │   ├── StalePlanError            the tenant is no longer as the plan saw it
    │   ├── ApprovalError             the approval is missing or does not match  exit 4
    │   └── RecoveryError             an interrupted change needs a person
    ├── LedgerError                   the ledger is damaged or in use            exit 1
    ├── InventoryError                the store of snapshots cannot be used      exit 2
    └── ArchiveError                  an archive does not verify                 exit 3

Each carries the side, the step, the subject, the cause, the remedy and statement ids, as far as
they are known where it is raised; `step_context` adds what only the caller knows.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class XtmigError(Exception):
    """Base of all deliberate errors.

    Args:
        message: What happened, one sentence.
        side: `"source"`, `"target"` or None where no tenant is concerned.
        step: Id of the step, such as `"070.3"`.
        subject: The object concerned, as an administrator would name it.
        cause: Why, as far as it is known.
        remedy: What to do about it, one sentence.
        statements: Ids of the document's statements that are concerned.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        side: str | None = None,
        step: str | None = None,
        subject: str | None = None,
        cause: str | None = None,
        remedy: str | None = None,
        statements: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.side = side
        self.step = step
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
        self.statements = tuple(statements)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.side and self.side.upper(), self.step, self.subject) if part)
        lines = [f"{where}: {self.message}" if where else self.message]
        if self.cause:
            lines.append(f"Why: {self.cause}")
        if self.remedy:
            lines.append(f"What to do: {self.remedy}")
        return "\n".join(lines)

    def place(self, *, side: str | None = None, step: str | None = None, subject: str | None = None) -> None:
        """Say where it happened, as far as it does not say so itself.

        Args:
            side: `"source"` or `"target"`.
            step: Id of the step.
            subject: The object concerned.
        """
        self.side = self.side or side
        self.step = self.step or step
        self.subject = self.subject or subject

    def as_data(self) -> dict[str, object]:
        """The error as JSON-able data, for the ledger and `--json`."""
        return {
            "type": type(self).__name__,
            "message": self.message,
            "side": self.side,
            "step": self.step,
            "subject": self.subject,
            "cause": self.cause,
            "remedy": self.remedy,
            "statements": list(self.statements),
        }


class UsageError(XtmigError):
    """What the person gave cannot be used."""

    exit_code = 2


class ProjectFileError(UsageError):
    """A project file is missing, cannot be read, or says something that cannot be."""


class SecretReferenceError(UsageError):
    """A secret cannot be fetched in the way the project refers to it."""


class SameTenantError(UsageError):
    """Source and target are one tenant, or in two clouds (FAQ-09)."""


class SignInError(XtmigError):
    """Nobody could be signed in.

    `ask` is what an administrator of that tenant can be asked for, empty where nobody but the person can mend it.
    """

    exit_code = 3
    ask: str = ""


class WrongTenantError(SignInError):
    """The token belongs to another tenant than the side it was meant for (EPT-01)."""


class MigrationApplicationError(SignInError):
    """The migration application was offered as the operator's own sign-in."""


class ServiceError(XtmigError):
    """Microsoft 365 refused or could not answer.

    Args:
        exception_type: The service's own exception type name, if it gave one.
        request_id: The service's request id, for a support case.
        client_request_id: The id that we gave the request; known even where no answer came.
        status: HTTP status, or None where no answer came.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        exception_type: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
        status: int | None = None,
        side: str | None = None,
        step: str | None = None,
        subject: str | None = None,
        cause: str | None = None,
        remedy: str | None = None,
        statements: Sequence[str] = (),
    ) -> None:
        super().__init__(
            message, side=side, step=step, subject=subject, cause=cause, remedy=remedy, statements=statements
        )
        self.exception_type = exception_type
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.status = status

    def __str__(self) -> str:
        ids = self.support_ids
        return super().__str__() + (f"\nRequest ids for a support case: {', '.join(ids)}" if ids else "")

    @property
    def support_ids(self) -> tuple[str, ...]:
        """The ids by which Microsoft's support finds the request, the service's own first."""
        ours = f"client-request-id {self.client_request_id}" if self.client_request_id else None
        return tuple(one for one in (self.request_id, ours) if one)

    def as_data(self) -> dict[str, object]:
        """The error with the service's own details."""
        return super().as_data() | {
            "exception_type": self.exception_type,
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
            "status": self.status,
        }


class AccessDenied(ServiceError):
    """The signed-in account lacks a right (401 or 403)."""


class NotFound(ServiceError):
    """The object is not there."""


class Conflict(ServiceError):
    """The object is there already, or two writes met."""


class Rejected(ServiceError):
    """The request was understood and refused."""


class NotOverHttp(Rejected):
    """Exchange's HTTP interface could not be given what a PowerShell session can; nothing was sent.

    Its remedy is the script of the section.
    """

    def place(self, *, side: str | None = None, step: str | None = None, subject: str | None = None) -> None:
        """As `XtmigError.place`; the remedy names the section, too."""
        super().place(side=side, step=step, subject=subject)
        section = (self.step or "SECTION").partition(".")[0]
        self.remedy = f"Write the section's script with: xtmig powershell {section}; or choose transport: powershell."


class NotYetAccepted(ServiceError):
    """The service still refuses a secret or consent that is right, because not all its servers know it."""

    exit_code = 4


class Throttled(ServiceError):
    """The service asked to slow down until the retries were used up (429)."""


class Unavailable(ServiceError):
    """No answer, a time-out or a server fault, after the retries."""


class EngineError(XtmigError):
    """A change was not made."""

    exit_code = 3


class StalePlanError(EngineError):
    """The tenant is no longer as the plan saw it."""


class ApprovalError(EngineError):
    """An approval is missing, does not match, or is too weak."""

    exit_code = 4


class RecoveryError(EngineError):
    """An interrupted change is neither undone nor done; a person must look."""


class LedgerError(XtmigError):
    """The ledger is damaged, or another process writes to it."""


class InventoryError(XtmigError):
    """The store of snapshots cannot be used, or has no such snapshot."""

    exit_code = 2


class ArchiveError(XtmigError):
    """An archive does not verify."""

    exit_code = 3


@contextmanager
def step_context(*, side: str | None = None, step: str | None = None, subject: str | None = None) -> Iterator[None]:
    """Add side, step and subject to any `XtmigError` raised inside, where it does not say so itself.

    Args:
        side: `"source"` or `"target"`.
        step: Id of the step.
        subject: The object concerned.
    """
    try:
        yield
    except XtmigError as error:
        error.place(side=side, step=step, subject=subject)
        raise
