"""What the commands of our scripts do in the stand-in shell: Exchange and Graph are the simulator's, the rest is here.

The shape of each request is written from the wire's facts (F-06 to F-12), never from the client.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import requests
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from stand_in_shell import PSCredential, SecureString, Shell, Thrown, Unknown
from stand_in_syntax import commands_of

if TYPE_CHECKING:
    from simulator_process import SimulatorProcess

DOCUMENTED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "e2e" / "documented_parameters.json").read_text(encoding="utf-8")
)
HASHTABLE, BYTES = "#Exchange.GenericHashTable", "#Exchange.ByteArrayType"
READING = ("Get", "Test")
SCRIPTS_OWN = frozenset(
    {
        *("Add-Record", "Connect-ExchangeOnline", "Connect-MgGraph", "ConvertTo-Json", "ConvertTo-SecureString"),
        *("Get-ConnectionInformation", "Get-MgContext", "Get-Now", "Get-Plain", "Invoke-Accepted"),
        *("Invoke-MgGraphRequest", "Join-Path", "Read-Host", "Remove-Variable", "Set-Content", "Set-Seen"),
        *("Start-Sleep", "Where-Object"),
    }
)
"""The commands of our scripts beside the cmdlets of Exchange Online."""


def undocumented(script: str) -> list[str]:
    """How the Exchange calls of a script differ from Microsoft's reference: what is not there, and what is required."""
    wrong = []
    for name, parameters in commands_of(script):
        if name in DOCUMENTED:
            documented = DOCUMENTED[name]
            wrong += [f"{name} has no -{p}" for p in parameters if p not in documented["parameters"]]
            wrong += [f"{name} lacks -{p}" for p in documented["required"] if p not in parameters]
        elif name not in SCRIPTS_OWN:
            wrong.append(f"{name} is no documented cmdlet")
    return wrong


class Tenant(Protocol):
    """One tenant, as a session of an administrator sees it."""

    tenant_id: str

    def cmdlet(self, name: str, parameters: dict[str, Any]) -> list[Any]: ...

    def request(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Any: ...

    def wait(self, seconds: int) -> None: ...


@dataclass
class Noting:
    """A tenant that notes what it is asked for, and answers with what it was told.

    Args:
        rows: What every Get cmdlet answers.
    """

    tenant_id: str
    rows: list[Any] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    def cmdlet(self, name: str, parameters: dict[str, Any]) -> list[Any]:
        self.asked.append((name, parameters))
        return self.rows if name.startswith("Get-") else []

    def request(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Any:
        self.sent.append((method, path, headers, None if body is None else json.loads(body)))
        return {"id": "an-id", "appId": "an-app-id", "secretText": "a-secret", "keyId": "a-key"}

    def wait(self, seconds: int) -> None:
        pass


class Simulated:
    """A tenant of a running simulator, with an operator application's rights.

    Args:
        simulator: The process.
        side: `source` or `target`.
        app_id: The operator application.
        secret: Its secret.
    """

    def __init__(self, simulator: SimulatorProcess, side: str, app_id: str, secret: str) -> None:
        self.tenant_id = simulator.tenant_id(side)
        self._simulator = simulator
        self._app_id, self._secret = app_id, secret

    def _headers(self, service: str) -> dict[str, str]:
        fields = {
            "grant_type": "client_credentials", "client_id": self._app_id, "client_secret": self._secret,
            "scope": {"exo": "https://outlook.office365.com/.default", "graph": "https://graph.microsoft.com/.default"}[
                service
            ],
        }  # fmt: skip
        url = f"{self._simulator.connection['login']}/{self.tenant_id}/oauth2/v2.0/token"
        answer = self._simulator.secure.post(url, data=fields, timeout=30)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def cmdlet(self, name: str, parameters: dict[str, Any]) -> list[Any]:
        documented = DOCUMENTED[name]["parameters"]
        wire = {key: self._wire(value) for key, value in parameters.items()}
        if "Confirm" in documented and not name.startswith(READING):
            wire.setdefault("Confirm", False)  # whoever runs the script has said yes
        url = f"{self._simulator.connection['exo']}/adminapi/beta/{self.tenant_id}/InvokeCommand"
        headers, rows = self._headers("exo"), []
        body = {"CmdletInput": {"CmdletName": name, "Parameters": wire}}
        while url:
            answer = self._simulator.secure.post(url, json=body, headers=headers, timeout=60)
            data = _data_of(answer)
            rows += data.get("value", [])
            url = data.get("@odata.nextLink")
        return rows

    def _wire(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {"@odata.type": HASHTABLE, **{key: self._wire(item) for key, item in value.items()}}
        if isinstance(value, bytes):
            return {"@odata.type": BYTES, "Data": list(value)}
        if isinstance(value, SecureString):
            return self._encrypted(value.text)
        if isinstance(value, PSCredential):
            pair = {"UserName": value.user, "Password": value.secret.text}
            return self._encrypted(json.dumps(pair, separators=(",", ":")))
        return value

    def _encrypted(self, plain: str) -> str:
        url = f"{self._simulator.connection['exo']}/adminapi/v1.0/{self.tenant_id}/EXOModuleFile"
        answer = self._simulator.secure.get(url, headers=self._headers("exo"), timeout=60)
        text = answer.json()["value"][0]["fileContent"]
        found = re.search(r"\$PublicKey = '<RSAKeyValue><Modulus>(.+?)</Modulus><Exponent>(.+?)</Exponent>", text)
        assert found is not None
        modulus, exponent = (int.from_bytes(base64.b64decode(part), "big") for part in found.groups())
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return base64.b64encode(key.encrypt(plain.encode(), padding.PKCS1v15())).decode()

    def request(self, method: str, path: str, headers: dict[str, str], body: str | None) -> Any:
        url = f"{self._simulator.connection['graph']}/{path}"
        sent = {**self._headers("graph"), **headers, **({"Content-Type": "application/json"} if body else {})}
        data = None if body is None else body.encode("utf-8")
        answer = self._simulator.secure.request(method, url, data=data, headers=sent, timeout=60)
        return _data_of(answer)

    def wait(self, seconds: int) -> None:
        self._simulator.advance(seconds)


def _data_of(answer: requests.Response) -> Any:
    if not answer.ok:
        raise Thrown(answer.text)
    return answer.json() if answer.content else {}


@dataclass(frozen=True)
class Asked:
    """What a command is given: by name, by place, and through the pipeline."""

    named: dict[str, Any]
    given: list[Any]
    stream: list[Any]


@dataclass
class Session:
    """An administrator's PowerShell in which a script is run.

    Args:
        tenant: What the session is connected to.
        folder: The folder of the script, in which it may write.
        answers: What the person types in, by the question.
        confirms: Whether the person types the code for which a step asks.
    """

    tenant: Tenant
    folder: Path
    answers: dict[str, str] = field(default_factory=dict)
    confirms: bool = True
    connected: list[str] = field(default_factory=list)

    def run(self, script: Path) -> None:
        """Run a script file; its byte order mark is what Windows PowerShell 5.1 needs."""
        text = script.read_bytes().decode("utf-8")
        assert text.startswith("\ufeff")
        self.shell = Shell(self.command, PSScriptRoot=str(self.folder))
        self.shell.run(text.removeprefix("\ufeff"))

    def command(self, name: str, named: dict[str, Any], given: list[Any], stream: list[Any]) -> list[Any]:
        own = getattr(self, "_" + name.lower().replace("-", "_"), None)
        if own is not None:
            done: list[Any] = own(Asked(named, given, stream))
            return done
        if name not in DOCUMENTED:
            raise Unknown(f"the command {name}")
        assert (given, stream) == ([], []), f"{name} takes its values by name"
        assert "exchange" in self.connected
        return self.tenant.cmdlet(name, named)

    def _connect_exchangeonline(self, asked: Asked) -> list[Any]:
        assert set(asked.named) == {"Organization", "ShowBanner"}
        self.connected.append("exchange")
        return []

    def _connect_mggraph(self, asked: Asked) -> list[Any]:
        assert set(asked.named) == {"TenantId", "Scopes", "NoWelcome"}
        self.connected.append("graph")
        return []

    def _get_connectioninformation(self, *_: Any) -> list[Any]:
        return [{"TenantID": self.tenant.tenant_id, "UserPrincipalName": "admin@contoso.example"}]

    def _get_mgcontext(self, *_: Any) -> list[Any]:
        return [{"TenantId": self.tenant.tenant_id}]

    def _invoke_mggraphrequest(self, asked: Asked) -> list[Any]:
        assert set(asked.named) <= {"Method", "Uri", "Headers", "ContentType", "Body"}
        assert "graph" in self.connected
        return [
            self.tenant.request(
                asked.named["Method"], asked.named["Uri"], asked.named.get("Headers", {}), asked.named.get("Body")
            )
        ]

    def _start_sleep(self, asked: Asked) -> list[Any]:
        self.tenant.wait(asked.named["Seconds"])
        return []

    def _read_host(self, asked: Asked) -> list[Any]:
        (question,) = asked.given
        code = re.search(r" To go on type ([0-9a-f]{8})$", question)
        answer = (code[1] if self.confirms else "") if code else self.answers[question]
        return [SecureString(answer)] if asked.named.get("AsSecureString") else [answer]

    def _convertto_securestring(self, asked: Asked) -> list[Any]:
        assert set(asked.named) == {"AsPlainText", "Force"}
        return [SecureString(asked.given[0])]

    def _remove_variable(self, asked: Asked) -> list[Any]:
        self.shell.remove(asked.given[0])
        return []

    def _join_path(self, asked: Asked) -> list[Any]:
        return ["/".join(asked.given)]

    def _convertto_json(self, asked: Asked) -> list[Any]:
        return [json.dumps(asked.named["InputObject"], ensure_ascii=False)]

    def _set_content(self, asked: Asked) -> list[Any]:
        path = Path(asked.named["LiteralPath"])
        assert path.parent == self.folder
        path.write_text("".join(asked.stream), encoding="utf-8-sig")
        return []
