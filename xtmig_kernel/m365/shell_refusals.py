"""What the bridge refuses, and a connection that PowerShell did not make, as errors with their remedy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.errors import SignInError, UsageError, WrongTenantError

if TYPE_CHECKING:
    from collections.abc import Callable

    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.project import Side

_INSTALL = "Install-Module ExchangeOnlineManagement -Scope CurrentUser"


def refusal(record: Any, side: Side, tenant_id: str, redactor: Redactor) -> UsageError | SignInError:
    """The error that a refusal means; nothing was run in either case.

    Args:
        record: `refused` and `detail` from the bridge, or the error record of a connection.
        side: The tenant.
        tenant_id: Its ID.
        redactor: Knows the secrets that words may repeat.
    """
    data = record if isinstance(record, dict) else {}
    kind, detail = str(data.get("refused") or ""), redactor.redact(str(data.get("detail") or ""))
    if kind == "other_tenant":
        return WrongTenantError(
            f"The PowerShell session is of tenant {detail or '(unknown)'}, but the {side} tenant is {tenant_id}.",
            side=side,
            remedy=f"Sign in with an account of the {side} tenant; no cmdlet was run.",
            statements=("EPT-01",),
        )
    if kind in _KNOWN:
        return _KNOWN[kind](side, detail)
    if kind:
        return UsageError(
            f"The bridge to PowerShell refused: {kind} {detail}".rstrip() + ".",
            side=side,
            remedy="Nothing was run. Report this; script and program do not fit together.",
        )
    words = redactor.redact(str(data.get("message") or ""))
    return SignInError(
        f"PowerShell could not connect to the {side} tenant's Exchange.",
        side=side,
        cause=words[:500] or "Connect-ExchangeOnline gave no reason.",
        remedy="Try Connect-ExchangeOnline by hand with this account; update the module if it is old.",
    )


def _no_module(side: Side, _detail: str) -> UsageError:
    return UsageError("PowerShell has no module ExchangeOnlineManagement.", side=side, remedy=f"In it: {_INSTALL}")


def _old_module(side: Side, detail: str) -> UsageError:
    return UsageError(
        f"PowerShell's module ExchangeOnlineManagement is too old ({detail}).",
        side=side,
        cause="Version 3.1.0 is the first that takes a token.",
        remedy=f"In PowerShell: {_INSTALL} -Force",
    )


def _practice(side: Side, _detail: str) -> UsageError:
    return UsageError(
        "Practice tenants cannot be reached through PowerShell.",
        side=side,
        cause="Microsoft's module connects to Microsoft alone; no token was used.",
        remedy="Choose transport: rest for practice.",
    )


_KNOWN: dict[str, Callable[[Side, str], UsageError]] = {
    "no_module": _no_module,
    "old_module": _old_module,
    "practice": _practice,
}
