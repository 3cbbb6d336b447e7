"""Exchange's cmdlets through PowerShell: an installed shell with Microsoft's module, kept open for one tenant.

The other transport. What is asked and what comes back is the same as with `ExchangeClient`, and so are its guards:
`shell_values` names an object and lets nothing prompt, `exchange_errors` reads the errors. The module itself sends
again what its author thinks passing; what is still refused then is sent again by the same rule as over HTTP.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any, Literal

from xtmig_kernel.errors import AccessDenied, Rejected, ServiceError, SignInError, UsageError
from xtmig_kernel.m365.exchange_contract import writes
from xtmig_kernel.m365.exchange_errors import complaint_of_record, error_of, passing
from xtmig_kernel.m365.exchange_service import Page, Reply
from xtmig_kernel.m365.http import TimedOut, UncertainWrite
from xtmig_kernel.m365.identity import claims_of
from xtmig_kernel.m365.shell import Shell, ShellLost
from xtmig_kernel.m365.shell_refusals import refusal
from xtmig_kernel.m365.shell_values import encoded, to_shell
from xtmig_kernel.m365.values import plain_row
from xtmig_kernel.m365.waits import Waits, speaker, unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xtmig_kernel.clock import Clock
    from xtmig_kernel.credentials import Redactor
    from xtmig_kernel.m365.exchange_service import CmdletCall
    from xtmig_kernel.m365.http import Tokens
    from xtmig_kernel.project import CloudName, Side

ENVIRONMENTS: dict[CloudName, str] = {
    "worldwide": "O365Default",
    "gcc": "O365Default",
    "gcc-high": "O365USGovGCCHigh",
    "dod": "O365USGovDoD",
    "china": "O365China",
}
"""ExchangeEnvironmentName of each cloud (fact F-96)."""
SIMULATED = "simulated"
"""What stands there for simulated tenants; the bridge refuses it before it does anything."""

_CONNECT_SECONDS = 300
_ANSWER_SECONDS = 3720
"""A minute over the longest that Microsoft's module waits for one request of its own (wire 1.2)."""
_RENEW_BELOW = 0.25
"""A token with less than this part of its life left is renewed first."""

_REQUEST_ID = re.compile(r"RequestId=([0-9A-Fa-f-]{36})")

Account = tuple[Literal["UserPrincipalName", "Organization"], str]


class PowerShellExchange:
    """Cmdlets of one tenant.

    Args:
        command: How the shell is started, from `shell_command`.
        side: The tenant, for messages.
        tenant_id: Its ID, which the session must show before the first cmdlet.
        account: The parameter that goes with the token: a person's UserPrincipalName, or the tenant's initial domain
            as Organization for an application (fact F-96).
        environment: One of `ENVIRONMENTS`, or `SIMULATED`.
        tokens: Gives tokens for Exchange.
        redactor: Knows them.
        clock: Waits between retries.
        tell: Takes one sentence before each wait.
    """

    def __init__(
        self,
        command: Sequence[str],
        side: Side,
        tenant_id: str,
        account: Account,
        environment: str,
        *,
        tokens: Tokens,
        redactor: Redactor,
        clock: Clock,
        tell: Callable[[str], None] = unheard,
    ) -> None:
        self._command = tuple(command)
        self._side: Side = side
        self._tenant_id = tenant_id
        self._account = account
        self._environment = environment
        self._tokens = tokens
        self._redactor = redactor
        self._clock = clock
        self._tell = tell
        self._shell: Shell | None = None
        self._connected_with: str | None = None
        self._lock = threading.Lock()

    def connect(self) -> None:
        """Start the shell and prove its session's tenant.

        Raises:
            UsageError: The shell, its module, or the project cannot be used.
            WrongTenantError: The session is of another tenant.
            SignInError: The module refused the sign-in.
            Unavailable: The shell did not answer.
        """
        with self._lock:
            self._ready()

    def invoke(
        self, cmdlet: str, parameters: Mapping[str, Any] | None = None, *, select: Sequence[str] | None = None
    ) -> Reply:
        """As `ExchangeService.invoke`; the rows are narrowed after the call.

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As `shell_values.to_shell` takes them.
            select: Only these properties.

        Raises:
            UsageError: A parameter cannot be sent.
            SignInError: The session had to be renewed and could not be.
            ServiceError: As `ExchangeService.invoke`.
        """
        return self._run(cmdlet, to_shell(cmdlet, parameters or {}), list(select or ()))

    def page(
        self,
        cmdlet: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
        link: str | None = None,
    ) -> Page:
        """As `ExchangeService.page`; the module reads all pages by itself, so that all is one part.

        Args:
            cmdlet: Such as `"Get-Mailbox"`.
            parameters: As `shell_values.to_shell` takes them.
            select: Only these properties.
            link: None, for there is no further part.

        Raises:
            UsageError: A parameter cannot be sent, or a further part is asked for.
            SignInError: The session had to be renewed and could not be.
            ServiceError: As `ExchangeService.invoke`.
        """
        if link is not None:
            raise UsageError("PowerShell gives a list as a whole; there is no further part of it.")
        reply = self.invoke(cmdlet, parameters, select=select)
        return Page(reply.rows, reply.warnings)

    def invoke_many(
        self, calls: Sequence[CmdletCall], *, select: Sequence[str] | None = None
    ) -> list[Reply | ServiceError]:
        """As `ExchangeService.invoke_many`, one after the other.

        Args:
            calls: Cmdlet and parameters of each.
            select: Only these properties, of each answer.

        Raises:
            UsageError: A parameter cannot be sent; nothing was sent then.
        """
        prepared = [(cmdlet, to_shell(cmdlet, parameters)) for cmdlet, parameters in calls]
        replies: list[Reply | ServiceError] = []
        for cmdlet, parameters in prepared:
            try:
                replies.append(self._run(cmdlet, parameters, list(select or ())))
            except ServiceError as error:
                replies.append(error)
            except (SignInError, UsageError) as error:  # not sent; what was done before it keeps its outcome
                kind = AccessDenied if isinstance(error, SignInError) else Rejected
                replies.append(kind(error.message, side=self._side, cause=error.cause, remedy=error.remedy))
        return replies

    def offered(self) -> dict[str, frozenset[str]]:
        """The cmdlets of the session's own module, each with its parameters (fact F-99).

        Raises:
            Rejected: It has none.
            ServiceError: The shell did not answer.
        """
        answer = self._ask("the list of cmdlets", {"do": "offered"}, changing=False)
        self._refuse(answer, "the list of cmdlets", changing=False)
        found = answer.get("result")
        if not isinstance(found, dict) or not found:
            raise Rejected(
                "The Exchange session offers no cmdlet to this account.",
                side=self._side,
                remedy="Check that the account has an Exchange role in this tenant.",
            )
        return {str(cmdlet): frozenset(map(str, names or ())) for cmdlet, names in found.items()}

    def close(self) -> None:
        """End the shell, and with it the session."""
        with self._lock:
            self._drop()

    def _run(self, cmdlet: str, parameters: list[dict[str, Any]], select: list[str]) -> Reply:
        changing = writes(cmdlet)
        request = {"do": "run", "cmdlet": cmdlet, "parameters": parameters, "select": select}
        waits = Waits(self._clock, speaker("exchange", self._side), self._tell)
        renewed = False
        while True:
            answer = self._ask(cmdlet, request, changing=changing)
            if answer.get("error") is None:
                return self._reply(answer, cmdlet, changing=changing)
            kind = passing(_complaint(answer["error"]))
            if (kind == "busy" or (kind == "fault" and not changing)) and waits.wait():
                continue
            if not changing and not renewed and self._ran_out():
                renewed = True  # the token ended while its pages were read
                continue
            self._refuse(answer, cmdlet, changing=changing)

    def _reply(self, answer: dict[str, Any], cmdlet: str, *, changing: bool) -> Reply:
        result = answer.get("result")
        rows, warnings = (result.get("rows"), result.get("warnings")) if isinstance(result, dict) else (None, None)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self._silence(cmdlet, "The bridge answered something else than rows.", changing=changing)
        return Reply(tuple(plain_row(row) for row in rows), tuple(map(str, warnings or ())))

    def _refuse(self, answer: dict[str, Any], what: str, *, changing: bool) -> None:
        """Raise the error that an answer holds."""
        record = answer.get("error")
        if record is None:
            return
        if isinstance(record, dict) and "refused" in record:
            raise refusal(record, self._side, self._tenant_id, self._redactor)
        found = _REQUEST_ID.search(str(record.get("id"))) if isinstance(record, dict) else None
        error = error_of(_complaint(record), what, self._side, writes=changing, request_id=found[1] if found else None)
        error.message = self._redactor.redact(error.message)
        raise error

    def _ask(self, what: str, request: dict[str, Any], *, changing: bool) -> dict[str, Any]:
        with self._lock:
            shell = self._ready()
            try:
                return shell.ask(request, _ANSWER_SECONDS)
            except ShellLost as lost:
                self._drop()
                raise self._silence(what, _why(lost), changing=changing) from None

    def _silence(self, what: str, why: str, *, changing: bool) -> ServiceError:
        if changing:
            return UncertainWrite(
                f"The answer to {what} was lost.",
                side=self._side,
                cause=why,
                remedy="It may have been done. Look at the object before anything is sent again.",
            )
        return TimedOut(
            f"{what} was not answered by PowerShell.",
            side=self._side,
            cause=why,
            remedy="Run the step again; a new shell is started.",
        )

    def _ready(self) -> Shell:
        """The shell, connected with a token that lasts a while; the lock is held."""
        token = self._fresh_token()
        if self._shell is not None and not self._shell.running:
            self._drop()  # it ended while nothing was asked of it
        if self._shell is None:
            self._shell = Shell(self._command, self._redactor)
            self._connected_with = None
        if token != self._connected_with:
            self._sign_in(self._shell, token)
        return self._shell

    def _sign_in(self, shell: Shell, token: str) -> None:
        name, value = self._account
        request = {
            "do": "connect",
            "token": token,
            "tenant": self._tenant_id,
            "account": {"name": name, "value": encoded(value)},
            "environment": self._environment,
        }
        try:
            answer = shell.ask(request, _CONNECT_SECONDS)
        except ShellLost as lost:
            self._drop()
            raise self._silence("Connect-ExchangeOnline", _why(lost), changing=False) from None
        record = answer.get("error")
        if record is None:
            self._connected_with = token
            return
        self._drop()
        raise refusal(record, self._side, self._tenant_id, self._redactor)

    def _drop(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None
            self._connected_with = None

    def _fresh_token(self) -> str:
        token = self._tokens.token("exchange")
        left, life = _life_of(token)
        return self._tokens.token("exchange", renew=True) if left < life * _RENEW_BELOW else token

    def _ran_out(self) -> bool:
        return self._connected_with is not None and _life_of(self._connected_with)[0] <= 0


def _life_of(token: str) -> tuple[float, float]:
    """Seconds that a token still has, and its whole life; one that does not tell is taken as endless."""
    claims = claims_of(token)
    try:
        end = float(claims["exp"])
        return end - time.time(), end - float(claims.get("iat") or claims.get("nbf") or 0)
    except (KeyError, TypeError, ValueError):
        return float("inf"), float("inf")


def _complaint(record: Any) -> Any:
    data = record if isinstance(record, dict) else {}
    parts = (str(data.get(name) or "") for name in ("type", "id", "category", "message"))
    return complaint_of_record(*parts)


def _why(lost: ShellLost) -> str:
    why = "The time was up; the shell was ended." if lost.late else "The shell ended."
    return f"{why} It said: {lost.said}" if lost.said else why
