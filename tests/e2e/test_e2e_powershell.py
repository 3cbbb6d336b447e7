"""The PowerShell transport comes to the same as HTTP: every table is read alike, and sections 050 to 100 end alike.

The shell is a stand-in of ours, so this shows nothing of PowerShell itself.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from e2e_alike import CONFIGURED, both, by_xtmig, lasting
from e2e_workplace import SECRETS, SIDES, approver_key, consent_to_everything, example, users_csv, who_moves, workplace
from stand_in_powershell import install, path_with

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory import Reader
from xtmig_kernel.m365 import clock_for, connect
from xtmig_kernel.project import load_project
from xtmig_kernel.tables import BY_NAME

if TYPE_CHECKING:
    from e2e_workplace import Workplace

pytestmark = [
    pytest.mark.deep,  # two tenants configured twice
    pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line that names its interpreter"),
]


OVER_HTTP_ALONE = frozenset(f"{side}.compliance_access" for side in SIDES)
"""Security & Compliance is another service, to which the bridge does not connect; each table says so in its rows."""


@dataclass(frozen=True)
class Ways:
    """Two pairs of tenants that began alike, configured by one transport each.

    Args:
        states: Both tenants at the end, by transport.
        read: What the reads of every table give at the end: of the second pair, by transport.
        first: Both tenants at the beginning.
        noted: The cmdlets that the stand-in was asked for.
        recorded: The cmdlets that the second pair's Exchange was asked for before anybody asked it over HTTP.
    """

    states: dict[str, Any]
    read: dict[str, dict[str, Any]]
    first: dict[str, Any]
    noted: list[str]
    recorded: list[str]


def tables_of(place: Workplace, transport: str) -> dict[str, Any]:
    """Every table of both sides, as observations."""
    project = load_project(place.project).model_copy(update={"transport": transport})
    clock = clock_for(project)
    tenants: dict[Any, Any] = {
        side: connect(project, side, redactor=Redactor(), clock=clock)  # type: ignore[call-overload]
        for side in SIDES
    }
    reader = Reader(project, tenants, clock, {})
    read = {f"{side}.{name}": reader.read(f"{side}.{name}") for side in SIDES for name in sorted(BY_NAME)}
    for tenant in tenants.values():
        tenant.close()
    return read


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    folder = tmp_path_factory.mktemp("transports")
    key, public = approver_key(folder)
    tenants = example()
    states: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        for way in ("rest", "powershell"):

            def change(settings: dict[str, Any], way: str = way) -> None:
                settings["approvers"][0]["public_key"] = public
                settings["licences"] = {"usage_location": tenants["target"]["country"]}
                settings["transport"] = way

            (folder / way).mkdir()
            notes = folder / way / "cmdlets"
            connection = folder / way / "simulation" / "connection.json"
            patch.setenv("PATH", path_with(install(folder / way / "bin", connection, notes)))
            with workplace(folder / way, tenants, change) as place:
                (place.project / "users.csv").write_text(users_csv(who_moves(tenants)), encoding="utf-8")
                first = both(place.simulator)
                for section in CONFIGURED:
                    if section == "060":
                        consent_to_everything(place)
                    by_xtmig(place, section, key)
                states[way] = both(place.simulator)
                if way == "powershell":
                    recorded = [line["cmdlet"] for line in place.record() if line["service"] == "exo"]
                    noted = notes.read_text(encoding="utf-8").splitlines()
                    read = {transport: tables_of(place, transport) for transport in ("rest", "powershell")}
    return Ways(states, read, first, noted, [cmdlet for cmdlet in recorded if cmdlet])


def to_the_second(value: Any) -> Any:
    """A table with its times as the bridge gives them, both forms being one moment; without how late it was asked."""
    if isinstance(value, dict):
        return {key: to_the_second(item) for key, item in value.items() if key != "SecondsAhead"}
    if isinstance(value, list | tuple):
        return [to_the_second(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}(\.\d+)?(Z|\+00:00)", value):
        return value[:19]
    return value


def test_both_transports_end_alike(ways: Ways) -> None:
    """After sections 050 to 100 both tenants are the same, whichever transport was chosen."""
    assert lasting(ways.states["rest"]) == lasting(ways.states["powershell"])
    assert lasting(ways.first) != lasting(ways.states["powershell"])


def test_everything_went_through_the_shell(ways: Ways) -> None:
    """With transport powershell every cmdlet that Exchange got came from the shell, credentials and bulk writes too."""
    assert sorted(ways.recorded) == sorted(ways.noted)
    assert {"New-MigrationEndpoint", "New-MailUser", "New-OrganizationRelationship"} <= set(ways.noted)


def test_every_table_is_read_alike(ways: Ways) -> None:
    """Each table has the same rows over both transports, and what one does not observe the other does not either."""
    rest, shell = ways.read["rest"], ways.read["powershell"]
    assert rest.keys() == shell.keys()
    for fact in rest.keys() - OVER_HTTP_ALONE:
        observation = rest[fact]
        assert type(observation) is type(shell[fact]), fact
        if isinstance(observation, Observed):
            assert to_the_second(observation.value) == to_the_second(shell[fact].value), fact
    assert sum(isinstance(observation, Observed) for observation in shell.values()) > len(shell) / 2


def test_what_the_bridge_cannot_ask_is_told(ways: Ways) -> None:
    """Over PowerShell the table of Security & Compliance has nothing but the sentence on why it was not asked."""
    for fact in OVER_HTTP_ALONE:
        (row,) = ways.read["powershell"][fact].value
        assert (None, None) == (row["Policies"], row["Cases"])
        assert "transport is powershell" in row["Problem"]
