"""Each cause of failure, met in simulated tenants: section 170 names it, and once mended the copy is whole.

What only an owner can do, such as lifting a hold, the test does in the owner's place, by the cause's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mending import BATCH, ONE_WAVE, trouble
from planted_failures import all_causes

if TYPE_CHECKING:
    from pathlib import Path

CAUSES = {cause.name: cause for cause in all_causes() if not cause.at_completion}
QUICK = ("out_of_scope", "maintenance")
NAMED: dict[str, str] = {
    "archive_differs": "archive-guid",
    "archive_grew": "auxiliary-new",
    "archive_grew_at_a_time": "auxiliary-new",
    "being_moved": "moving",
    "being_moved_inside": "moving",
    "consent_missing": "connection",
    "demoted_archive": "disabled-archive",
    "demoted_archive_enabled": "disabled-archive",
    "dumpster_over_quota": "recoverable",
    "duplicate": "duplicate",
    "foreign_proxy": "proxy",
    "maintenance": "maintenance",
    "no_delivery_proxy": "delivery-proxy",
    "no_exchange_guid": "guid",
    "no_x500": "x500",
    "out_of_scope": "scope",
    "over_quota": "quota",
    "recipient_unknown": "mail-user",
    "scope_came_late": "auxiliary-scope",
    "secret_wrong": "connection",
    "source_relationship": "connection",
    "target_had_mailbox": "primary-mailbox",
    "target_has_mailbox": "primary-mailbox",
    "target_relationship": "connection",
    "too_many_archives": "auxiliary-limit",
    "unlicensed": "licence",
    "unlicensed_and_refused": "licence",
    "wrong_exchange_guid": "guid",
    "wrong_external_address": "external-address",
}
OWNERS = {
    "being_moved",
    "being_moved_inside",
    "consent_missing",
    "duplicate",
    "maintenance",
    "secret_wrong",
    "wrong_exchange_guid",
    *(name for name in CAUSES if name.startswith("hold_")),
}
"""Causes that no step of the runbook takes away: their owner, or time, does."""
LEFT = {"target_had_mailbox"}
"""Causes whose mend is for another test: what users.csv must say before a mailbox is cleared, section 100 tests."""
BEFORE = {"source": ["mailboxes"], "target": ["mail_users"]}
AFTER = {"source": ["mail_users"], "target": ["mailboxes"]}
DECIDED = {"demoted_archive": "remove", "demoted_archive_enabled": "enable"}


def settings_for(name: str) -> dict[str, Any]:
    """What project.yaml says besides, where the mend takes a decision."""
    if name not in DECIDED:
        return {}
    return {"move": ONE_WAVE | {"disabled_archives": {"bert@contoso.com": DECIDED[name]}}}


def kind_of(name: str) -> str:
    """The rule that names this cause."""
    return f"failed-{'hold' if name.startswith('hold_') else NAMED[name]}"


BY_NAME = [pytest.param(name, marks=() if name in QUICK else pytest.mark.deep) for name in sorted(CAUSES)]


@pytest.mark.parametrize("name", BY_NAME)
def test_failure_is_named_and_mended(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cause is named for whom it concerns alone; after the mend everybody is copied and the mailbox arrives."""
    cause = CAUSES[name]
    with trouble(tmp_path, cause, monkeypatch, **settings_for(name)) as administrator:
        administrator.act(cause.facts.get("first", []), "bert")
        findings = administrator.run("170", mode="plan")["170.1"].findings
        wrong = {(item.rule, item.subject) for item in findings if item.verdict.kind not in ("pass", "skipped")}
        concerned = ("anna", "bert", "carl") if cause.everybody else ("bert",)
        assert wrong == {(kind_of(name), f"{alias}@contoso.com") for alias in concerned}
        if "then" not in cause.facts or name in LEFT:
            return  # nothing that the simulator serves takes this cause away
        if name in OWNERS:
            for alias in concerned:
                administrator.act(cause.facts["remedy"], alias)
        administrator.mend()
        batch = f"{BATCH}-r2" if cause.facts["then"] == "new batch" else BATCH
        assert administrator.status("bert")[batch] == "Synced"
        assert administrator.status("anna")[BATCH] == administrator.status("carl")[BATCH] == "Synced"
        assert administrator.place_of("bert") == BEFORE
        administrator.complete(batch)
        assert administrator.place_of("bert") == AFTER
