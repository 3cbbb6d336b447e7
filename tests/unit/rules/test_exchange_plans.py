"""Which service plans belong to Exchange (PLN-05, PLN-11)."""

from __future__ import annotations

import pytest

from xtmig_kernel.rules.exchange_plans import TABLE, is_exchange_plan


def test_table_has_every_line_of_the_document() -> None:
    """The document's table has 39 names, each once (PLN-11)."""
    assert len(TABLE) == len({line.name for line in TABLE}) == 39


@pytest.mark.parametrize(
    "name",
    [
        "LOCKBOX_ENTERPRISE", "EXCHANGE_S_ENTERPRISE", "INFORMATION_BARRIERS", "MIP_S_CLP2", "MIP_S_CLP1",
        "MYANALYTICS_P2", "EXCHANGE_ANALYTICS", "EQUIVIO_ANALYTICS", "THREAT_INTELLIGENCE", "PAM_ENTERPRISE",
        "PREMIUM_ENCRYPTION",
    ],
)  # fmt: skip
def test_plans_of_the_documents_sample(name: str) -> None:
    """The eleven plans that the document's sample switches off are Exchange's (PLN-05)."""
    assert is_exchange_plan(name, None)


@pytest.mark.parametrize(
    "plan_id",
    ["efb87545-963c-4e0d-99df-69c6916d9eb0", "9F431833-0334-42DE-A7DC-70AA40DB46DB"],
    ids=["EXCHANGE_S_ENTERPRISE", "LOCKBOX_ENTERPRISE"],
)
def test_plan_without_a_name_is_known_by_its_id(plan_id: str) -> None:
    """An id that the document's listing prints is known without its name (PLN-08)."""
    assert is_exchange_plan(None, plan_id)


@pytest.mark.parametrize(
    ("name", "plan_id"),
    [("TEAMS1", "57ff2da0-773e-42df-b2af-ffb7a2317929"), ("SHAREPOINTENTERPRISE", None), (None, None), ("", "")],
)
def test_other_plans_are_not(name: str | None, plan_id: str | None) -> None:
    """Plans of other services are let be, and a plan without name and id is nobody's."""
    assert not is_exchange_plan(name, plan_id)


def test_plan_of_the_add_on_counts() -> None:
    """The add-on's own plan is an Exchange plan too (wire 4.16; inferred)."""
    assert is_exchange_plan("EXCHANGEONLINE_T2TMBXMOVE", None)
