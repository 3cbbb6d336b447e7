"""Migration batches: creation, statuses, times, removal (shapes 3.11, 3.12, 3.14; planning 0.3 to 0.5)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from exchange_answers import done, kind, rows
from moving_pair import (
    DAY,
    DOMAIN,
    ENDPOINT,
    HOUR,
    SYNCED_AFTER,
    address,
    batch_row,
    complete,
    csv,
    details,
    moving_pair,
    new_batch,
    ready,
    status,
    synced,
    user,
)
from simulated_pair import Pair


def refused(pair: Pair, data: str, **parameters: Any) -> str:
    """The exception for a file that no batch can be made of."""
    facts = {"SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "CSVData": data, **parameters}
    answer = pair.exo("target", "New-MigrationBatch", Name="W01", **facts)
    assert 400 == answer.status, answer.body
    return kind(answer)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_new_batch_shows_what_the_document_shows() -> None:
    """A batch that starts at once is Syncing, of type ExchangeRemoteMove, with a count (lines 378 to 381)."""
    pair = moving_pair(ready("anna", "bert"))
    row = new_batch(pair, "anna", "bert").body["value"][0]
    assert ("W01", "Syncing", "ExchangeRemoteMove", 2) == (
        row["Identity"], row["Status"], row["MigrationType"], row["TotalCount"]
    )  # fmt: skip
    assert (ENDPOINT, DOMAIN) == (row["SourceEndpoint"], row["TargetDeliveryDomain"])


def test_a_user_passes_the_statuses_in_order() -> None:
    """Validating, Queued, Provisioning, Syncing, Synced; the percentage grows up to 95 (shapes 3.14)."""
    pair = moving_pair(ready("anna"))
    new_batch(pair, "anna")
    seen, percent = [], []
    for _ in range(60):
        row = details(pair, "anna")
        seen.append(row["Status"])
        percent.append(row["PercentageComplete"])
        pair.advance(20)
    assert ["Validating", "Queued", "Provisioning", "Syncing", "Synced"] == list(dict.fromkeys(seen))
    assert percent == sorted(percent)
    assert (0, 95) == (percent[0], percent[-1])


def test_one_look_much_later_finds_the_same_as_many_looks() -> None:
    """Nothing runs in the background, and it does not matter how often somebody looks."""
    often, once = moving_pair(ready("anna")), moving_pair(ready("anna"))
    for pair in (often, once):
        new_batch(pair, "anna")
    for _ in range(60):
        often.advance(DAY / 24)
        status(often, "anna")
    once.advance(60 * DAY / 24)
    assert details(often, "anna") == details(once, "anna")


def test_a_synced_batch_waits_until_it_is_told() -> None:
    """At 95 % it rests, however long, and levels every day; completion is asked for (planning 0.5; shapes 3.14)."""
    pair = synced(ready("anna"), "anna")
    first = user(pair, "anna")["LastSuccessfulSyncTime"]
    pair.advance(20 * DAY)
    row = batch_row(pair)
    assert ("Synced", 1, 0) == (row["Status"], row["SyncedCount"], row["FinalizedCount"])
    assert first < user(pair, "anna")["LastSuccessfulSyncTime"]
    assert row["CompleteAfterUTC"].startswith("9999-12-31")


def test_without_autostart_a_batch_is_only_created() -> None:
    """It stays as it is until Start-MigrationBatch."""
    pair = moving_pair(ready("anna"))
    new_batch(pair, "anna", AutoStart=False)
    pair.advance(DAY)
    before = batch_row(pair)["Status"], status(pair, "anna")
    done(pair, "target", "Start-MigrationBatch", Identity="W01")
    pair.advance(SYNCED_AFTER)
    assert (("Created", "Stopped"), "Synced") == (before, status(pair, "anna"))


def test_start_after_is_waited_for() -> None:
    """StartAfter without a zone is UTC (planning 0.5)."""
    pair = moving_pair(ready("anna"))
    new_batch(pair, "anna", StartAfter="2026-11-03T08:00:00")
    pair.advance(20 * HOUR)
    before = batch_row(pair)["Status"]
    pair.advance(8 * HOUR)
    assert ("Waiting", "Synced") == (before, status(pair, "anna"))


def test_completion_is_asked_for() -> None:
    """Complete-MigrationBatch sets CompleteAfter to now, and everybody at rest is completed."""
    pair = synced(ready("anna"), "anna")
    now = pair.now
    complete(pair)
    row = batch_row(pair)
    assert ("Completed", 1) == (row["Status"], row["FinalizedCount"])
    assert row["CompleteAfterUTC"].startswith(now.strftime("%Y-%m-%dT%H:%M:%S"))


def test_completing_asks_first() -> None:
    """Without Confirm false the call only gets a question back (wire 1.4: impact High)."""
    pair = synced(ready("anna"), "anna")
    answer = pair.exo("target", "Complete-MigrationBatch", Identity="W01")
    pair.advance(HOUR)
    assert "@adminapi.confirmationmessage" in answer.body
    assert "Synced" == status(pair, "anna")


def test_a_second_completion_within_eight_hours_is_ignored() -> None:
    """CompleteAfter stays at the first call's moment, and is that of the second after eight hours (planning 0.5)."""
    pair = synced(ready("anna"), "anna")
    seen = []
    for _ in range(3):
        done(pair, "target", "Complete-MigrationBatch", Identity="W01", Confirm=False)
        seen.append(batch_row(pair)["CompleteAfterUTC"])
        pair.advance(4 * HOUR + 1)
    assert seen[0] == seen[1] < seen[2]


def test_a_users_own_time_counts_before_the_batchs() -> None:
    """CompleteAfter of Set-MigrationUser keeps one user back while the batch completes (planning 0.5)."""
    pair = synced(ready("anna", "bert"), "anna", "bert")
    done(pair, "target", "Set-MigrationUser", Identity=address("anna"), CompleteAfter="2026-11-05T08:00:00")
    complete(pair)
    before = status(pair, "anna"), status(pair, "bert")
    pair.advance(4 * DAY)
    assert (("Synced", "Completed"), "Completed") == (before, status(pair, "anna"))


@pytest.mark.parametrize("parameters", [{"AutoComplete": True}, {"CompleteAfter": "2026-11-02T08:00:00"}])
def test_completion_asked_for_at_creation_needs_nobody_later(parameters: dict[str, Any]) -> None:
    """AutoComplete and CompleteAfter complete a user as soon as it is level: what the runbook must not send."""
    pair = moving_pair(ready("anna"))
    new_batch(pair, "anna", **parameters)
    pair.advance(SYNCED_AFTER)
    assert "Completed" == status(pair, "anna")


def test_syncnow_levels_at_once_and_does_not_resume() -> None:
    """SyncNow starts an incremental copy of users at rest and leaves failed ones failed (planning 4.1)."""
    data = ready("anna", bert={"sizes": {"total": "101 GB"}})
    pair = synced(data, "anna", "bert")
    done(pair, "target", "Set-MigrationBatch", Identity="W01", SyncNow=True)
    assert ("IncrementalSyncing", "Failed") == (status(pair, "anna"), status(pair, "bert"))


def test_a_stopped_batch_goes_on_where_it_was() -> None:
    """Stop-MigrationBatch halts; Start-MigrationBatch goes on without copying everything again."""
    pair = synced(ready("anna"), "anna")
    done(pair, "target", "Stop-MigrationBatch", Identity="W01", Confirm=False)
    pair.advance(60)
    stopped = batch_row(pair)["Status"], status(pair, "anna")
    done(pair, "target", "Start-MigrationBatch", Identity="W01")
    pair.advance(180)
    assert (("Stopped", "IncrementalStopped"), "Synced") == (stopped, status(pair, "anna"))


def test_users_that_failed_show_in_the_batch() -> None:
    """One failed beside one at rest is SyncedWithErrors, with the counts (shapes 3.11)."""
    pair = synced(ready("anna", bert={"sizes": {"total": "101 GB"}}), "anna", "bert")
    row = batch_row(pair)
    assert ("SyncedWithErrors", 1, 1, 1) == (
        row["Status"], row["SyncedCount"], row["FailedCount"], row["FailedInitialSyncCount"]
    )  # fmt: skip


def test_a_removed_user_is_gone_after_a_moment() -> None:
    """Removal takes seconds, touches no mailbox, and leaves the others (failures 2.3 #57; planning 4.3)."""
    pair = synced(ready("anna", "bert"), "anna", "bert")
    done(pair, "target", "Remove-MigrationUser", Identity=address("anna"), Confirm=False)
    removing = status(pair, "anna")
    pair.advance(10)
    assert "Removing" == removing
    assert [address("bert")] == [row["Identity"] for row in rows(pair, "target", "Get-MigrationUser", BatchId="W01")]
    assert ["anna", "bert"] == [row["Alias"] for row in rows(pair, "source", "Get-Mailbox")]


def test_a_removed_batch_keeps_its_name_for_a_moment() -> None:
    """A new one of the same name is refused until the old one has gone (failures 2.3 #57)."""
    pair = synced(ready("anna"), "anna")
    done(pair, "target", "Remove-MigrationBatch", Identity="W01", Confirm=False)
    facts = {"Name": "W01", "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "CSVData": csv("anna")}
    early = pair.exo("target", "New-MigrationBatch", **facts)
    pair.advance(10)
    assert "MigrationBatchAlreadyExistsException" == kind(early)
    assert 200 == pair.exo("target", "New-MigrationBatch", **facts).status


@pytest.mark.parametrize(
    ("data", "exception"),
    [
        (encoded("Address\nanna@northwindtraders.com\n"), "MigrationCSVParsingException"),
        (encoded("EmailAddress\n"), "MigrationCSVParsingException"),
        (encoded("EmailAddress,Colour\nanna@northwindtraders.com,red\n"), "MigrationUnknownColumnsException"),
        (encoded("EmailAddress\nanna\n"), "MigrationCSVRowValidationException"),
        (encoded('EmailAddress\n""\n'), "MigrationCSVRowValidationException"),
        (encoded("EmailAddress\na@b.com\nA@b.com\n"), "MigrationCSVRowValidationException"),
        (encoded("EmailAddress\n" + "".join(f"u{n}@b.com\n" for n in range(2001))), "MigrationTooManyUsersException"),
    ],
)
def test_a_file_that_is_no_list_of_addresses_is_refused(data: str, exception: str) -> None:
    """Header, columns, blanks, repeated addresses, more than 2,000 rows (failures 2.2 #29; document line 592)."""
    assert exception == refused(moving_pair(ready("anna")), data)


def test_all_spellings_of_bytes_and_a_byte_order_mark_are_taken() -> None:
    """The module's object, a plain array and base64 mean the same file (wire 1.4)."""
    data = "\ufeffEmailAddress\r\nanna@northwindtraders.com\r\n".encode()
    spellings: list[Any] = [
        base64.b64encode(data).decode(), list(data), {"@odata.type": "#Exchange.ByteArrayType", "Data": list(data)},
    ]  # fmt: skip
    pair = moving_pair(ready("anna"))
    for number, spelling in enumerate(spellings):
        facts = {"SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "CSVData": spelling}
        done(pair, "target", "New-MigrationBatch", Name=f"W{number}", **facts)
    assert [1, 1, 1] == [row["TotalCount"] for row in rows(pair, "target", "Get-MigrationBatch")]


@pytest.mark.parametrize("cmdlet", ["Get-MigrationBatch", "Get-MigrationUser", "Get-MoveRequest"])
@pytest.mark.parametrize("identity", [None, "nobody"])
def test_a_null_or_unknown_identity_gives_everybody(cmdlet: str, identity: str | None) -> None:
    """The reference warns of it; it is the trap behind the document's own remedy (planning 0.4)."""
    pair = synced(ready("anna", "bert"), "anna", "bert")
    expected = 1 if cmdlet == "Get-MigrationBatch" else 2
    assert expected == len(rows(pair, "target", cmdlet, Identity=identity))


@pytest.mark.parametrize("cmdlet", ["Start-MigrationBatch", "Complete-MigrationBatch", "Remove-MigrationBatch",
                                    "Stop-MigrationBatch", "Remove-MigrationUser", "Set-MigrationUser"])  # fmt: skip
def test_a_change_of_nobody_is_refused(cmdlet: str) -> None:
    """A change names what exists (shapes 3.3)."""
    pair = synced(ready("anna"), "anna")
    answer = pair.exo("target", cmdlet, Identity="nobody", Confirm=False)
    assert (404, "ManagementObjectNotFoundException") == (answer.status, kind(answer))


def test_an_endpoint_that_a_batch_uses_stays() -> None:
    """It can be removed when the batch has gone."""
    pair = synced(ready("anna"), "anna")
    first = pair.exo("target", "Remove-MigrationEndpoint", Identity=ENDPOINT, Confirm=False)
    done(pair, "target", "Remove-MigrationBatch", Identity="W01", Confirm=False)
    pair.advance(10)
    second = pair.exo("target", "Remove-MigrationEndpoint", Identity=ENDPOINT, Confirm=False)
    assert (400, 200) == (first.status, second.status)
    assert "CannotRemoveEndpointWithAssociatedBatchesException" == kind(first)


def test_a_synced_batch_is_stopped_after_sixty_days_and_gone_ninety_later() -> None:
    """Nobody did anything with it (planning 0.3)."""
    pair = synced(ready("anna"), "anna")
    seen = []
    for days in (59, 2, 88, 3):
        pair.advance(days * DAY)
        found = rows(pair, "target", "Get-MigrationBatch")
        seen.append(found[0]["Status"] if found else None)
    assert ["Synced", "Stopped", "Stopped", None] == seen


def test_a_completed_batch_is_gone_after_sixty_days() -> None:
    """Its users and their details go with it, so evidence is taken in time (planning 0.3)."""
    pair = synced(ready("anna"), "anna")
    complete(pair)
    pair.advance(59 * DAY)
    before = len(rows(pair, "target", "Get-MigrationUser"))
    pair.advance(2 * DAY)
    assert (1, 0) == (before, len(rows(pair, "target", "Get-MigrationUser")))


def test_what_was_planned_for_a_removed_user_does_not_hurry_the_next() -> None:
    """Somebody who is taken out and added again goes the whole way again."""
    pair = moving_pair(ready("anna", "bert"))
    new_batch(pair, "anna", "bert")
    pair.advance(250)
    done(pair, "target", "Remove-MigrationUser", Identity=address("anna"), Confirm=False)
    pair.advance(10)
    done(pair, "target", "Set-MigrationBatch", Identity="W01", AddUsers=True, CSVData=csv("anna"))
    pair.advance(300)
    assert ("Syncing", "Synced") == (status(pair, "anna"), status(pair, "bert"))


def test_both_tenants_can_come_back_to_a_moment() -> None:
    """Batches and their users are as they were, and go on from there."""
    pair = synced(ready("anna"), "anna")
    then, moment = pair.world.copied(), pair.now
    complete(pair)
    moved = status(pair, "anna")
    pair.world.go_back(then)
    pair.now = moment
    back = status(pair, "anna")
    complete(pair)
    assert ("Completed", "Synced", "Completed") == (moved, back, status(pair, "anna"))


def test_users_can_be_added() -> None:
    """AddUsers with a file starts them too, in a batch that runs."""
    pair = synced(ready("anna", "bert"), "anna")
    done(pair, "target", "Set-MigrationBatch", Identity="W01", AddUsers=True, CSVData=csv("bert"))
    pair.advance(SYNCED_AFTER)
    assert ("Synced", 2) == (status(pair, "bert"), batch_row(pair)["TotalCount"])


def test_batches_belong_to_the_roles_for_moves(pair: Pair) -> None:
    """Who may only read the configuration or recipients is refused (document line on RBAC roles)."""
    few = pair.world.tenants["target"].file.applications[1]
    token = pair.sign_in("target", few.app_id, "practice-secret-target").body["access_token"]
    assert 403 == pair.exo("target", "New-MigrationBatch", token, Name="W01").status
    assert 200 == pair.exo("target", "Get-MoveRequest", token).status
