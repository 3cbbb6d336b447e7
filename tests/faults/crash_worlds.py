"""The stories in which the sections of the move are killed."""

from __future__ import annotations

from typing import Any

from crash_harness import ADD_ON, World, tenants
from crash_story import HOUR, Chapter, StoryLane, on
from moving_pair import APP_ID, DOMAIN, ENDPOINT, address, mailbox, ready
from planted_failures import all_causes, plant

from xtmig_kernel.changes import CsvBytes

SPEED = 300
LICENCES = {"usage_location": "NL"}
DAY = 24 * HOUR
WITH_A_FAILURE = {cause.name: cause for cause in all_causes()}


def _users(**waves: str) -> str:
    lines = [f"{alias}@contoso.com,{address(alias)},{wave}" for alias, wave in waves.items()]
    return "\n".join(["SourceAddress,TargetAddress,Wave", *lines]) + "\n"


def _begun_by_hand(data: dict[str, Any], users: str, **move: Any) -> World:
    """Tenants that somebody else has prepared, and a project that goes on from there."""
    for side in ("source", "target"):
        data[side]["applications"][0]["permissions"]["graph"].append("AppRoleAssignment.ReadWrite.All")
    settings = {
        "application_id": APP_ID,
        "names": {"endpoint": ENDPOINT, "scope_groups": ["Scope"]},
        "secret": {"origin": "provided", "reference": "env:XTMIG_MOVE_SECRET"},
        "licences": LICENCES,
        "move": move,
    }
    return World(data, settings, users, SPEED, signed=("ERR-15",))


def _consented(lane: StoryLane) -> None:
    tenant = lane.simulator.tenant_id("source")
    administrator = str(ready()["source"]["administrators"][0]["upn"])
    answer = lane.simulator.person(administrator).consent(tenant, APP_ID, "https://office.com")
    assert answer.status_code < 400
    lane.simulator.advance(HOUR)


# Two waves are copied, for longer than the story lasts; then one of them and a user of the other are stopped.
STOP_WAVES = [{"name": "one", "start": "2026-12-01"}, {"name": "two", "start": "2026-12-01"}]


def stopped_world() -> World:
    """Two waves, whose mailboxes take weeks to copy."""
    data = ready("anna", "bert", "carl")
    data["target"]["lags"] = {"sync_least": 40 * DAY}
    return _begun_by_hand(data, _users(anna="one", bert="one", carl="two"), waves=STOP_WAVES)


def _to_be_stopped(lane: StoryLane) -> None:
    lane.until("2026-12-03T09:00:00+00:00")
    lane.write_settings(move={"waves": STOP_WAVES, "stop": ["crash-two", address("bert")]})


STOPPED = (Chapter("130", _consented), Chapter("180", _to_be_stopped))


# Nobody's mailbox is let in; once it is, one user's archive grows while it is copied, and another's is disabled.
TROUBLE_WAVES = [{"name": "one", "start": "2026-12-01"}]


def trouble_world() -> World:
    """One wave, a relationship that lets nobody in, an archive that grows while it is copied, and a disabled one."""
    data = plant(ready("anna", "bert", "carl"), WITH_A_FAILURE["target_relationship"], "bert")
    data = plant(data, WITH_A_FAILURE["archive_grew"], "bert")
    data = plant(data, WITH_A_FAILURE["demoted_archive"], "carl")
    decided = {"carl@contoso.com": "remove"}
    users = _users(anna="one", bert="one", carl="one")
    return _begun_by_hand(data, users, waves=TROUBLE_WAVES, disabled_archives=decided)


def _failed(lane: StoryLane) -> None:
    """Somebody has made the batch by hand, for section 130 leaves out whoever is not fit."""
    _consented(lane)
    users = CsvBytes(("EmailAddress", *map(address, ("anna", "bert", "carl"))))
    parameters = {"Name": "crash-one", "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True}
    lane.call("target", "New-MigrationBatch", **parameters, CSVData=users)
    lane.simulator.advance(5 * HOUR)


TROUBLE = (Chapter("070", _failed), Chapter("170", on("2026-12-03T09:00:00+00:00")))


# The whole move: nothing is there but the mailboxes.
MOVE_WAVES = [{"name": "one", "start": "2026-12-05", "cutover": "2026-12-11T00:00:00Z", "window_hours": 168}]
SIGNED = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")


def whole_world() -> World:
    """Three mailboxes: one with delegates, one with an item that cannot be copied, one that is shared."""
    data, licensed = tenants(), {"licences": ["SPE_E3"], "usage_location": "IE"}
    bert = "bert@contoso.onmicrosoft.com"
    corrupt = {"skipped": [{"kind": "CorruptItem", "folder": "Inbox", "subject": "Scanned invoice"}]}
    data["source"] |= {
        "mailboxes": [
            mailbox("anna", **licensed, access={"send_on_behalf": [bert], "send_as": [bert]}),
            mailbox("bert", **licensed, content=corrupt),
            mailbox("carl", kind="SharedMailbox", access={"send_as": [bert]}),
        ],
        "groups": [],
    }
    data["target"] |= {"mail_users": [], "users": [], "contacts": [], "mailboxes": [], "groups": []}
    # the service copies what is new seldom enough for the day before to have something to do
    data["target"]["lags"] |= {"incremental_interval": 10 * DAY, "incremental_sync": HOUR // 2}
    settings = {
        "licences": LICENCES | {"add_on_side": "source", "exchange_sku": "SPE_E3", "strip_source_plans": True},
        "move": {"waves": MOVE_WAVES},
    }
    assert ADD_ON in data["source"]["skus"]
    return World(data, settings, _users(anna="", bert="", carl=""), SPEED, signed=SIGNED)


def _configured(lane: StoryLane) -> None:
    lane.learn()
    lane.until("2026-12-05T01:00:00+00:00")


WHOLE = (
    Chapter("120", _configured),
    Chapter("130", on("2026-12-05T12:00:00+00:00")),
    Chapter("150", on("2026-12-09T12:00:00+00:00")),
    Chapter("160", on("2026-12-11T01:00:00+00:00")),
    Chapter("190", on("2026-12-13T01:00:00+00:00")),
    Chapter("210", on("2026-12-15T01:00:00+00:00")),
)

KILLED = tuple(sorted({chapter.section for story in (STOPPED, TROUBLE, WHOLE) for chapter in story} - {"070"}))
"""Sections that run when named, and are killed in one of these stories."""
