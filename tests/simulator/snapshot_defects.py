"""The practice pair, configured, and with a defect of every kind that a snapshot can hold."""

from __future__ import annotations

from typing import Any

from simulated_pair import EXCHANGE_APP, MAILBOX_MIGRATION, example

MIGRATION_APP = "0aa00000-0000-4000-8000-00000000aaaa"
NAME = "xtmig mailbox migration practice"
EXPORTS = "0bb00000-0000-4000-8000-00000000bbbb"
TEAMS_PLAN = "TEAMS1"


def defective() -> dict[str, Any]:
    """A tenants file."""
    data = example()
    source, target = data["source"], data["target"]
    _configure(source, target)
    by_alias = {box["alias"]: box for box in source["mailboxes"]}
    lara, joe, mina, anton = (by_alias[alias] for alias in ("LaraN", "joe", "mina", "anton"))
    lara["holds"] = {"in_place": ["mbx9696959ea5d84c1ca6b7ea55ad4d1c54:1", "UniH7e21"], "delay": True}
    lara["disabled_archive_guid"] = "0cc00000-0000-4000-8000-00000000cccc"
    lara["data_encryption_policy"] = "Contoso key"
    lara["disabled_plans"] = {"SPE_E3": [TEAMS_PLAN]}
    lara["access"]["mailbox_rights"] = [
        {"user": "S-1-5-21-7-7", "rights": ["FullAccess"]},
        {"user": "Discovery Management", "rights": ["FullAccess"], "inherited": True},
    ]
    lara["access"]["recipient_rights"] = [{"user": "Former Colleague", "rights": ["SendAs"], "deny": True}]
    joe["move_status"], joe["move_batch"] = "InProgress", "Other project"
    joe["sizes"] = {"total": "120 GB", "items": 7, "prohibit_send_receive_quota": "Unlimited"}
    joe["unreadable"] = ["permissions"]
    mina["unreadable"] = ["statistics"]
    mina["proxies"] = [
        *mina.get("proxies", []),
        "X400:c=US;a= ;p=Contoso;o=Exchange;s=Meeting;g=Mina;",
        "SIP:mina@contoso.com",
    ]
    mina["move_remote_host"] = "outlook.office.com"
    anton["archive"] = {"size": "80 GB", "items": 9, "quota": "90 GB", "auto_expanding": True, "auxiliary": ["0dd0"]}
    anton["forwarding"] = {"smtp_address": "anton@elsewhere.example", "deliver_and_forward": True}
    anton["client_access"] = {"pop": False, "ews": True, "owa_policy": "Strict"}
    by_alias["boardroom"]["calendar_processing"] = {"automate": "AutoUpdate", "allow_conflicts": True}
    anton["archive_folders"] = [{"path": "/SubstrateHolds", "recoverable": True, "items": 12, "size": "3 GB"}]
    anton["folders"] = [{"path": "/Projects", "items": 950_000, "subfolders": 9_100}]
    by_alias["boardroom"]["unreadable"] = ["folders"]
    anton["holds"] = {"tracked": ["mbxffffffffea5d84c1ca6b7ea55ad4d1c54:2"]}
    anton["retention_policy"], anton["elc_processing_disabled"] = None, True
    source["contacts"] = [
        *source.get("contacts", []),
        {"kind": "DynamicDistributionGroup", "name": "All of Dublin", "alias": "dublin",
         "primary": "dublin@contoso.com", "external_address": "dublin@contoso.com", "display_name": "Dublin"},
    ]  # fmt: skip
    source["mailboxes"].append(
        {"alias": "searches", "display_name": "Searches", "kind": "DiscoveryMailbox", "upn": "searches@contoso.com",
         "primary": "searches@contoso.com"}
    )  # fmt: skip
    source["organization_holds"] = ["mbx0011223344556677889900aabbccddee:2", "skp11aa"]
    source["domains"].append({"name": "old.contoso.com", "type": "InternalRelay"})
    source["skus"][0] |= {"status": "Warning", "warning": 4}
    target["groups"] = [
        *target.get("groups", []),
        {"name": "Everybody gets a licence", "alias": "all-licensed", "primary": "x@northwindtraders.com",
         "kind": "Entra", "dynamic": True, "licences": ["SPE_E3"]},
    ]  # fmt: skip
    target["mailboxes"] = [
        *target.get("mailboxes", []),
        {"alias": "gone", "display_name": "Gone", "upn": "gone@northwindtraders.com",
         "primary": "gone@northwindtraders.com", "soft_deleted": "2026-11-01T08:00:00Z",
         "sizes": {"total": "2 GB", "items": 5}},
    ]  # fmt: skip
    target["migration_users"] = [
        {"identity": "joe.delegate@northwindtraders.com", "batch": "theirs", "status": "Failed", "error_summary": "No."}
    ]
    return data


def _configure(source: dict[str, Any], target: dict[str, Any]) -> None:
    """What sections 050 to 080 make, and what is wrong with it."""
    target["applications"].append(
        {
            "name": NAME, "app_id": MIGRATION_APP, "unique_name": NAME, "sign_in_audience": "AzureADMultipleOrgs",
            "redirect_uris": ["https://office.com"], "only_registered": True,
            "requested": [f"{EXCHANGE_APP}/Role/{MAILBOX_MIGRATION}", f"{EXCHANGE_APP}/Scope/{EXPORTS}"],
            "secrets": [
                {"name": "xtmig practice 1", "ends": "2026-12-01T00:00:00Z"},
                {"name": "xtmig practice 2", "ends": "2027-06-01T00:00:00Z",
                 "secret_from_env": "XTMIG_MIGRATION_SECRET"},
            ],
        }
    )  # fmt: skip
    present = {"app_id": MIGRATION_APP, "name": NAME, "owner_tenant": target["tenant_id"]}
    target["enterprise_applications"] = [{**present, "granted": [MAILBOX_MIGRATION]}]
    source["enterprise_applications"] = [present]
    target["dehydrated"] = False
    target["migration_endpoints"] = [
        {"name": "xtmig-practice", "remote_server": "outlook.office.com", "remote_tenant": "contoso.onmicrosoft.com",
         "application_id": MIGRATION_APP, "secret_from_env": "XTMIG_MIGRATION_SECRET"},
        {"name": "old", "type": "IMAP", "remote_server": "imap.elsewhere.example", "remote_tenant": None,
         "application_id": None},
    ]  # fmt: skip
    for here, there, way in ((target, source, "Inbound"), (source, target, "RemoteOutbound")):
        here["organization_relationships"] = [
            *here.get("organization_relationships", []),
            {"name": "xtmig-practice", "domain_names": [there["tenant_id"]], "mailbox_move_enabled": True,
             "mailbox_move_capability": [way], "oauth_application_id": EXPORTS,
             "mailbox_move_published_scopes": ["Nested movers"] if here is source else []},
        ]  # fmt: skip


SETTINGS = {"names": {"scope_groups": ["Nested movers"]}}
