"""One project in which every section of the move has something to change: a wave for each state of a move."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import yaml
from mending import APPROVER, SECRETS, SECTIONS_LATER, START, Administrator
from moving_pair import DOMAIN, ENDPOINT, HOUR, address, guid_of, ready
from planted_failures import all_causes, plant
from simulator_process import start_simulator

from xtmig_kernel.changes import CsvBytes
from xtmig_kernel.project.users import USERS_FILE, UserRow, users_text
from xtmig_kernel.runs.approve import sign_off

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pytest

WORDS = ("GEN-07", "FAQ-07", "FAQ-08", "TMS-04", "OUT-04")
WAVE_OF = {
    "anna": "one",
    "bert": "one",
    "emil": "one",
    "hugo": "one",
    "olga": "one",
    "dora": "two",
    "carl": "three",
    "fred": "four",
    "gina": "four",
    "ivan": "five",
}
"""Bert has failed and must begin again, Emil has failed for a disabled archive, Olga for a cause that is mended by now;
Hugo and Ivan, who is being copied, are to be stopped, Dora waits to be started, Carl has lost an item and is due, Fred
and Gina, who may send on his behalf, have moved."""
BEGUN = "2026-11-01"
CUTOVERS = {"four": "2026-11-02T14:00:00Z", "three": "2026-11-03T19:00:00Z"}
CAUSED = {"bert": "maintenance", "carl": "skipped_items", "emil": "demoted_archive", "olga": "out_of_scope"}
TWO_DAYS = 48 * HOUR
CAUSES = {cause.name: cause for cause in all_causes()}


def settings() -> dict[str, Any]:
    """What `project.yaml` says besides."""
    waves = [
        {"name": name, "start": BEGUN, **({"cutover": CUTOVERS[name]} if name in CUTOVERS else {})}
        for name in dict.fromkeys(WAVE_OF.values())
    ]
    return {
        "move": {
            "waves": waves,
            "disabled_archives": {"emil@contoso.com": "enable"},
            "stop": [address("hugo"), address("ivan"), "trouble-five"],
        },
        "licences": {"usage_location": "NL", "exchange_sku": "SPE_E3", "strip_source_plans": True},
    }


def tenants(**others: dict[str, Any]) -> dict[str, Any]:
    """The two tenants before anything has moved, with more mailboxes by alias."""
    access = {"send_on_behalf": ["gina@contoso.onmicrosoft.com"]}
    moving: dict[str, dict[str, Any]] = {name: {} for name in WAVE_OF}
    moving |= others
    moving["fred"] = {"access": access, "licences": ["SPE_E3"], "usage_location": "NL"}
    data = ready(**moving)
    for name, cause in CAUSED.items():
        data = plant(data, CAUSES[cause], name)
    for user in data["target"]["mail_users"]:
        if user["alias"] == "gina":  # who can be licensed at once; Fred's usage location is missing
            user["usage_location"] = "NL"
    # Ivan is being copied for as long as nobody stops him; copies grow old, so that the day before has something to do
    copied = {"identity": address("ivan"), "batch": "trouble-five", "status": "Syncing"}
    data["target"]["migration_users"] = [copied | {"mailbox_guid": guid_of("ivan")}]
    data["target"]["lags"] = {"incremental_interval": TWO_DAYS}
    return data


def begin(administrator: Administrator, wave: str, names: Iterable[str] = ()) -> None:
    """Make the batch of a wave as somebody would by hand, for section 130 would leave out whoever is not fit."""
    everybody = [*(name for name, of in WAVE_OF.items() if of == wave), *names]
    users = CsvBytes(("EmailAddress", *map(address, everybody)))
    parameters = {"SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAIN, "AutoStart": True, "CSVData": users}
    administrator.call("target", "New-MigrationBatch", Name=f"trouble-{wave}", **parameters)


def give_words(administrator: Administrator) -> None:
    """Somebody answers for what no read can prove."""
    for statement in WORDS:
        sign_off(administrator.folder, statement, APPROVER, "told by telephone")


@contextmanager
def troubled(
    folder: Path,
    patch: pytest.MonkeyPatch,
    data: dict[str, Any] | None = None,
    moving: Iterable[str] = (),
    **further: Any,
) -> Iterator[Administrator]:
    """The project on the evening of the third wave's cutover.

    Args:
        folder: An empty folder.
        patch: Sets the operators' secrets.
        data: The tenants; those of `tenants` without it.
        moving: Who moves with the fourth wave besides.
        further: What `project.yaml` says besides.
    """
    for name, value in SECRETS.items():
        patch.setenv(name, value)
    data = data or tenants()
    file, project, simulation = folder / "tenants.yaml", folder / "project", folder / "simulation"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    project.mkdir()
    simulation.mkdir()
    simulator = start_simulator(simulation, "--start", START, "--speed", "60", tenants=file, environment=SECRETS)
    try:
        made = Administrator(project, simulator, data, settings() | further)
        waves = WAVE_OF | dict.fromkeys(moving, "four")
        rows = [UserRow(f"{name}@contoso.com", address(name), wave=wave) for name, wave in waves.items()]
        (project / USERS_FILE).write_text(users_text(rows), encoding="utf-8", newline="")
        made.consent()
        simulator.advance(60)
        begin(made, "four", moving)
        simulator.advance(SECTIONS_LATER)
        give_words(made)
        made.approve(made.run("160", mode="plan"))
        give_words(made)
        made.run("160")
        begin(made, "one")
        begin(made, "three")
        simulator.advance(30 * HOUR)
        made.act(CAUSES["out_of_scope"].facts["remedy"], "olga")
        yield made
    finally:
        simulator.stop()
