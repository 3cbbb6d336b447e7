"""The simulator's handlers directly, with a clock of our own and no web server."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import yaml
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from xtmig_kernel.simulator import creation, server, tenants
from xtmig_kernel.simulator.http import Answer, Call, Outcome
from xtmig_kernel.simulator.world import Addresses, World

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "contoso-northwind.yaml"
SECRETS = {"XTMIG_SOURCE_SECRET": "practice-secret-source", "XTMIG_TARGET_SECRET": "practice-secret-target"}
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
EXCHANGE_SCOPE = "https://outlook.office365.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"
EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
MAILBOX_MIGRATION = "f7264778-fba9-422d-8e9e-2675a2c4b513"


@dataclass
class Pair:
    """Both tenants without a web server; time stands still unless it is moved on."""

    world: World
    now: datetime = START
    wall: float = 1_000_000.0
    outcomes: list[Outcome] = field(default_factory=list)

    def send(self, service: str, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        parts = urlsplit(url)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if service in ("exo", "graph") and data:
            names.setdefault("content-type", "application/json")
        call = Call(service, method, parts.path, dict(parse_qsl(parts.query)), names, data, self.wall)
        outcome = server.serve(self.world, call, self.now)
        self.outcomes.append(outcome)
        return outcome.answer

    def post_form(self, service: str, url: str, **fields: str) -> Answer:
        return self.send(service, "POST", url, urlencode(fields).encode())

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def tenant_id(self, side: str) -> str:
        return self.world.tenants[side].tenant_id

    def sign_in(self, side: str, app_id: str, secret: str, scope: str = EXCHANGE_SCOPE) -> Answer:
        url = f"/{self.tenant_id(side)}/oauth2/v2.0/token"
        fields = {"grant_type": "client_credentials", "client_id": app_id, "client_secret": secret, "scope": scope}
        return self.post_form("login", url, **fields)

    def operator(self, side: str) -> str:
        return self.world.tenants[side].file.applications[0].app_id

    def operator_token(self, side: str, scope: str = EXCHANGE_SCOPE) -> str:
        secret = SECRETS[f"XTMIG_{side.upper()}_SECRET"]
        return str(self.sign_in(side, self.operator(side), secret, scope).body["access_token"])

    def person_token(self, side: str, upn: str, scope: str, client_id: str) -> str:
        started = self.post_form(
            "login", f"/{self.tenant_id(side)}/oauth2/v2.0/devicecode", client_id=client_id, scope=scope
        )
        self.post_form("portal", "/devicelogin", user_code=started.body["user_code"], account=upn, decision="continue")
        url = f"/{self.tenant_id(side)}/oauth2/v2.0/token"
        code = {"grant_type": "device_code", "client_id": client_id, "device_code": started.body["device_code"]}
        answer = self.post_form("login", url, **code)
        assert 200 == answer.status, answer.body
        return str(answer.body["access_token"])

    def exo(self, side: str, cmdlet: str, token: str | None = None, query: str = "", **parameters: Any) -> Answer:
        return self.exo_raw(side, {"CmdletName": cmdlet, "Parameters": parameters}, token, query)

    def exo_raw(
        self, side: str, order: dict[str, Any], token: str | None = None, query: str = "", **headers: str
    ) -> Answer:
        token = token or self.operator_token(side)
        url = f"/adminapi/beta/{self.tenant_id(side)}/InvokeCommand{query}"
        return self.send("exo", "POST", url, {"CmdletInput": order}, Authorization=f"Bearer {token}", **headers)

    def graph(self, side: str, method: str, path: str, body: Any = None, token: str | None = None, **h: str) -> Answer:
        token = token or self.operator_token(side, GRAPH_SCOPE)
        return self.send("graph", method, f"/v1.0{path}", body, Authorization=f"Bearer {token}", **h)

    def secure_string(self, plain: str) -> str:
        """A text as the module sends it, encrypted with the session key from the downloaded module text."""
        token = self.operator_token("target")
        url = f"/adminapi/v1.0/{self.tenant_id('target')}/EXOModuleFile"
        text = self.send("exo", "GET", url, Authorization=f"Bearer {token}").body["value"][0]["fileContent"]
        found = re.search(r"\$PublicKey = '<RSAKeyValue><Modulus>(.+?)</Modulus><Exponent>(.+?)</Exponent>", text)
        assert found is not None
        modulus, exponent = (int.from_bytes(base64.b64decode(part), "big") for part in found.groups())
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return base64.b64encode(key.encrypt(plain.encode(), padding.PKCS1v15())).decode()

    def credential(self, user_name: str, password: str) -> str:
        """A credential as the module sends it."""
        return self.secure_string(json.dumps({"UserName": user_name, "Password": password}, separators=(",", ":")))

    def register(self, name: str = "Mover", redirect: str = "https://office.com") -> dict[str, Any]:
        """A multi-tenant application in the target that asks for Mailbox.Migration, already readable."""
        access = [{"resourceAppId": EXCHANGE_APP, "resourceAccess": [{"id": MAILBOX_MIGRATION, "type": "Role"}]}]
        body = {
            "displayName": name, "signInAudience": "AzureADMultipleOrgs", "web": {"redirectUris": [redirect]},
            "requiredResourceAccess": access,
        }  # fmt: skip
        answer = self.graph("target", "POST", "/applications", body)
        assert 201 == answer.status, answer.body
        self.advance(2)
        made: dict[str, Any] = answer.body
        return made

    def consent(self, side: str, app_id: str, decision: str = "accept", account: str | None = None) -> Answer:
        upn = account or self.world.tenants[side].file.administrators[0].upn
        fields = {"client_id": app_id, "redirect_uri": "https://office.com", "account": upn, "decision": decision}
        return self.post_form("portal", f"/{self.tenant_id(side)}/adminconsent", **fields)

    def minted(self, object_id: str, **wish: Any) -> str:
        answer = self.graph("target", "POST", f"/applications/{object_id}/addPassword", {"passwordCredential": wish})
        assert 200 == answer.status, answer.body
        return str(answer.body["secretText"])


def example() -> dict[str, Any]:
    """The shipped tenants file as plain data, to be changed by a test."""
    data: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    return data


def make_pair(data: dict[str, Any], **environment: str) -> Pair:
    """Both tenants from plain data; further secrets by the name of their environment variable."""
    addresses = Addresses(*(f"https://localhost:{port}" for port in range(1, 6)))
    file = tenants.parse(data, "test")
    return Pair(creation.build(file, "seed", addresses, START, SECRETS | environment, Path()))
