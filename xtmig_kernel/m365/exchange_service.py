"""What both transports to Exchange offer: cmdlets in, rows or typed errors out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.errors import ServiceError

CmdletCall: TypeAlias = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Reply:
    """What a cmdlet answered.

    Args:
        rows: Its objects, without annotations; empty if it returned nothing.
        warnings: Its warnings, in the service's words.
        request_id: The service's id of the (last) request, for a support case; None where the transport tells none.
    """

    rows: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()
    request_id: str | None = None


@dataclass(frozen=True)
class Page:
    """A part of what a cmdlet answered.

    Args:
        rows: Its objects, without annotations.
        warnings: Its warnings, but for the one that there is more.
        link: By what the next part is asked for, for half an hour (wire 1.6); None after the last one.
    """

    rows: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...] = ()
    link: str | None = None


class ExchangeService(Protocol):
    """Cmdlets of one tenant: over HTTP (`ExchangeClient`), or through PowerShell (`PowerShellExchange`)."""

    def invoke(
        self, cmdlet: str, parameters: Mapping[str, Any] | None = None, *, select: Sequence[str] | None = None
    ) -> Reply:
        """Run a cmdlet and read all of its answer.

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As `parameters.to_wire` takes them. A cmdlet that knows ResultSize returns everything
                only with `"ResultSize": "Unlimited"`.
            select: Only these properties.

        Raises:
            UsageError: A parameter cannot be sent.
            AccessDenied: The account lacks a role.
            NotFound: The cmdlet says that the object is not there.
            Conflict: The cmdlet says that the object is there already.
            Rejected: The cmdlet refused.
            Throttled: Too many requests, after the retries.
            UncertainWrite: A write's answer was lost, or it failed half-way.
            Unavailable: No usable answer, after the retries.
        """
        ...

    def page(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        link: str | None = None,
    ) -> Page:
        """Run a cmdlet that only reads, and read one part of its answer.

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As for `invoke`; the same for each part.
            select: Only these properties; the same for each part.
            link: Of the part before; None for the first part.

        Raises:
            UsageError: A parameter cannot be sent.
            PageLinkExpired: The link is no longer valid; the list has to be begun again.
            ServiceError: As `invoke`.
        """
        ...

    def invoke_many(
        self, calls: Sequence[CmdletCall], *, select: Sequence[str] | None = None
    ) -> list[Reply | ServiceError]:
        """Run many cmdlets that do not depend on each other.

        Args:
            calls: Cmdlet and parameters of each.
            select: Only these properties, of each answer.

        Returns:
            One reply or error for each call, in their order.

        Raises:
            UsageError: A parameter cannot be sent; nothing was sent then.
        """
        ...

    def offered(self) -> dict[str, frozenset[str]]:
        """The cmdlets that this account's roles allow, each with its parameters.

        Raises:
            ServiceError: The service does not say.
        """
        ...

    def close(self) -> None:
        """Let go of whatever is held open."""
        ...
