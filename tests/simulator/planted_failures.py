"""Causes of failure, one file each in `failures`: planted in a pair that is ready otherwise, and taken away again."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from exchange_answers import done
from moving_pair import APP_ID, DOMAIN, ENDPOINT, HOUR, SECRET, address, guid_of, make_ready, new_batch
from simulated_pair import Pair

FOLDER = Path(__file__).with_name("failures")


@dataclass(frozen=True)
class Planted:
    """A cause, and what is known of it.

    Attributes:
        name: Of its file.
        facts: The file.
    """

    name: str
    facts: dict[str, Any]

    @property
    def status(self) -> str:
        """What a user who meets it comes to."""
        return str(self.facts.get("status", "Failed"))

    @property
    def everybody(self) -> bool:
        """Whether it concerns the organisations and so everybody."""
        return bool(self.facts.get("everybody"))

    @property
    def at_completion(self) -> bool:
        """Whether it shows only when the batch is completed."""
        return self.facts.get("at") == "completion"


def all_causes() -> list[Planted]:
    """Every file."""
    return [Planted(p.stem, yaml.safe_load(p.read_text(encoding="utf-8"))) for p in sorted(FOLDER.glob("*.yaml"))]


def filled(value: Any, alias: str) -> Any:
    """A value with the person's names put in."""
    if isinstance(value, str):
        return value.replace("{alias}", alias).replace("{address}", address(alias)).replace("{guid}", guid_of(alias))
    if isinstance(value, dict):
        return {key: filled(item, alias) for key, item in value.items()}
    return [filled(item, alias) for item in value] if isinstance(value, list) else value


def plant(data: dict[str, Any], cause: Planted, alias: str) -> dict[str, Any]:
    """The same two tenants with the cause in one mailbox, or in the organisations."""
    data, facts = copy.deepcopy(data), filled(cause.facts, alias)
    source, target = data["source"], data["target"]
    for side in ("source", "target"):
        data[side] |= facts.get(side, {})
    mailbox = next(m for m in source["mailboxes"] if m["alias"] == alias)
    user = next(u for u in target["mail_users"] if u["alias"] == alias)
    mailbox |= facts.get("mailbox", {})
    user |= facts.get("mail_user", {})
    user["proxies"] = [*user["proxies"], *facts.get("further_proxies", [])]
    if facts.get("in_scope") is False:
        source["groups"][0]["members"].remove(alias)
    if "target_mailbox" in facts or facts.get("no_mail_user"):
        target["mail_users"].remove(user)
    if "target_mailbox" in facts:
        target["mailboxes"].append({k: v for k, v in user.items() if k != "external_address"} | facts["target_mailbox"])
    if "other_batch" in facts:
        target["migration_users"] = [{"identity": address(alias), "batch": facts["other_batch"]}]
    target["migration_endpoints"][0] |= facts.get("endpoint", {})
    source["organization_relationships"][0] |= facts.get("source_relationship", {})
    target["organization_relationships"][0] |= facts.get("target_relationship", {})
    return data


def planted_pair(data: dict[str, Any], cause: Planted, alias: str) -> Pair:
    """The pair with a cause planted."""
    return make_ready(plant(data, cause, alias), consent=cause.facts.get("consent", True))


def take(pair: Pair, steps: list[dict[str, Any]], alias: str) -> None:
    """Do what a file says, one step after the other."""
    for step in filled(steps, alias):
        if "wait" in step:
            pair.advance(step["wait"])
        elif "licence" in step:
            _licence(pair, step["licence"], alias)
        elif "renew_secret" in step:
            credentials = pair.credential(APP_ID, SECRET)
            done(pair, "target", "Set-MigrationEndpoint", Identity=ENDPOINT, Credentials=credentials)
        elif "consent" in step:
            pair.consent(step["consent"], APP_ID)
        else:
            parameters = {k: v for k, v in step.items() if k not in {"side", "cmdlet"}}
            done(pair, step["side"], step["cmdlet"], **parameters)
            pair.advance(HOUR)


def _licence(pair: Pair, part_number: str, alias: str) -> None:
    skus = pair.graph("target", "GET", "/subscribedSkus").body["value"]
    sku = next(s["skuId"] for s in skus if s["skuPartNumber"] == part_number)
    upn = f"{alias}@{DOMAIN}"
    pair.graph("target", "PATCH", f"/users/{upn}", {"usageLocation": "NL"})
    body = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
    answer = pair.graph("target", "POST", f"/users/{upn}/assignLicense", body)
    assert 200 == answer.status, answer.body


def remedied(pair: Pair, cause: Planted, alias: str) -> None:
    """Take the cause away."""
    take(pair, cause.facts.get("remedy", []), alias)


def resume(pair: Pair) -> None:
    """Resume the batch, and let time pass."""
    done(pair, "target", "Start-MigrationBatch", Identity="W01")
    pair.advance(4 * HOUR)


def move_to_new_batch(pair: Pair, alias: str) -> None:
    """Take somebody out of the batch and put them into a new one."""
    done(pair, "target", "Remove-MigrationUser", Identity=address(alias), Confirm=False)
    pair.advance(60)
    new_batch(pair, alias, name="W01-r2")
    pair.advance(4 * HOUR)
