"""A stand-in for PowerShell with Microsoft's module: it speaks the bridge's lines, and Exchange is the simulator's.

Run as a program in the place of `pwsh`. What it does with a request is written from the bridge's script and the wire's
facts, never from the client. Each cmdlet is noted in a file, so that a test can tell who has asked the simulator.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

TESTS = Path(__file__).resolve().parent
_SECURE = "00000000-0000-0000-0000-000000000000"


def install(folder: Path, connection: Path, notes: Path) -> Path:
    """Put a `pwsh` into a folder that goes in front of the PATH.

    Args:
        folder: An empty folder.
        connection: The simulator's connection file.
        notes: Where the cmdlets are noted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "pwsh"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(TESTS)!r})\n"
        f"from stand_in_powershell import main\nmain({str(connection)!r}, {str(notes)!r})\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return folder


def path_with(folder: Path) -> str:
    """The PATH with a folder in front."""
    return os.pathsep.join([str(folder), os.environ["PATH"]])


class Refused(Exception):
    """An error record, as the bridge tells it."""

    def __init__(self, **record: str) -> None:
        super().__init__()
        self.record = record


class Session:
    """One connected session.

    Args:
        request: The bridge's request to connect.
        connection: What the simulator's connection file says.
    """

    def __init__(self, request: dict[str, Any], connection: dict[str, Any]) -> None:
        import requests
        from stand_in_sessions import Simulated

        assert request["environment"] == "simulated"
        assert request["account"]["name"] in ("UserPrincipalName", "Organization")
        assert _text(request["account"]["value"])
        payload = request["token"].split(".")[1]
        tenant = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["tid"]
        if tenant != request["tenant"]:
            raise Refused(refused="other_tenant", detail=tenant)
        self._secure = requests.Session()
        self._secure.trust_env = False
        self._secure.verify = connection["ca_file"]
        self._secure.headers["Authorization"] = f"Bearer {request['token']}"
        self._base = f"{connection['exo']}/adminapi/beta/{tenant}"
        with_token = SimpleNamespace(connection=connection, secure=self._secure, tenant_id=lambda _side: tenant)
        self._simulated: Any = Simulated(with_token, "", "", "")  # type: ignore[arg-type]
        self._simulated._headers = lambda _service: {}

    def offered(self) -> dict[str, list[str]]:
        """The functions of the session's module with their parameters."""
        from xtmig_kernel.m365.module_file import read_module_file

        answer = self._secure.get(self._base.replace("/beta/", "/v1.0/") + "/EXOModuleFile", timeout=60)
        offered = read_module_file(answer.json()).offered
        return {name: sorted(parameters) for name, parameters in offered.items()}

    def run(self, request: dict[str, Any]) -> dict[str, Any]:
        """The rows and warnings of a cmdlet."""
        wire = {pair["name"]: self._value(pair["value"]) for pair in request["parameters"]}
        select = request["select"]
        url = f"{self._base}/InvokeCommand" + (f"?$select={','.join(select)}" if select else "")
        body = {"CmdletInput": {"CmdletName": request["cmdlet"], "Parameters": wire}}
        rows: list[Any] = []
        warnings: list[str] = []
        while url:
            answer = self._secure.post(url, json=body, timeout=120)
            if not answer.ok:
                raise _record_of(answer)
            data = answer.json() if answer.content else {}
            rows += [row if isinstance(row, dict) else {"Value": row} for row in data.get("value") or []]
            url = data.get("@odata.nextLink")
            warnings += [] if url else data.get("@adminapi.warnings") or []
        return {"rows": [_plain(row) for row in rows], "warnings": warnings}

    def _value(self, item: dict[str, Any]) -> Any:
        from stand_in_shell import PSCredential, SecureString

        kind, value = item["kind"], item.get("value")
        if kind == "secret":
            return self._simulated._wire(SecureString(_text(value)))
        if kind == "credential":
            return self._simulated._wire(PSCredential(_text(item["user"]), SecureString(_text(value))))
        if kind == "list":
            return [self._value(one) for one in value]
        if kind == "table":
            return {"@odata.type": "#Exchange.GenericHashTable"} | {p["name"]: self._value(p["value"]) for p in value}
        if kind == "bytes":
            return self._simulated._wire(base64.b64decode(value))
        return (
            {"null": None, "bool": value, "number": value}[kind] if kind in ("null", "bool", "number") else _text(value)
        )


def _text(value: str) -> str:
    return base64.b64decode(value).decode("utf-8")


def _plain(value: Any) -> Any:
    """A value as the bridge makes it of an object: no annotations, times to the second in UTC."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if "@" not in key}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", value):
        return value[:19] + "Z"
    return value


def _record_of(answer: Any) -> Refused:
    """What the module makes of an answer that is no success: its own text."""
    try:
        error = answer.json()["error"]
        inner = (error.get("innererror") or {}).get("internalexception") or {}
        message = error["details"][0]["message"] if error.get("details") else inner.get("message") or error["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.content.strip(b"\0").decode("utf-8", "replace") or f"HTTP {answer.status_code}"
    server = f"[Server=SIMULATED,RequestId={answer.headers.get('Request-Id') or _SECURE},TimeStamp=now]"
    category = "PermissionDenied" if answer.status_code in (401, 403) else "NotSpecified"
    return Refused(
        type="System.Exception", reason="", id=f"{server},Write-ErrorMessage", category=category, message=message
    )


def main(connection_file: str, notes: str) -> None:
    """Answer requests until the input ends."""
    assert sys.argv[1:4] == ["-NoLogo", "-NoProfile", "-NonInteractive"]
    assert Path(sys.argv[-1]).name == "bridge.ps1"
    connection = json.loads(Path(connection_file).read_text(encoding="utf-8"))
    session: Session | None = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        answer: dict[str, Any] = {"id": request["id"]}
        try:
            if request["do"] == "connect":
                session = Session(request, connection)
                answer["result"] = {"module": "stand-in", "shell": "stand-in"}
            else:
                answer["result"] = _asked(session, request, notes)
        except Refused as refused:
            answer["error"] = refused.record
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8") + b"\n")
        sys.stdout.buffer.flush()


def _asked(session: Session | None, request: dict[str, Any], notes: str) -> Any:
    if session is None:
        raise Refused(refused="not_connected", detail="")
    if request["do"] == "offered":
        return session.offered()
    with Path(notes).open("a", encoding="utf-8") as file:
        file.write(request["cmdlet"] + "\n")
    return session.run(request)
