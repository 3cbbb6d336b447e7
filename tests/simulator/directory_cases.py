"""Tenants with what a test about users, groups and licences needs, and ways to ask about them."""

from __future__ import annotations

from typing import Any

from simulated_pair import Pair, example, make_pair

from xtmig_kernel.simulator import people

ADDON = "946ce899-873d-44bb-9d8b-671870cbfdbf"
E3 = "7a26e700-0000-4000-8000-0000000d0001"
TOOLS = "7a26e700-0000-4000-8000-0000000d0009"
PLAN_2 = "efb87545-963c-4e0d-99df-69c6916d9eb0"
NO_GUID = "00000000-0000-0000-0000-000000000000"
MOVED_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"
LAG = 30
SOURCE_DN = "x500:/o=Contoso/ou=First Group/cn=Recipients/cn=d11ec1a2-Lara"
INITIAL = "northwindtraders.onmicrosoft.com"


def mail_user(alias: str = "lara", **changes: Any) -> dict[str, Any]:
    """A mail user of the target as a tenants file describes it."""
    return {
        "alias": alias,
        "display_name": alias.capitalize(),
        "upn": f"{alias}@{INITIAL}",
        "primary": f"{alias}@northwindtraders.com",
        "external_address": f"{alias}@contoso.onmicrosoft.com",
        "usage_location": "NL",
    } | changes


def group(alias: str, members: list[str], **changes: Any) -> dict[str, Any]:
    """A group of the target as a tenants file describes it."""
    address = f"{alias}@northwindtraders.com"
    return {"name": alias, "alias": alias, "primary": address, "kind": "Security", "members": members} | changes


def target(
    mail_users: list[dict[str, Any]] | None = None,
    groups: list[dict[str, Any]] | None = None,
    users: list[dict[str, Any]] | None = None,
    **further: Any,
) -> Pair:
    """The example with these objects in the target, and an operator who may assign licences."""
    data = example()
    part = data["target"]
    part["mail_users"], part["groups"] = mail_users or [], groups or []
    part["users"], part["contacts"] = users or [], []
    part["mailboxes"] = [mailbox for mailbox in part["mailboxes"] if mailbox["alias"] == "nina"]
    part["skus"].append({"sku_id": TOOLS, "part_number": "TOOLS", "enabled": 9, "service_plans": ["TEAMS1"]})
    part["applications"][0]["permissions"]["graph"] += ["LicenseAssignment.ReadWrite.All", "User.ReadWrite.All"]
    part |= further
    return make_pair(data)


def object_of(pair: Pair, alias: str) -> Any:
    """The living object with an alias or sign-in prefix in the target."""
    tenant = pair.world.tenants["target"]
    everything = [*tenant.mailboxes, *tenant.mail_users, *tenant.users, *tenant.groups]
    living = [entry for entry in everything if people.living(entry)]
    return next(e for e in living if alias in {getattr(e, "alias", None), getattr(e, "upn", "").partition("@")[0]})


def id_of(pair: Pair, alias: str) -> str:
    """Its object id."""
    return people.object_id(pair.world, pair.world.tenants["target"], object_of(pair, alias))


def license_user(
    pair: Pair, alias: str, *skus: str, remove: tuple[str, ...] = (), disabled: tuple[str, ...] = ()
) -> Any:
    """The answer to assignLicense."""
    add = [{"skuId": sku, "disabledPlans": list(disabled)} for sku in skus]
    body = {"addLicenses": add, "removeLicenses": list(remove)}
    return pair.graph("target", "POST", f"/users/{id_of(pair, alias)}/assignLicense", body)


def licensed(pair: Pair, alias: str, *skus: str, **further: Any) -> Pair:
    """The same pair, after a licence was assigned and took effect."""
    assert 200 == license_user(pair, alias, *skus, **further).status
    pair.advance(LAG)
    begin(pair)
    return pair


def begin(pair: Pair) -> None:
    """Any request: what has become due happens before it."""
    pair.graph("target", "GET", "/organization")


def row(pair: Pair, cmdlet: str, alias: str, **further: Any) -> dict[str, Any] | None:
    """The object as the target's Exchange shows it, or None where there is none."""
    answer = pair.exo("target", cmdlet, Identity=alias, **further)
    assert answer.status in {200, 404}, answer.body
    return answer.body["value"][0] if answer.status == 200 else None


def shown(pair: Pair, alias: str, *names: str) -> dict[str, Any]:
    """A user's properties as Graph shows them."""
    answer = pair.graph("target", "GET", f"/users/{id_of(pair, alias)}?$select={','.join(names)}")
    assert 200 == answer.status, answer.body
    found: dict[str, Any] = answer.body
    return found


def consumed(pair: Pair, part_number: str) -> int:
    """Units of a subscription in use."""
    rows = pair.graph("target", "GET", "/subscribedSkus").body["value"]
    return next(int(r["consumedUnits"]) for r in rows if r["skuPartNumber"] == part_number)
