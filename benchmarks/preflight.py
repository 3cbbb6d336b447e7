"""What it costs to collect what a preflight judges, beside the calls of Microsoft's own validation script.

Run it from the repository: `python benchmarks/preflight.py [MAILBOXES] [REPLAYED]`; 1,000 mailboxes, and the script's
calls for 200 of them, are the default. Both talk to one simulated organisation in which every cmdlet takes 80 ms, the
members of a batch one after the other, and at most four requests run at once for each tenant. A policy that holds the
whole organisation (`--organization-hold`) makes both ask for each mailbox's log of holds; the script asks always.
Each mailbox has 16 folders, and `--folders` gives it more.

The script asks seven cmdlets for each mailbox and one more for each with an archive, one after the other: Get-Mailbox,
Get-MailUser, Export-MailboxDiagnosticLogs, Get-OrganizationRelationship, Get-DistributionGroupMember,
Get-MailboxStatistics, Get-AcceptedDomain; Get-MailboxFolderStatistics for an archive.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "faults"), str(ROOT / "tests")]

import simulator_process  # noqa: E402
from big_tenants import SOURCE, SOURCE_INITIAL, TARGET_INITIAL, Pair, pair  # noqa: E402
from crash_harness import SECRETS  # noqa: E402
from simulator_process import SimulatorProcess, start_simulator  # noqa: E402

from xtmig_kernel.credentials import Redactor  # noqa: E402
from xtmig_kernel.inventory.collecting import SIDES, collect  # noqa: E402
from xtmig_kernel.inventory.preflight_facts import preflight_facts  # noqa: E402
from xtmig_kernel.m365 import clock_for, connect  # noqa: E402
from xtmig_kernel.m365.watching import watching  # noqa: E402
from xtmig_kernel.project import load_project  # noqa: E402
from xtmig_kernel.runs.folder import new_project  # noqa: E402
from xtmig_kernel.store import SnapshotStore  # noqa: E402
from xtmig_kernel.store.snapshots import SNAPSHOT_FILE  # noqa: E402

if TYPE_CHECKING:
    from xtmig_kernel.m365 import ExchangeService

CMDLET_MS = 80
AT_ONCE = 4
SCOPE = "MigScope"
RIGHTS = ("source.folder_shapes", "source.mailbox_permissions")
"""What the script does not read."""
MOST_CMDLETS, LEAST_FASTER, MOST_MEGABYTES = 1 / 3, 10.0, 500.0
APPLICATION = "5c0e5c0e-0000-4000-8000-0000000ab001"


@dataclass
class Cost:
    """What one way of asking took.

    Args:
        cmdlets: Cmdlets that the services executed; each page of a list is one.
        requests: Requests that were sent to all services, sign-in included.
        seconds: Wall time.
        megabytes: The most memory of the client's process, 0 where that was not measured.
    """

    cmdlets: int
    requests: int
    seconds: float
    megabytes: float = 0.0


class Sent:
    """Counts requests; see `watching`."""

    def __init__(self) -> None:
        self.number = 0

    def saw(self, *_: Any) -> None:
        """One request is over."""
        self.number += 1


def tenants_of(made: Pair, organization_hold: bool) -> dict[str, Any]:
    """Both tenants, prepared: each user has a MailUser and is in scope, and both relationships are there."""
    tenants = made.tenants()
    source, target = tenants["source"], tenants["target"]
    scope = {"name": SCOPE, "alias": SCOPE, "primary": f"{SCOPE}@{SOURCE}", "kind": "Security"}
    source["groups"] = [scope | {"members": [person.primary for person in made.people]}]
    relation = {"mailbox_move_enabled": True}
    source["organization_relationships"] = [
        relation
        | {"name": "to target", "domain_names": [target["tenant_id"]], "mailbox_move_capability": ["RemoteOutbound"]}
        | {"mailbox_move_published_scopes": [SCOPE], "oauth_application_id": APPLICATION}
    ]
    target["organization_relationships"] = [
        relation | {"name": "to source", "domain_names": [source["tenant_id"]], "mailbox_move_capability": ["Inbound"]}
    ]
    source["organization_holds"] = ["mbx7cfb30345d454ac0a989ab3041051209:2"] if organization_hold else []
    return tenants


def prepared(number: int, folders: int) -> Pair:
    """So many users with a stamped MailUser each, and so many folders beside the usual ones."""
    made = pair(number, 0, "preflight")
    for person in made.people:
        mailbox = person.mailbox
        if folders:
            mailbox["folders"] = [{"path": "/Inbox/Customers", "subfolders": folders - 1}]
        archive = {"archive_guid": mailbox["archive"]["guid"]} if "archive" in mailbox else {}
        proxies = [f"smtp:{person.sign_in}", f"x500:{mailbox['legacy_dn']}"]
        proxies += [proxy for proxy in mailbox["proxies"] if proxy.startswith("X500:")]
        made.mail_user(person, exchange_guid=mailbox["exchange_guid"], proxies=proxies, **archive)
    return made


def new_folder(folder: Path, made: Pair, tenants: dict[str, Any], simulator: SimulatorProcess) -> Path:
    """A project folder of these tenants."""
    project = folder / "project"
    project.mkdir()
    (project / "users.csv").write_text(made.users_csv(), encoding="utf-8")
    settings: dict[str, Any] = {
        "format": 1, "id": "preflight", "name": "Preflight", "simulation": str(folder / "connection.json"),
        "requests_at_once": AT_ONCE, "names": {"scope_groups": [SCOPE]},
    }  # fmt: skip
    for side, domain in (("source", SOURCE_INITIAL), ("target", TARGET_INITIAL)):
        operator = tenants[side]["applications"][0]
        secret = f"env:{operator['secret_from_env']}"
        sign_in = {"method": "secret", "client_id": operator["app_id"], "secret": secret}
        settings[side] = {"tenant_id": simulator.tenant_id(side), "domain": domain, "sign_in": sign_in}
    new_project(project, settings)
    return project


def child(folder: str, *facts: str) -> None:
    """Collect these facts in this process, and print what it took."""
    import resource

    project = load_project(Path(folder))
    clock, redactor, sent = clock_for(project), Redactor(), Sent()
    begun = time.perf_counter()
    with watching(sent):
        tenants = {side: connect(project, side, redactor=redactor, clock=clock) for side in SIDES}
        collect(project, tenants, SnapshotStore(project.folder), clock, facts, _to_stderr, {})
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"requests": sent.number, "seconds": seconds, "megabytes": peak}))


def _to_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class Record:
    """The simulator's record, read on from where it was read to.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0

    def cmdlets(self) -> Counter[str]:
        """The cmdlets that were executed since the last look, by name."""
        with self._path.open("rb") as file:
            file.seek(self._at)
            lines = [json.loads(line) for line in file]
            self._at = file.tell()
        refused = [
            line for line in lines if line["service"] == "exo" and line["status"] == HTTPStatus.TOO_MANY_REQUESTS
        ]
        if refused:
            print(f"{len(refused)} requests were refused as too many at once", file=sys.stderr)
        return Counter(line["cmdlet"] for line in lines if line["service"] == "exo" and line["cmdlet"])


def measured(project: Path, record: Record, facts: tuple[str, ...]) -> tuple[Cost, Counter[str]]:
    """What it takes to collect these facts, in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--child", str(project), *facts]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **SECRETS})
    found, cmdlets = json.loads(done.stdout.splitlines()[-1]), record.cmdlets()
    return Cost(sum(cmdlets.values()), found["requests"], found["seconds"], found["megabytes"]), cmdlets


def replayed(project: Path, made: Pair, number: int, record: Record) -> Cost:
    """What the script's calls take for the first so many mailboxes, one after the other."""
    opened = load_project(project)
    clock, redactor, sent = clock_for(opened), Redactor(), Sent()
    source, target = (connect(opened, side, redactor=redactor, clock=clock).exchange for side in SIDES)
    record.cmdlets()
    begun = time.perf_counter()
    with watching(sent):
        for person in made.people[:number]:
            ask_as_the_script(source, target, person.primary, person.address)
    seconds = time.perf_counter() - begun
    return Cost(sum(record.cmdlets().values()), sent.number, seconds)


def ask_as_the_script(source: ExchangeService, target: ExchangeService, mailbox: str, mail_user: str) -> None:
    """The script's calls for one mailbox, in its order."""
    (found,) = source.invoke("Get-Mailbox", {"Identity": mailbox}).rows
    target.invoke("Get-MailUser", {"Identity": mail_user})
    source.invoke("Export-MailboxDiagnosticLogs", {"Identity": mailbox, "ComponentName": "HoldTracking"})
    if str(found["ArchiveGuid"]).strip("0-"):
        asked = {"Identity": str(found["ArchiveGuid"]), "FolderScope": "RecoverableItems"}
        source.invoke("Get-MailboxFolderStatistics", asked)
    source.invoke("Get-OrganizationRelationship")
    source.invoke("Get-DistributionGroupMember", {"Identity": SCOPE})
    source.invoke("Get-MailboxStatistics", {"Identity": mailbox})
    target.invoke("Get-AcceptedDomain")


def say(line: str) -> None:
    """Print a line at once, for the next one may be an hour away."""
    print(line, flush=True)


def told(what: str, cost: Cost) -> str:
    """One line of the table."""
    memory = f"{cost.megabytes:>8,.0f} MB" if cost.megabytes else f"{'':>11}"
    return f"{what:44}{cost.cmdlets:>10,}{cost.requests:>10,}{cost.seconds:>10,.0f} s{memory}"


def verdict(what: str, value: float, bound: str, *, holds: bool) -> str:
    """One line on what was to be shown."""
    return f"{what:44}{value:>10.2f}   {bound}: {'met' if holds else 'MISSED'}"


def main() -> None:
    """Print cmdlets, requests, seconds and memory of both ways, and their ratios."""
    options = argparse.ArgumentParser(description="Cost of a preflight's collection")
    options.add_argument("mailboxes", nargs="?", type=int, default=1000)
    options.add_argument("replayed", nargs="?", type=int, default=200)
    options.add_argument("--organization-hold", action="store_true")
    options.add_argument("--folders", type=int, default=0)
    given = options.parse_args()
    made = prepared(given.mailboxes, given.folders)
    tenants = tenants_of(made, given.organization_hold)
    os.environ.update(SECRETS)
    simulator_process.START_SECONDS = 600  # a large tenants file takes its time
    archives = sum("archive" in person.mailbox for person in made.people)
    say(f"{given.mailboxes:,} mailboxes, {archives:,} archives, {CMDLET_MS} ms for each cmdlet, {AT_ONCE} at once")
    say(f"{'':44}{'cmdlets':>10}{'requests':>10}{'time':>12}{'memory':>11}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "tenants.yaml"
        file.write_text(json.dumps(tenants), encoding="utf-8")
        simulator = start_simulator(folder, "--cmdlet-ms", str(CMDLET_MS), tenants=file, environment=SECRETS)
        project = new_folder(folder, made, tenants, simulator)
        record = Record(folder / "record.jsonl")
        checks = tuple(fact for fact in preflight_facts() if fact not in RIGHTS)
        ours, cmdlets = measured(project, record, checks)
        say(told("collection without folders and rights", ours))
        script = replayed(project, made, given.replayed, record)
        say(told(f"script's calls for {given.replayed:,} mailboxes", script))
        times = given.mailboxes / given.replayed
        scaled = Cost(round(script.cmdlets * times), round(script.requests * times), script.seconds * times)
        say(told(f"script's calls, scaled to {given.mailboxes:,}", scaled))
        alone = scaled.cmdlets * CMDLET_MS / 1000
        say(told("the same by the time of its cmdlets alone", Cost(scaled.cmdlets, scaled.requests, alone)))
        rights, of_rights = measured(project, record, RIGHTS)
        say(told("folders and rights, which the script lacks", rights))
        say(f"{'inventory.db after both':44}{(project / SNAPSHOT_FILE).stat().st_size / 2**20:>10.1f} MB")
        simulator.stop()
    part, faster = ours.cmdlets / scaled.cmdlets, alone / ours.seconds
    most = max(ours.megabytes, rights.megabytes)
    say(verdict("cmdlets, as a part of the script's", part, "at most 0.33", holds=part <= MOST_CMDLETS))
    say(verdict("times faster than its cmdlets alone", faster, "at least 10", holds=faster >= LEAST_FASTER))
    say(verdict("most memory of the client in MB", most, "under 500", holds=most < MOST_MEGABYTES))
    say("cmdlets of the collection: " + _listed(cmdlets))
    say("cmdlets of folders and rights: " + _listed(of_rights))
    say("folders whose rights are read: the calendar of each mailbox, and no other")


def _listed(cmdlets: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in cmdlets.most_common())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
