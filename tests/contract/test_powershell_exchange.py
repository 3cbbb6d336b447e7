"""The PowerShell transport against canned lines: what is sent, what answers mean, and what is never told."""

from __future__ import annotations

import base64
import json
import logging
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from canned_shell import CONNECTED, Play
from canned_wire import TARGET, NotingClock, access_token, project
from hostile_text import NAMES

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.clock import from_text
from xtmig_kernel.credentials import Redactor, Secret
from xtmig_kernel.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    Rejected,
    ServiceError,
    SignInError,
    Throttled,
    Unavailable,
    UsageError,
    WrongTenantError,
)
from xtmig_kernel.m365 import CLEAR, PSCredential, Reply, TimedOut, UncertainWrite, powershell_exchange
from xtmig_kernel.m365.exchange_errors import complaint_of_record, error_of
from xtmig_kernel.m365.powershell_exchange import ENVIRONMENTS, PowerShellExchange
from xtmig_kernel.m365.recording import Recorder
from xtmig_kernel.m365.shell import Shell
from xtmig_kernel.m365.shell_values import to_shell
from xtmig_kernel.m365.watching import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UPN = "otis@northwindtraders.onmicrosoft.com"
NONE = {"result": {"rows": [], "warnings": []}}
SERVER = "[Server=AM6PR06MB5795,RequestId=7f6f2d5f-726b-5584-2121-922596043d50,TimeStamp=Tue, 28 Mar 2023 13:55:04 GMT]"
ABSENT = "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|Das Objekt fehlt."


class Tokens:
    """Numbered tokens that begin and end so many seconds from now.

    Args:
        spans: Of each token in turn; the last one is given for ever.
    """

    def __init__(self, *spans: tuple[float, float]) -> None:
        now = time.time()
        self.tokens = [access_token(n=n, iat=now + a, exp=now + b) for n, (a, b) in enumerate(spans)]
        self.renewed = 0

    def token(self, _resource: str, *, claims: str | None = None, renew: bool = False) -> str:  # noqa: ARG002 - the face
        self.renewed += renew
        return self.tokens[min(self.renewed, len(self.tokens) - 1)]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path, [CONNECTED])


@pytest.fixture
def make(play: Play, clock: NotingClock) -> Iterator[Callable[..., PowerShellExchange]]:
    """Makes a client whose shell plays these acts after the connection."""
    made: list[PowerShellExchange] = []

    def build(*acts: Any, tokens: Tokens | None = None, redactor: Redactor | None = None) -> PowerShellExchange:
        play.acts += acts
        exchange = PowerShellExchange(
            play.command(), "target", TARGET, ("UserPrincipalName", UPN), "O365Default",
            tokens=tokens or Tokens((0, 3600)), redactor=redactor or Redactor(), clock=clock,
        )  # fmt: skip
        made.append(exchange)
        return exchange

    yield build
    for exchange in made:
        exchange.close()


def failure(message: str, kind: str = "System.Exception", error_id: str = "x", category: str = "NotSpecified") -> Any:
    """An error as the bridge tells it."""
    return {"error": {"type": kind, "reason": "", "id": error_id, "category": category, "message": message}}


def decoded(value: dict[str, Any]) -> Any:
    """A value as the bridge would decode it."""
    kind, data = value["kind"], value.get("value")
    if kind in ("text", "time", "secret"):
        return kind, base64.b64decode(data).decode("utf-8")
    if kind == "credential":
        return kind, base64.b64decode(value["user"]).decode(), base64.b64decode(data).decode()
    if kind == "bytes":
        return kind, base64.b64decode(data)
    if kind == "list":
        return kind, [decoded(item) for item in data]
    if kind == "table":
        return kind, {pair["name"]: decoded(pair["value"]) for pair in data}
    return kind, data


def sent(play: Play) -> dict[str, Any]:
    """The parameters of the last cmdlet, decoded."""
    return {pair["name"]: decoded(pair["value"]) for pair in play.asked[-1]["parameters"]}


def test_the_connection_comes_first(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """F-96: token, tenant, account and environment are the first line; one connection serves all cmdlets."""
    tokens = Tokens((0, 3600))
    exchange = make(NONE, NONE, tokens=tokens)
    exchange.invoke("Get-OrganizationConfig")
    exchange.invoke("Get-AcceptedDomain")
    first, *cmdlets = play.asked
    account = {"name": "UserPrincipalName", "value": base64.b64encode(UPN.encode()).decode()}
    assert {**first, "id": ""} == {
        "id": "", "do": "connect", "token": tokens.tokens[0], "tenant": TARGET, "account": account,
        "environment": "O365Default",
    }  # fmt: skip
    assert ["Get-OrganizationConfig", "Get-AcceptedDomain"] == [asked["cmdlet"] for asked in cmdlets]
    assert len({asked["id"] for asked in play.asked}) == 3


def test_each_cloud_has_its_environment() -> None:
    """F-96: the names of ExchangeEnvironmentName, as Microsoft's reference lists them."""
    assert ENVIRONMENTS == {
        "worldwide": "O365Default", "gcc": "O365Default", "gcc-high": "O365USGovGCCHigh", "dod": "O365USGovDoD",
        "china": "O365China",
    }  # fmt: skip


def test_rows_and_warnings_come_back(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """F-98: rows are plain, wrapped values unwrapped, warnings kept; the bridge is told which properties to give."""
    row = {"Name": "A", "Size": "1 KB (1,024 bytes)", "Guid": {"Value": "g"}, "Many": ["x"], "None": None, "Count": 3}
    exchange = make({"result": {"rows": [row], "warnings": ["beware"]}})
    reply = exchange.invoke("Get-Mailbox", {"ResultSize": "Unlimited"}, select=("Name", "Size"))
    assert reply == Reply(({**row, "Guid": "g"},), ("beware",))
    assert play.asked[-1]["select"] == ["Name", "Size"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, ("bool", True)),
        (12, ("number", 12)),
        (None, ("null", None)),
        (CLEAR, ("null", None)),
        ("2026-11-02T08:00:00Z", ("text", "2026-11-02T08:00:00Z")),
        (datetime(2026, 11, 2, 9, tzinfo=timezone(timedelta(hours=1))), ("time", "2026-11-02T08:00:00")),
        (b"\x00\xff", ("bytes", b"\x00\xff")),
        (CsvBytes(("EmailAddress", "ü@x.example")), ("bytes", "EmailAddress\r\nü@x.example".encode())),
        (["a", "b"], ("list", [("text", "a"), ("text", "b")])),
        ({"Add": ["smtp:x"]}, ("table", {"Add": ("list", [("text", "smtp:x")])})),
        (Secret("s3cr3t-válue"), ("secret", "s3cr3t-válue")),
        (PSCredential("app", Secret("s3cr3t-value")), ("credential", "app", "s3cr3t-value")),
    ],
)
def test_each_kind_of_value(value: Any, expected: Any) -> None:
    """F-98: the bridge is told the kind of each value; a text that looks like a date is base64 like any other."""
    (pair,) = to_shell("Set-Thing", {"Value": value})
    assert (pair["name"], decoded(pair["value"])) == ("Value", expected)


@pytest.mark.parametrize("value", [[], {"Add": []}, from_text("2026-11-02T08:00:00Z").replace(tzinfo=None), object()])
def test_what_cannot_be_sent_is_refused(value: Any) -> None:
    """F-09: an empty list, a time without a zone and an unknown kind are refused before anything is started."""
    with pytest.raises(UsageError):
        to_shell("Set-Thing", {"Value": value})


def test_hostile_text_arrives_both_ways(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """Quotes, line breaks, U+2028 and emoji arrive byte for byte, to the shell and back, and break no line."""
    texts = [f"{text}\r\n\u2028\u0085{text}" for text in NAMES.values()]
    exchange = make(*({"result": {"rows": [{"Name": text}], "warnings": [text]}} for text in texts))
    for text in texts:
        reply = exchange.invoke("Get-Thing", {"Name": text})
        assert (reply.rows, reply.warnings) == (({"Name": text},), (text,))
        assert sent(play) == {"Name": ("text", text)}
    assert len(play.lines) == 1 + len(texts)
    assert all(line.isascii() for line in play.lines)


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_identity_is_not_sent(make: Callable[..., PowerShellExchange], play: Play, blank: Any) -> None:
    """F-12: a blank identity never leaves this process; no shell is even started."""
    with pytest.raises(UsageError, match="blank Identity"):
        make().invoke("Remove-MigrationUser", {"Identity": blank})
    with pytest.raises(UsageError, match="blank Identity"):
        make().invoke_many([("Get-Thing", {}), ("Remove-MigrationUser", {"Identity": blank})])
    assert play.starts == []


@pytest.mark.parametrize(("cmdlet", "asks"), [("Remove-MigrationUser", True), ("Get-MigrationUser", False)])
def test_nothing_asks(make: Callable[..., PowerShellExchange], play: Play, cmdlet: str, asks: bool) -> None:
    """F-10: cmdlets that can ask are told not to; the others do not get the parameter."""
    make(NONE).invoke(cmdlet, {"Identity": "x"})
    assert sent(play).get("Confirm") == (("bool", False) if asks else None)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (failure(ABSENT, error_id=f"{SERVER},Write-ErrorMessage"), NotFound),
        (failure("Ex1|Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|Schon da."), Conflict),
        (failure("|Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException|Foo"), Rejected),
        (failure('{"Message": "da", "TypeName": "Microsoft.Exchange.ManagementObjectNotFoundException"}'), NotFound),
        (
            failure("fehlt", error_id=f"{SERVER} [FailureCategory=Cmdlet-ManagementObjectNotFoundException] 4B9"),
            NotFound,
        ),
        (failure("The term is not recognized", "System.Management.Automation.CommandNotFoundException"), Rejected),
        (failure("no such parameter", "System.Management.Automation.ParameterBindingException"), Rejected),
        (failure("no", category="PermissionDenied"), AccessDenied),
        (failure("Ex2|Microsoft.Exchange.Configuration.Tasks.CmdletAccessDeniedException|Nein."), AccessDenied),
        (failure("You have reached the maximum number of concurrent requests per tenant."), Throttled),
    ],
)
@pytest.mark.parametrize("changing", [False, True])
def test_errors_are_typed_by_their_type_names(answer: Any, kind: type[ServiceError], changing: bool) -> None:
    """F-97: the service's own type name decides, or PowerShell's where nothing was sent; never the language."""
    record = answer["error"]
    found = complaint_of_record(record["type"], record["id"], record["category"], record["message"])
    assert type(error_of(found, "Set-Thing", "target", writes=changing)) is kind


def test_an_error_tells_the_request(make: Callable[..., PowerShellExchange]) -> None:
    """F-97: the request id is in the record's id, the text without its prefix is the message."""
    with pytest.raises(NotFound) as caught:
        make(failure(ABSENT, error_id=f"{SERVER},Write-ErrorMessage")).invoke("Get-Thing", {"Identity": "x"})
    error = caught.value
    assert (error.message, error.exception_type) == ("Das Objekt fehlt.", "ManagementObjectNotFoundException")
    assert (error.request_id, error.status) == ("7f6f2d5f-726b-5584-2121-922596043d50", None)


@pytest.mark.parametrize(
    "answer",
    [
        failure("An error occurred while sending the request.", "System.Net.Http.HttpRequestException"),
        failure("The object was not found.", "System.IO.FileNotFoundException", category="ObjectNotFound"),
        {"result": {"rows": "no list"}},
        {"result": None},
        {"error": None},
    ],
)
def test_what_is_not_clear_leaves_a_write_open(make: Callable[..., PowerShellExchange], answer: Any) -> None:
    """An error that neither the cmdlet nor PowerShell's binding reports says nothing of what was done, or is there."""
    with pytest.raises(UncertainWrite):
        make(answer).invoke("Set-Thing", {"Identity": "x"})
    with pytest.raises(Unavailable) as caught:
        make(answer).invoke("Get-Thing", {"Identity": "x"})
    assert not isinstance(caught.value, UncertainWrite)


def test_a_busy_service_is_asked_again(make: Callable[..., PowerShellExchange], clock: NotingClock) -> None:
    """F-24: what was refused because too much was going on was not done, so even a write is sent again."""
    busy = failure("You have reached the maximum number of concurrent requests per tenant.")
    assert make(busy, NONE).invoke("Set-Thing", {"Identity": "x"}) == Reply(())
    assert len(clock.waits) == 1


def test_a_passing_fault_is_read_again(make: Callable[..., PowerShellExchange], clock: NotingClock) -> None:
    """F-22: after a passing fault a read is repeated, a write is left open."""
    fault = failure("Ex3|Microsoft.Exchange.Data.Directory.ADTransientException|LDAP")
    assert make(fault, NONE).invoke("Get-Thing", {"Identity": "x"}) == Reply(())
    with pytest.raises(UncertainWrite):
        make(fault).invoke("Set-Thing", {"Identity": "x"})


def test_many_are_run_in_their_order(make: Callable[..., PowerShellExchange]) -> None:
    """Each call has its own outcome; one that is refused keeps no other back."""
    good = {"result": {"rows": [{"N": 1}], "warnings": []}}
    calls = [("Get-Thing", {"Identity": name}) for name in "abc"]
    first, second, third = make(good, failure(ABSENT), good).invoke_many(calls)
    assert (first, type(second), third) == (Reply(({"N": 1},)), NotFound, Reply(({"N": 1},)))


def test_many_answer_what_is_selected(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """Properties that are named are asked of each call."""
    make(NONE, NONE).invoke_many([("Get-Thing", {"Identity": name}) for name in "ab"], select=("Name",))
    assert [asked["select"] for asked in play.asked if "select" in asked] == [["Name"], ["Name"]]


def test_a_session_that_cannot_be_renewed_keeps_what_was_done(make: Callable[..., PowerShellExchange]) -> None:
    """Where the shell dies among many calls and none can be had again, each call still has an outcome of its own."""
    refused = {"error": {"message": "AADSTS50020 no"}}
    calls = [("Set-Thing", {"Identity": name}) for name in "abc"]
    outcomes = make(NONE, "die", refused).invoke_many(calls)
    assert [type(outcome) for outcome in outcomes] == [Reply, UncertainWrite, AccessDenied]


def test_a_shell_that_dies_leaves_the_write_open(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """A write without an answer may have been done, and is not sent again; the next call gets a new shell."""
    exchange = make("die", CONNECTED, NONE)
    with pytest.raises(UncertainWrite, match="shell says this"):
        exchange.invoke("Set-Thing", {"Identity": "x"})
    assert exchange.invoke("Get-Thing", {"Identity": "x"}) == Reply(())
    assert ["connect", "run", "connect", "run"] == [asked["do"] for asked in play.asked]
    assert len(play.starts) == 2


def test_a_shell_that_dies_is_no_empty_list(make: Callable[..., PowerShellExchange]) -> None:
    """A read without an answer observed nothing."""
    with pytest.raises(TimedOut, match="not answered"):
        make("die").invoke("Get-Thing", {"Identity": "x"})


@pytest.mark.parametrize(("cmdlet", "kind"), [("Set-Thing", UncertainWrite), ("Get-Thing", TimedOut)])
def test_a_shell_that_hangs_is_ended(
    make: Callable[..., PowerShellExchange],
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    cmdlet: str,
    kind: type[ServiceError],
) -> None:
    """When the time is up the shell is ended, so that nothing is done later behind our back."""
    exchange = make("hang")
    exchange.connect()
    monkeypatch.setattr(powershell_exchange, "_ANSWER_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(kind, match="The time was up"):
        exchange.invoke(cmdlet, {"Identity": "x"})
    assert time.monotonic() - began < 5
    assert len(play.starts) == 1


@pytest.mark.parametrize(
    "noise",
    [
        b"\0\0\0\n",
        b"WARNING: \xff\xfe\n",
        b"[]\n",
        b'{"id": "another", "result": {"rows": [{"N": 2}], "warnings": []}}\n',
        b'"text"\n\n\r\n',
    ],
)
def test_other_lines_are_passed_over(make: Callable[..., PowerShellExchange], noise: bytes) -> None:
    """Only the line that repeats the request's random id is its answer."""
    answer = b'\0{"id": "@id@", "result": {"rows": [{"N": 1}], "warnings": []}}\r\n'
    assert make(noise + answer).invoke("Get-Thing") == Reply(({"N": 1},))


@pytest.mark.parametrize(
    ("refused", "kind", "words"),
    [
        ({"refused": "no_module", "detail": ""}, UsageError, "Install-Module ExchangeOnlineManagement"),
        ({"refused": "old_module", "detail": "2.0.5"}, UsageError, r"2\.0\.5[\s\S]*Install-Module"),
        ({"refused": "other_tenant", "detail": "99999999"}, WrongTenantError, f"99999999.*{TARGET}"),
        ({"refused": "practice", "detail": ""}, UsageError, "transport: rest"),
        ({"message": "AADSTS50020 no", "type": "System.Exception"}, SignInError, "AADSTS50020"),
    ],
)
def test_what_keeps_the_session_back_is_told(
    play: Play, make: Callable[..., PowerShellExchange], refused: Any, kind: type[Exception], words: str
) -> None:
    """F-96: no module, an old one, another tenant and a refused sign-in are one clear error each; nothing is run."""
    play.acts.clear()
    exchange = make({"error": refused})
    with pytest.raises(kind, match=words):
        exchange.invoke("Set-Thing", {"Identity": "x"})
    assert [asked["do"] for asked in play.asked] == ["connect"]


def test_a_cmdlet_that_the_bridge_refuses_was_not_run(make: Callable[..., PowerShellExchange]) -> None:
    """What is not on the bridge's list is refused there as well, and that is no open write."""
    with pytest.raises(UsageError, match="Nothing was run"):
        make({"error": {"refused": "cmdlet", "detail": "Remove-Mailbox"}}).invoke("Remove-Mailbox", {"Identity": "x"})


def test_the_offer_is_the_sessions_module(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """F-99: the cmdlets of the session's module with their parameters; none at all is an error."""
    exchange = make({"result": {"Get-Mailbox": ["Identity", "Filter"], "Get-User": []}}, {"result": {}})
    assert exchange.offered() == {"Get-Mailbox": frozenset({"Identity", "Filter"}), "Get-User": frozenset()}
    assert play.asked[-1]["do"] == "offered"
    with pytest.raises(Rejected, match="no cmdlet"):
        exchange.offered()


def test_a_token_is_renewed_before_it_ends(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """F-96: with less than a quarter of its life left, the session connects with a new token first."""
    tokens = Tokens((-3000, 600), (0, 3600))
    make(NONE, tokens=tokens).invoke("Get-Thing")
    assert [asked.get("token") for asked in play.asked] == [tokens.tokens[1], None]


def test_a_new_token_means_a_new_connection(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """A token that the sign-in has renewed meanwhile is handed over before the next cmdlet, to the same shell."""
    tokens = Tokens((0, 3600), (0, 7200))
    exchange = make(NONE, CONNECTED, NONE, tokens=tokens)
    exchange.invoke("Get-Thing")
    tokens.renewed = 1
    exchange.invoke("Get-Thing")
    assert ["connect", "run", "connect", "run"] == [asked["do"] for asked in play.asked]
    assert len(play.starts) == 1


def test_a_read_whose_token_ended_is_read_again(
    make: Callable[..., PowerShellExchange], play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long read that outlived its token is repeated once with a new one; a write is not."""
    ended = failure("Unauthorized", "System.Net.WebException")
    tokens = Tokens((0, 3600), (0, 9000))
    exchange = make(ended, CONNECTED, NONE, ended, tokens=tokens)
    now, ask = [time.time()], Shell.ask

    def slowly(shell: Shell, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        answer = ask(shell, request, seconds)
        now[0] += 4000 * (request["do"] == "run")
        return answer

    monkeypatch.setattr(powershell_exchange, "time", SimpleNamespace(time=lambda: now[0]))
    monkeypatch.setattr(Shell, "ask", slowly)
    assert exchange.invoke("Get-Thing") == Reply(())
    assert ["connect", "run", "connect", "run"] == [asked["do"] for asked in play.asked]
    now[0] -= 8000
    with pytest.raises(UncertainWrite):
        exchange.invoke("Set-Thing", {"Identity": "x"})
    assert len(play.asked) == 5


def test_secrets_are_nowhere_but_on_the_input(
    make: Callable[..., PowerShellExchange],
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Token and secrets reach the shell by its input alone: no argument, variable, log, screen or error has them."""
    caplog.set_level(logging.DEBUG)
    redactor, tokens = Redactor(), Tokens((0, 3600))
    redactor.register(tokens.tokens[0])
    secret = Secret("s3cr3t-of-the-application", redactor)
    monkeypatch.setenv("XTMIG_MIGRATION_SECRET", secret.reveal())
    echo = f"echo {tokens.tokens[0]} {secret.reveal()}\n"
    exchange = make({**failure(echo), "stderr": echo}, "die", tokens=tokens, redactor=redactor)
    told = []
    for _ in range(2):
        with pytest.raises(UncertainWrite) as caught:
            exchange.invoke("New-MigrationEndpoint", {"Name": "x", "Credentials": PSCredential("app", secret)})
        told.append(f"{caught.value} {caught.value.as_data()}")
    assert "echo [redacted] [redacted]" in told[1]
    seen = json.dumps(play.starts) + caplog.text + "".join(capfd.readouterr()) + "".join(told)
    for hidden in (tokens.tokens[0], secret.reveal(), base64.b64encode(secret.reveal().encode()).decode()):
        assert hidden not in seen
    assert "XTMIG_MIGRATION_SECRET" not in play.starts[0]["environment"]
    assert decoded(play.asked[1]["parameters"][1]["value"]) == ("credential", "app", secret.reveal())


def test_closing_ends_the_shell(make: Callable[..., PowerShellExchange], play: Play) -> None:
    """A closed client holds no process; one that is asked again starts anew."""
    exchange = make(NONE, CONNECTED, NONE)
    exchange.invoke("Get-Thing")
    shell = exchange._shell
    assert shell is not None
    exchange.close()
    exchange.close()
    assert not shell.running
    exchange.invoke("Get-Thing")
    assert len(play.starts) == 2


def test_a_record_keeps_the_shapes_of_lines(make: Callable[..., PowerShellExchange], tmp_path: Path) -> None:
    """`check-access --record` keeps of each line what it does, names and kinds, and nothing of whom it speaks."""
    redactor, tokens, hidden = Redactor(), Tokens((0, 3600)), NAMES["markup"]
    rows = {"result": {"rows": [{"DisplayName": hidden, "Database": None, "Lara Newton": 1}], "warnings": [hidden]}}
    refused = failure(f"Ex1|x|{hidden}", "System.Management.Automation.RemoteException", hidden, "PermissionDenied")
    exchange = make(rows, refused, "die", tokens=tokens, redactor=redactor)
    recorder = Recorder(project(tmp_path))
    with watching(recorder):
        exchange.invoke("Get-Mailbox", {"Identity": hidden, "ResultSize": "Unlimited"})
        for cmdlet in ("Get-User", "New-MigrationEndpoint"):
            with pytest.raises(ServiceError):
                exchange.invoke(cmdlet, {"Name": "x", "Credentials": PSCredential("app", Secret("s3cr3t", redactor))})
    text = recorder.text()
    connected, read, denied, lost = json.loads(text)["requests"]
    assert ("powershell", "connect", None) == (connected["service"], connected["do"], connected["cmdlet"])
    assert ("run", "Get-Mailbox") == (read["do"], read["cmdlet"])
    assert {"ResultSize": "text"}.items() <= read["parameters"].items()
    (row,) = read["answer"]["result"]["rows"]["shapes"]
    assert {"DisplayName": f"text({len(hidden)})", "Database": "null", "{key}": "number"} == row
    error = denied["answer"]["error"]
    assert ("System.Management.Automation.RemoteException", "PermissionDenied") == (error["type"], error["category"])
    assert ({"Name": "text", "Credentials": "credential", "Confirm": "bool"}, {"raised": "ShellLost"}) == (
        lost["parameters"], lost["answer"],
    )  # fmt: skip
    for named in (hidden, "Lara", UPN, TARGET, "s3cr3t", tokens.tokens[0], "eyJ"):
        assert named not in text
