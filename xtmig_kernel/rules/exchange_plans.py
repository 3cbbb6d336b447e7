"""Service plans of Exchange: any of them on a MailUser lets the service take foreign addresses away (PLN-11).

Microsoft's table has 39 display names and no ids. Plans are known by their names in the directory, which are unique and
the same everywhere; an id is given where the facts or the document's own listing print it, and serves where a reply has
no name. Names of plans that stand for a display name are general knowledge but for those that the document's sample
switches off (PLN-05). For two display names no plan is known: such a plan stays on, and the finding about the address
shows it.
"""

from __future__ import annotations

from typing import NamedTuple


class ExchangePlan(NamedTuple):
    """A line of Microsoft's table.

    Args:
        name: The display name.
        plans: Names of service plans, none where none is known.
        ids: Ids of those of them that are known.
    """

    name: str
    plans: tuple[str, ...]
    ids: tuple[str, ...] = ()


TABLE: tuple[ExchangePlan, ...] = (
    ExchangePlan("eDiscovery (Premium) Storage (500 GB)", ()),
    ExchangePlan(
        "Customer Lockbox",
        ("LOCKBOX_ENTERPRISE", "LOCKBOX_ENTERPRISE_GOV", "CUSTOMERLOCKBOXA_ENTERPRISE"),
        ("9f431833-0334-42de-a7dc-70aa40db46db", "3ec18638-bd4c-4d3b-8905-479ed636b83e"),
    ),
    ExchangePlan("Data Loss Prevention", ("BPOS_S_DLPADDON",)),
    ExchangePlan("Exchange Enterprise CAL Services (EOP, DLP)", ("EOP_ENTERPRISE_PREMIUM",)),
    ExchangePlan(
        "Exchange Essentials",
        ("EXCHANGE_S_ESSENTIALS",),
        ("1126bef5-da20-4f07-b45e-ad25d2581aa8", "e8f81a67-bd96-4074-b108-cf193eb9433b"),
    ),
    ExchangePlan(
        "Exchange Foundation",
        ("EXCHANGE_S_FOUNDATION", "EXCHANGE_S_FOUNDATION_GOV"),
        ("113feb6c-3fe4-4440-bddc-54d774bf0318", "922ba911-5694-4e99-a794-73aed9bfeec8"),
    ),
    ExchangePlan("Exchange Online (P1)", ("EXCHANGE_L_STANDARD",), ("d42bdbd6-c335-4231-ab3d-c8f348d5aff5",)),
    ExchangePlan(
        "Exchange Online (Plan 1)",
        ("EXCHANGE_S_STANDARD", "EXCHANGE_S_STANDARD_GOV"),
        ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd"),
    ),
    ExchangePlan(
        "Exchange Online (Plan 2)",
        ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_ENTERPRISE_GOV"),
        ("efb87545-963c-4e0d-99df-69c6916d9eb0", "8c3069c0-ccdb-44be-ab77-986203a67df2"),
    ),
    ExchangePlan(
        "Exchange Online Archiving for Exchange Online",
        ("EXCHANGE_S_ARCHIVE_ADDON",),
        ("176a09a6-7ec5-4039-ac02-b2791c6ba793",),
    ),
    ExchangePlan(
        "Exchange Online Archiving for Exchange Server",
        ("EXCHANGE_S_ARCHIVE",),
        ("da040e0a-b393-4bea-bb76-928b3fa1cf5a",),
    ),
    ExchangePlan("Exchange Online Inactive User Add-on", ()),
    ExchangePlan(
        "Exchange Online Kiosk",
        ("EXCHANGE_S_DESKLESS", "EXCHANGE_S_DESKLESS_GOV"),
        ("4a82b400-a79f-41a4-b4e2-e94f5787b113", "88f4d7ef-a73b-4246-8047-516022144c9f"),
    ),
    ExchangePlan("Exchange Online Multi-Geo", ("EXCHANGEONLINE_MULTIGEO",)),
    ExchangePlan(
        "Exchange Online Plan 1", ("EXCHANGE_S_STANDARD_MIDMARKET",), ("fc52cc4b-ed7d-472d-bbe7-b081c23ecc56",)
    ),
    ExchangePlan("Exchange Online POP", ("EXCHANGE_B_STANDARD",), ("90927877-dcff-4af6-b346-2332c0b15bb7",)),
    ExchangePlan("Exchange Online Protection", ("EOP_ENTERPRISE",)),
    ExchangePlan(
        "Graph Connectors Search with Index",
        ("GRAPH_CONNECTORS_SEARCH_INDEX",),
        ("a6520331-d7d4-4276-95f5-15c0933bc757",),
    ),
    ExchangePlan("Information Barriers", ("INFORMATION_BARRIERS",), ("c4801e8a-cb58-4c35-aca6-f2dcc106f287",)),
    ExchangePlan(
        "Information Protection for Office 365 - Premium", ("MIP_S_CLP2",), ("efb0351d-3b08-4503-993d-383af8de41e3",)
    ),
    ExchangePlan(
        "Information Protection for Office 365 - Standard", ("MIP_S_CLP1",), ("5136a095-5cf0-4aff-bec3-e84448b38ea5",)
    ),
    ExchangePlan("Insights by MyAnalytics", ("MYANALYTICS_P2",), ("33c4f319-9bdd-48d6-9c4d-410b750a4a5a",)),
    ExchangePlan("Microsoft Information Governance", ("INFO_GOVERNANCE",), ("e26c2fcc-ab91-4a61-b35c-03cdc8dddf66",)),
    ExchangePlan(
        "Microsoft Purview Audit (Premium)", ("M365_ADVANCED_AUDITING",), ("2f442157-a11c-46b9-ae5b-6e39ff4e5849",)
    ),
    ExchangePlan("Microsoft Bookings", ("MICROSOFTBOOKINGS",), ("199a5c09-e0ca-4e37-8f7c-b05d533e1ea2",)),
    ExchangePlan("Microsoft Business Center", ("MICROSOFT_BUSINESS_CENTER",)),
    ExchangePlan("Microsoft Data Investigations", ("DATA_INVESTIGATIONS",), ("46129a58-a698-46f0-aa5b-17f6586297d9",)),
    ExchangePlan("Microsoft MyAnalytics (Full)", ("EXCHANGE_ANALYTICS",), ("34c0d7a0-a70f-4668-9238-47f9fc208882",)),
    ExchangePlan(
        "Microsoft Communications Compliance",
        ("COMMUNICATIONS_COMPLIANCE", "MICROSOFT_COMMUNICATION_COMPLIANCE"),
        ("41fcdd7d-4733-4863-9cf4-c65b83ce2df4", "a413a9ff-720c-4822-98ef-2f37c2a21f4c"),
    ),
    ExchangePlan("Microsoft Communications DLP", ("COMMUNICATIONS_DLP",), ("6dc145d6-95dd-4191-b9c3-185575ee6f6b",)),
    ExchangePlan("Microsoft Customer Key", ("CUSTOMER_KEY",), ("6db1f1db-2b46-403f-be40-e39395f08dbb",)),
    ExchangePlan(
        "Microsoft 365 Advanced Auditing", ("M365_ADVANCED_AUDITING",), ("2f442157-a11c-46b9-ae5b-6e39ff4e5849",)
    ),
    ExchangePlan("Microsoft Records Management", ("RECORDS_MANAGEMENT",), ("65cc641f-cccd-4643-97e0-a17e3045e541",)),
    ExchangePlan("Office 365 eDiscovery (Premium)", ("EQUIVIO_ANALYTICS",), ("4de31727-a228-4ec3-a5bf-8e45b5ca48cc",)),
    ExchangePlan("Office 365 Advanced eDiscovery", ("EQUIVIO_ANALYTICS",), ("4de31727-a228-4ec3-a5bf-8e45b5ca48cc",)),
    ExchangePlan(
        "Microsoft Defender for Office 365 (Plan 1)", ("ATP_ENTERPRISE",), ("f20fedf3-f3c3-43c3-8267-2bfdd51c0939",)
    ),
    ExchangePlan(
        "Microsoft Defender for Office 365 (Plan 2)",
        ("THREAT_INTELLIGENCE",),
        ("8e0c0a52-6a6c-4d40-8370-dd62790dcd70",),
    ),
    ExchangePlan(
        "Office 365 Privileged Access Management", ("PAM_ENTERPRISE",), ("b1188c4c-1b36-4018-b48b-ee07604f6feb",)
    ),
    ExchangePlan(
        "Premium Encryption in Office 365", ("PREMIUM_ENCRYPTION",), ("617b097b-4b93-4ede-83de-5f075bb5fb2f",)
    ),
)
"""Microsoft's table, line by line, in its order."""

_MOVE_PLAN = "T2TMBXMOVE"
"""The add-on's own plan is no line of the table; that it is Exchange's too is inferred from its name."""
_PLANS = frozenset(plan for line in TABLE for plan in line.plans)
_IDS = frozenset(plan_id for line in TABLE for plan_id in line.ids)


def is_exchange_plan(name: str | None, plan_id: str | None) -> bool:
    """Whether a service plan includes Exchange Online, so that it takes foreign addresses off a MailUser (PLN-11).

    Args:
        name: Its name in the directory, such as `EXCHANGE_S_ENTERPRISE`.
        plan_id: Its id, a GUID.
    """
    text = str(name or "").upper()
    return text in _PLANS or _MOVE_PLAN in text or str(plan_id or "").casefold() in _IDS
