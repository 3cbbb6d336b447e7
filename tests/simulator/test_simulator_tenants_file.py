"""The tenants file, its schema, and the promise that names do not matter."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from simulated_pair import EXAMPLE, Pair, example, make_pair

from xtmig_kernel.simulator import tenants
from xtmig_kernel.simulator.exchange import contract, service

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tenants.schema.json"


def test_the_published_schema_is_current() -> None:
    """docs/reference/tenants.schema.json is what `--schema` prints."""
    assert tenants.schema() == json.loads(SCHEMA.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["source"].update(colour="blue"), "source.colour"),
        (lambda d: d["target"]["mailboxes"][0].update(kind="Sharedmailbox"), "target.mailboxes.0.kind"),
        (lambda d: d["source"]["lags"].update(hydrating=1), "source.lags.hydrating"),
        (lambda d: d["source"]["administrators"][0].update(directory_roles=["King"]), "directory_roles"),
        (lambda d: d["source"]["domains"].pop(0), "exactly one domain must be marked initial"),
        (lambda d: d["target"].update(tenant_id=d["source"]["tenant_id"]), "the same tenant_id"),
        (lambda d: d["target"]["domains"].append({"name": "contoso.com"}), "one domain has one owner"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: Any, place: str) -> None:
    """An unknown key or an impossible value is an error that names where it stands."""
    data = example()
    data["source"].setdefault("lags", {})
    change(data)
    with pytest.raises(tenants.TenantsFileError, match=re.escape(place)):
        tenants.parse(data, "test")


def test_the_example_holds_no_secret() -> None:
    """Secrets are named by environment variables; the file has no other field for them."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert {"XTMIG_SOURCE_SECRET", "XTMIG_TARGET_SECRET"} == set(re.findall(r"secret_from_env: (\w+)", text))
    assert not re.search(r"(?i)password|client_secret:", text)


def test_every_cmdlet_of_the_contract_has_a_handler() -> None:
    """What is on offer is answered: contract and handlers name the same cmdlets."""
    assert set(contract.served()) == set(service.HANDLERS)


RENAMES = {
    "contoso": "wombat", "Contoso": "Wombat", "northwindtraders": "quokka", "Northwind": "Quokka",
    "5c0e5c0e": "0badcafe", "7a26e700": "0ddba115", "LaraN": "QuiY", "Lara": "Quinta", "Newton": "Yule",
    "MoveScope": "ScopeOfMoves", "Cross-tenant move scope": "Those who go", "olivia": "una", "otis": "ulf",
    "Fabrikam": "Galah", "1ec059c7": "0c0ffee0",
}  # fmt: skip


def renamed(text: str) -> str:
    pattern = "|".join(re.escape(name) for name in sorted(RENAMES, key=len, reverse=True))
    return re.sub(pattern, lambda found: RENAMES[found.group()], text)


def story(pair: Pair, name: Any) -> list[Any]:
    """A setup from registration to a tested endpoint, with mistakes on the way; only outcomes are kept."""
    out: list[Any] = []

    def exo(side: str, cmdlet: str, **parameters: Any) -> Any:
        answer = pair.exo(side, cmdlet, **parameters)
        out.append((cmdlet, answer.status, answer.headers.get("X-ExceptionType")))
        return answer

    source, target = pair.tenant_id("source"), pair.tenant_id("target")
    exo("target", "New-OrganizationRelationship", Name="too early", DomainNames=[source])
    exo("target", "Enable-OrganizationCustomization")
    made = pair.register(name("Contoso mover"))
    secret = pair.minted(made["id"])
    pair.advance(600)
    given = {
        "Name": name("FromContoso"), "RemoteServer": "outlook.office.com", "ExchangeRemoteMove": True,
        "RemoteTenant": name("contoso.onmicrosoft.com"), "ApplicationId": made["appId"],
        "Credentials": pair.credential(made["appId"], secret),
    }  # fmt: skip
    exo("target", "New-MigrationEndpoint", **given)
    out.extend(pair.consent(side, made["appId"]).status for side in ("target", "source"))
    pair.advance(20)
    exo("target", "New-MigrationEndpoint", **given)
    result = exo("target", "Test-MigrationServerAvailability", Endpoint=name("FromContoso")).body["value"][0]
    out.append(result["Result"])
    exo("source", "New-OrganizationRelationship", Name="x", DomainNames=[target], MailboxMovePublishedScopes=[
        name("MoveScope")])  # fmt: skip
    exo("target", "New-OrganizationRelationship", Name="y", DomainNames=[name("contoso.com")])
    exo("target", "Remove-OrganizationRelationship", Identity=name("Fabrikam free-busy"), Confirm=False)
    out.append(len(exo("target", "Get-OrganizationRelationship").body["value"]))
    (lara,) = exo("source", "Get-Mailbox", Identity=name("LaraN")).body["value"]
    out.append([renamed(a) if name is str else a for a in lara["EmailAddresses"]])
    exo("source", "Get-Mailbox", Identity="nobody")
    return out


def test_renaming_every_object_changes_no_outcome() -> None:
    """No name of the example stands in the simulator's code: with other names the same story ends the same way."""
    other = make_pair(yaml.safe_load(renamed(EXAMPLE.read_text(encoding="utf-8"))))
    assert other.tenant_id("source") != make_pair(example()).tenant_id("source")
    assert story(make_pair(example()), str) == story(other, renamed)


def test_ids_depend_on_their_own_key_alone() -> None:
    """One mailbox more changes no derived id of another one."""
    data = example()
    plain = make_pair(data).exo("source", "Get-Mailbox", Identity="hal").body["value"]
    data["source"]["mailboxes"].insert(0, {
        "alias": "new", "display_name": "New", "upn": "new@contoso.onmicrosoft.com", "primary": "new@contoso.com",
    })  # fmt: skip
    assert plain == make_pair(data).exo("source", "Get-Mailbox", Identity="hal").body["value"]
