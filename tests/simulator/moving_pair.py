"""A pair in which everything is ready for moves, and what the tests of the migration service do with it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from exchange_answers import done, one, rows
from simulated_pair import Pair, example, make_pair

from xtmig_kernel.simulator.migration.passing import let_time_pass
from xtmig_kernel.simulator.state_view import state_view

DOMAIN = "northwindtraders.onmicrosoft.com"
ENDPOINT = "Contoso moves"
SECRET = "secret-of-the-moving-application"
ADDON = "Cross_tenant_user_data_migration"
APP_ID = "7a26e700-0000-4000-8000-0000000b0009"
ENVIRONMENT = {"XTMIG_MOVE_SECRET": SECRET}
HOUR, DAY = 3600, 86_400
SYNCED_AFTER = 4 * HOUR


def mailbox(alias: str, **facts: Any) -> dict[str, Any]:
    """A mailbox of the source, as small as a mailbox can be."""
    return {
        "alias": alias,
        "display_name": f"Display {alias}",
        "upn": f"{alias}@contoso.onmicrosoft.com",
        "primary": f"{alias}@contoso.com",
        "proxies": [f"smtp:{alias}@contoso.onmicrosoft.com"],
        "exchange_guid": guid_of(alias),
        "legacy_dn": f"/o=ExchangeLabs/cn=Recipients/cn={alias}",
        **facts,
    }


def guid_of(alias: str) -> str:
    """The ExchangeGuid of a mailbox of these tests."""
    return f"5c0e5c0e-0000-4000-8000-{hashlib.sha256(alias.encode()).hexdigest()[:12]}"


def mail_user(alias: str, **facts: Any) -> dict[str, Any]:
    """The mail user in the target that a mailbox of the source needs (document's prerequisites)."""
    return {
        "alias": alias,
        "display_name": f"Display {alias}",
        "upn": f"{alias}@{DOMAIN}",
        "primary": f"{alias}@northwindtraders.com",
        "proxies": [f"smtp:{alias}@{DOMAIN}", f"x500:/o=ExchangeLabs/cn=Recipients/cn={alias}"],
        "external_address": f"{alias}@contoso.onmicrosoft.com",
        "exchange_guid": guid_of(alias),
        "licences": [ADDON],
        **facts,
    }


def ready(*aliases: str, **mailboxes: dict[str, Any]) -> dict[str, Any]:
    """Plain data of two tenants in which these mailboxes can move; more facts about each by its alias.

    The application is registered in the target before the start, with consent there; `moving_pair` lets the source
    consent.
    """
    names = list(dict.fromkeys([*aliases, *mailboxes]))
    data = example()
    source, target = data["source"], data["target"]
    source["mailboxes"] = [mailbox(name, **mailboxes.get(name, {})) for name in names]
    source["groups"] = [
        {"name": "Scope", "alias": "Scope", "primary": "scope@contoso.com", "kind": "Security", "members": names}
    ]
    source["organization_relationships"] = [
        {
            "name": "To Northwind", "domain_names": [target["tenant_id"]], "mailbox_move_enabled": True,
            "mailbox_move_capability": ["RemoteOutbound"], "mailbox_move_published_scopes": ["Scope"],
            "oauth_application_id": APP_ID,
        }
    ]  # fmt: skip
    target["mail_users"] = [mail_user(name) for name in names]
    target["mailboxes"], target["contacts"], target["users"], target["dehydrated"] = [], [], [], False
    target["groups"] = []
    target["organization_relationships"] = [
        {
            "name": "From Contoso", "domain_names": [source["tenant_id"]], "mailbox_move_enabled": True,
            "mailbox_move_capability": ["Inbound"],
        }
    ]  # fmt: skip
    target["applications"].append(
        {
            "name": "Mover", "app_id": APP_ID, "permissions": {"exchange": ["Mailbox.Migration"]},
            "sign_in_audience": "AzureADMultipleOrgs", "redirect_uris": ["https://office.com"],
            "secret_from_env": "XTMIG_MOVE_SECRET",
        }
    )  # fmt: skip
    target["migration_endpoints"] = [
        {
            "name": ENDPOINT, "remote_server": "outlook.office.com", "remote_tenant": "contoso.onmicrosoft.com",
            "application_id": APP_ID, "secret_from_env": "XTMIG_MOVE_SECRET",
        }
    ]  # fmt: skip
    return data


def make_ready(data: dict[str, Any], *, consent: bool) -> Pair:
    """The pair, half a minute later; with consent in the source, if wished."""
    pair = make_pair(data, **ENVIRONMENT)
    if consent:
        pair.consent("source", APP_ID)
    pair.advance(30)
    return pair


def moving_pair(data: dict[str, Any]) -> Pair:
    """The pair, after the source consented to the application."""
    return make_ready(data, consent=True)


def address(alias: str) -> str:
    """The address in the target by which a batch names somebody."""
    return f"{alias}@northwindtraders.com"


def csv(*aliases: str, header: str = "EmailAddress") -> str:
    """The file of a batch, as a base64 text (wire 1.4)."""
    return base64.b64encode("\r\n".join([header, *map(address, aliases)]).encode()).decode()


def new_batch(pair: Pair, *aliases: str, name: str = "W01", **parameters: Any) -> Any:
    """A batch that starts at once."""
    facts: dict[str, Any] = {"SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True}
    return done(pair, "target", "New-MigrationBatch", Name=name, CSVData=csv(*aliases), **(facts | parameters))


def user(pair: Pair, alias: str, batch: str = "W01") -> dict[str, Any]:
    """A user of a batch."""
    found = rows(pair, "target", "Get-MigrationUser", BatchId=batch)
    return next(row for row in found if row["Identity"] == address(alias))


def status(pair: Pair, alias: str, batch: str = "W01") -> str:
    """The status of a user."""
    return str(user(pair, alias, batch)["Status"])


def batch_row(pair: Pair, name: str = "W01") -> dict[str, Any]:
    """A batch, by its name."""
    return next(row for row in rows(pair, "target", "Get-MigrationBatch") if row["Identity"] == name)


def details(pair: Pair, alias: str, **parameters: Any) -> dict[str, Any]:
    """A user in detail."""
    return one(pair, "target", "Get-MigrationUserStatistics", Identity=address(alias), **parameters)


def state(pair: Pair) -> dict[str, Any]:
    """What control shows of both tenants now."""
    let_time_pass(pair.world, pair.now)
    return state_view(pair.world, pair.now)


def cause_of(pair: Pair, alias: str, batch: str = "W01") -> str | None:
    """The simulator's own word for why somebody does not go on."""
    found = next(b for b in state(pair)["target"]["migration_batches"] if b["name"] == batch)
    word: str | None = next(u["cause"] for u in found["users"] if u["identity"] == address(alias))
    return word


def synced(data: dict[str, Any], *aliases: str) -> Pair:
    """The pair when a batch of these has come to rest."""
    pair = moving_pair(data)
    new_batch(pair, *aliases)
    pair.advance(SYNCED_AFTER)
    return pair


def complete(pair: Pair, name: str = "W01") -> None:
    """Complete a batch, and let an hour pass."""
    done(pair, "target", "Complete-MigrationBatch", Identity=name, Confirm=False)
    pair.advance(HOUR)


def with_example_movers(data: dict[str, Any], aliases: list[str]) -> dict[str, Any]:
    """The shipped example, set up for moves, with a mail user in the target for each of these."""
    made = ready()
    made["source"]["mailboxes"], made["source"]["groups"][0]["members"] = data["source"]["mailboxes"], aliases
    for box in made["source"]["mailboxes"]:
        box.setdefault("exchange_guid", guid_of(box["alias"]))
        box.setdefault("legacy_dn", f"/o=ExchangeLabs/cn=Recipients/cn={box['alias']}")
        if box["alias"] in aliases:
            x500 = [a for a in box.get("proxies", []) if a.lower().startswith("x500:")]
            made["target"]["mail_users"].append(
                mail_user(
                    box["alias"], exchange_guid=box["exchange_guid"], external_address=box["upn"],
                    archive_guid=(box.get("archive") or {}).get("guid"),
                    proxies=[f"smtp:{box['alias']}@{DOMAIN}", f"x500:{box['legacy_dn']}", *x500],
                )
            )  # fmt: skip
    return made
