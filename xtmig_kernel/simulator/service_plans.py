"""Service plans by name: which give a mailbox, which belong to Exchange, and their ids (wire 4.16, 4.17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .identifiers import guid

if TYPE_CHECKING:
    from .tenants import Sku

# Ids: wire 4.17 [SRC] for the Exchange plans, the document's own listing (lines 742 to 820) for the others.
PLAN_IDS: dict[str, str] = {
    "EXCHANGE_S_ENTERPRISE": "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "EXCHANGE_S_STANDARD": "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    "EXCHANGE_S_DESKLESS": "4a82b400-a79f-41a4-b4e2-e94f5787b113",
    "EXCHANGE_S_ENTERPRISE_GOV": "8c3069c0-ccdb-44be-ab77-986203a67df2",
    "EXCHANGE_S_STANDARD_GOV": "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",
    "EXCHANGE_S_DESKLESS_GOV": "88f4d7ef-a73b-4246-8047-516022144c9f",
    "EXCHANGE_L_STANDARD": "d42bdbd6-c335-4231-ab3d-c8f348d5aff5",
    "EXCHANGE_S_STANDARD_MIDMARKET": "fc52cc4b-ed7d-472d-bbe7-b081c23ecc56",
    "EXCHANGE_B_STANDARD": "90927877-dcff-4af6-b346-2332c0b15bb7",
    "EXCHANGE_S_ESSENTIALS": "1126bef5-da20-4f07-b45e-ad25d2581aa8",
    "EXCHANGE_S_FOUNDATION": "113feb6c-3fe4-4440-bddc-54d774bf0318",
    "EXCHANGE_S_FOUNDATION_GOV": "922ba911-5694-4e99-a794-73aed9bfeec8",
    "EXCHANGE_S_ARCHIVE_ADDON": "176a09a6-7ec5-4039-ac02-b2791c6ba793",
    "EXCHANGE_S_ARCHIVE": "da040e0a-b393-4bea-bb76-928b3fa1cf5a",
    "EXCHANGE_ANALYTICS": "34c0d7a0-a70f-4668-9238-47f9fc208882",
    "SHAREPOINTENTERPRISE": "5dbe027f-2339-4123-9542-606e4d348a72",
    "TEAMS1": "57ff2da0-773e-42df-b2af-ffb7a2317929",
}

MAILBOX_PLANS = frozenset(
    {
        "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD", "EXCHANGE_S_DESKLESS", "EXCHANGE_S_ENTERPRISE_GOV",
        "EXCHANGE_S_STANDARD_GOV", "EXCHANGE_S_DESKLESS_GOV", "EXCHANGE_L_STANDARD", "EXCHANGE_S_STANDARD_MIDMARKET",
        "EXCHANGE_B_STANDARD", "EXCHANGE_S_ESSENTIALS",
    }
)  # fmt: skip

MOVE_PLAN = "T2TMBXMOVE"
ADDON_SKU = "946ce899-873d-44bb-9d8b-671870cbfdbf"
ADDON_PART = "crosstenantuserdatamigration"

# Plans without a mailbox that the document counts as Exchange's: those of wire 4.17, those that its script switches off
# (line 711), and those whose name in its table (line 841 on) leaves no doubt about the plan [INF].
_FURTHER_EXCHANGE_PLANS = frozenset(
    {
        "EXCHANGE_S_FOUNDATION", "EXCHANGE_S_FOUNDATION_GOV", "EXCHANGE_S_ARCHIVE_ADDON", "EXCHANGE_S_ARCHIVE",
        "EXCHANGE_ANALYTICS", "LOCKBOX_ENTERPRISE", "INFORMATION_BARRIERS", "MIP_S_CLP1", "MIP_S_CLP2",
        "MYANALYTICS_P2", "EQUIVIO_ANALYTICS", "THREAT_INTELLIGENCE", "PAM_ENTERPRISE", "PREMIUM_ENCRYPTION",
        "ATP_ENTERPRISE", "GRAPH_CONNECTORS_SEARCH_INDEX", "INFO_GOVERNANCE", "DATA_INVESTIGATIONS",
        "RECORDS_MANAGEMENT", "M365_ADVANCED_AUDITING", "COMMUNICATIONS_COMPLIANCE", "COMMUNICATIONS_DLP",
        "CUSTOMER_KEY", "MICROSOFTBOOKINGS",
    }
)  # fmt: skip


def plan_id(name: str) -> str:
    """A service plan's id, the same in every tenant: the real one where it is known, else one made from the name."""
    return PLAN_IDS.get(name.upper()) or guid("servicePlan", name)


def gives_mailbox(plan: str) -> bool:
    """Whether a plan gives its holder a mailbox (wire 4.17 [SRC])."""
    return plan.upper() in MAILBOX_PLANS


def moves_mailboxes(plan: str) -> bool:
    """Whether a plan is the add-on's permission to move a mailbox (wire 4.16, single source)."""
    return MOVE_PLAN in plan.upper()


def is_exchange(plan: str) -> bool:
    """Whether addresses are scrubbed once a plan is on an object (KNI-06, LIC-17)."""
    return gives_mailbox(plan) or moves_mailboxes(plan) or plan.upper() in _FURTHER_EXCHANGE_PLANS


def is_addon(sku: Sku) -> bool:
    """Whether a subscription is the cross-tenant add-on: by its id, its part number or its plan (wire 4.16)."""
    by_plan = any(moves_mailboxes(plan) for plan in sku.service_plans)
    return by_plan or sku.sku_id == ADDON_SKU or is_addon_part(sku.part_number)


def is_addon_part(part_number: str) -> bool:
    """Whether a part number is the add-on's, in any of the spellings that were seen (wire 4.16)."""
    plain = part_number.lower().replace("_", "").replace("-", "").removeprefix("csp")
    return plain.startswith(ADDON_PART)
