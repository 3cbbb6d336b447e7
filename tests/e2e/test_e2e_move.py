"""A whole move, from nothing to a closed project: what both tenants hold at the end, by the tenants file alone."""

from __future__ import annotations

import copy
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from e2e_documented import problems_of
from e2e_expected import ADD_ON, at_first, default_domain, initial_domain, licensed
from e2e_move import MOVE, Moved, OneRun, moved_in
from e2e_workplace import SIDES, child_environment, console_script, example, who_moves
from secret_search import fingerprint, places_of, places_of_each, tokens_in
from simulator_process import is_write, writes

from xtmig_kernel.simulator.identifiers import client_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from e2e_expected import State

EXCHANGE = "SPE_E3"
STAYS = ("hal", "many")
"""Who the practice project leaves out, with a reason (examples/contoso-northwind.project.yaml)."""
STAGES_THAT_WRITE = (("130", "140"), ("150", "160"), ("190", "200"), ("210",))
GONE = (
    "applications", "service_principals", "app_role_assignments", "delegated_grants", "organization_relationships",
    "migration_endpoints", "migration_batches", "contacts", "users", "domains", "administrators",
)  # fmt: skip
"""What is the same after a closed project as before it, in either tenant."""
ON_ONE_OBJECT = (
    "MigrationBatch",
    "MigrationUser",
    "MigrationEndpoint",
    "OrganizationRelationship",
    "DistributionGroup",
)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    """A rehearsal that has come to its very end."""
    folder = tmp_path_factory.mktemp("moved")
    for name in ("home", "temp"):
        (folder / name).mkdir()
    return moved_in(folder, child_environment(folder / "home", folder / "temp", {}))


def by_alias(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Living objects by their alias."""
    found = [row for row in rows if not row.get("soft_deleted")]
    assert len({row["alias"] for row in found}) == len(found)
    return {row["alias"]: row for row in found}


def new_mailboxes(first: State, last: State) -> dict[str, dict[str, Any]]:
    """The target's mailboxes that were not there at first, by alias."""
    before = {row["object_id"] for row in first["target"]["mailboxes"]}
    return by_alias(row for row in last["target"]["mailboxes"] if row["object_id"] not in before)


def check_targets(tenants: dict[str, Any], first: State, last: State) -> None:
    """Each mover is a mailbox in the target: GUID, kind, archive and its parts, addresses; and nobody else is."""
    expected = {m["alias"]: _target(tenants, first, m) for m in who_moves(tenants)}
    seen = {
        alias: {
            "kind": row["kind"],
            "exchange_guid": row["exchange_guid"],
            "archive": row["archive"] and (row["archive"]["guid"], row["archive"]["auxiliary"]),
            "primary": row["primary"],
            "upn": row["upn"],
            "display_name": row["display_name"],
        }
        for alias, row in new_mailboxes(first, last).items()
    }
    assert expected == seen
    assert set(expected).isdisjoint(by_alias(last["target"]["mail_users"]))


def _target(tenants: dict[str, Any], first: State, mailbox: dict[str, Any]) -> dict[str, Any]:
    archive = mailbox.get("archive")
    return {
        "kind": mailbox.get("kind", "UserMailbox"),
        "exchange_guid": mailbox.get("exchange_guid") or at_first(first, mailbox)["exchange_guid"],
        "archive": (archive["guid"], archive.get("auxiliary", [])) if archive else None,
        "primary": f"{mailbox['primary'].partition('@')[0]}@{default_domain(tenants['target'])}",
        "upn": f"{mailbox['alias']}@{initial_domain(tenants['target'])}",
        "display_name": mailbox["display_name"],
    }


def check_sources(tenants: dict[str, Any], first: State, last: State) -> None:
    """Each mover is a MailUser in the source, with the target's proxy as its address (document lines 513, 620)."""
    domain = initial_domain(tenants["target"])
    left = by_alias(last["source"]["mail_users"])
    for mailbox in who_moves(tenants):
        alias, before = mailbox["alias"], at_first(first, mailbox)
        kept = {name: before[name] for name in ("object_id", "exchange_guid", "primary", "upn", "email_addresses")}
        assert {**kept, "external_address": f"{alias}@{domain}"} == {
            name: left[alias][name] for name in (*kept, "external_address")
        }
    assert {m["alias"] for m in who_moves(tenants)}.isdisjoint(by_alias(last["source"]["mailboxes"]))


def check_contents(tenants: dict[str, Any], first: State, last: State) -> None:
    """Every folder arrives with as many items as it had, less what the tenants file says cannot be copied."""
    arrived = new_mailboxes(first, last)
    for mailbox in who_moves(tenants):
        expected = dict(at_first(first, mailbox)["item_counts"])
        for item in mailbox.get("content", {}).get("skipped", ()):
            expected[f"/{item['folder']}"] -= item.get("number", 1)
        assert sum(expected.values()) > 0
        assert expected == arrived[mailbox["alias"]]["item_counts"], mailbox["alias"]


def check_rights(tenants: dict[str, Any], first: State, last: State) -> None:
    """Delegates who moved have the rights that they had, under their names in the target (PRM-03 to PRM-06)."""
    movers = {name: m["alias"] for m in who_moves(tenants) for name in (m["upn"], m["primary"])}
    here = {name: alias for alias, row in new_mailboxes(first, last).items() for name in (row["upn"], row["primary"])}
    for mailbox in who_moves(tenants):
        seen = new_mailboxes(first, last)[mailbox["alias"]]["access"]
        assert _rights(mailbox.get("access", {}), movers) == _rights(seen, here), mailbox["alias"]


def _rights(access: dict[str, Any], people: dict[str, str]) -> set[tuple[str, str, str, tuple[str, ...]]]:
    """Rights as (kind, folder, alias, rights), of those delegates who are among these people."""
    known = {name.lower(): alias for name, alias in people.items()}
    plain = {
        (kind, "", known[name.lower()], ())
        for kind in ("full_access", "send_as", "send_on_behalf")
        for name in access.get(kind, ())
        if name.lower() in known
    }
    return plain | {
        ("folder", right["folder"], known[right["user"].lower()], tuple(sorted(right["rights"])))
        for right in access.get("folders", ())
        if right["user"].lower() in known
    }


def check_licences(tenants: dict[str, Any], first: State, last: State) -> None:
    """Every person who moved has the add-on and an Exchange licence in the target, each once; nobody else has one."""
    people = {row["object_id"]: alias for alias, row in new_mailboxes(first, last).items()}
    given = [r for r in last["target"]["licence_assignments"] if r not in first["target"]["licence_assignments"]]
    own = sorted((people[r["user"]], r["part_number"]) for r in given if r["group"] is None)
    assert sorted((alias, part) for alias in licensed(tenants) for part in (ADD_ON, EXCHANGE)) == own
    assert [] == [r for r in given if r["error"]]


def check_access(first: State, last: State) -> None:
    """No application, consent, endpoint, relationship, batch or group of the project is left, and none else is lost.

    Whoever is new in the target is in its dynamic group by themselves.
    """
    for side in SIDES:
        for kind in GONE:
            assert first[side][kind] == last[side][kind], f"{side} {kind}"
        ours = {row["object_id"] for row in last[side]["mailboxes"]}
        for before, after in zip(first[side]["groups"], last[side]["groups"], strict=True):
            assert {**before, "members": []} == {**after, "members": []}
            assert set(before["members"]) <= set(after["members"])
            assert set(after["members"]) - set(before["members"]) <= (ours if before["dynamic"] else set())


def check_others(tenants: dict[str, Any], first: State, last: State) -> None:
    """Whoever does not move is the same person with the same mailbox, attribute for attribute, in either tenant."""
    movers = who_moves(tenants)
    moving = {at_first(first, mailbox)["object_id"] for mailbox in movers}
    for side in SIDES:
        before, after = ([r for k in ("mailboxes", "mail_users") for r in s[side][k]] for s in (first, last))
        stay = [row for row in before if row["object_id"] not in moving]
        assert stay
        assert [] == [row for row in stay if row not in after], side
        assert len(after) == len(before) + (len(movers) if side == "target" else 0)
    assert set(STAYS) <= set(by_alias(last["source"]["mailboxes"]))


CHECKS: dict[str, Callable[[dict[str, Any], State, State], None]] = {
    "targets": check_targets,
    "sources": check_sources,
    "contents": check_contents,
    "rights": check_rights,
    "licences": check_licences,
    "access": lambda _tenants, first, last: check_access(first, last),
    "others": check_others,
}


def test_the_rehearsal_comes_to_its_end(moved: Moved) -> None:
    """Exit code 0 after the last section, nothing that the simulator lacks, and no traceback."""
    assert 0 == moved.exit_code, moved.output
    assert ("220",) == moved.runs[-1].sections
    assert [] == [line for line in moved.record if line["status"] in (500, 501)]
    assert "does not support" not in moved.output
    assert "Traceback" not in moved.output


def test_no_notebook_stops(moved: Moved) -> None:
    """No run tells of a problem: each cell of each notebook was run, whatever its step had to wait for."""
    told = {run.archive.name: result_of(run)["problems"] for run in (*moved.runs, *moved.between, *moved.again)}
    assert {} == {name: problems for name, problems in told.items() if problems}


def result_of(run: OneRun) -> dict[str, Any]:
    """The `result.json` of a run."""
    result: dict[str, Any] = json.loads((run.archive / "result.json").read_text(encoding="utf-8"))
    return result


def test_settings_that_stayed_behind_are_told(moved: Moved) -> None:
    """The protocol that was off, and whom the room asked, by the new address, as the tenants file has them (F-111)."""
    run = next(run for run in moved.runs if "190" in run.sections)
    rules = ("moved-settings-protocols", "moved-settings-bookings")
    told = {f["subject"]: f for f in result_of(run)["findings"] if f["rule"] in rules and f["verdict"] == "warn"}
    assert {"mina.meeting@contoso.com, protocols", "boardroom@contoso.com, bookings"} == set(told)
    assert "ImapEnabled was false, is true" == told["mina.meeting@contoso.com, protocols"]["seen"]
    room = told["boardroom@contoso.com, bookings"]
    assert "BookingWindowInDays was 365, is 180; ResourceDelegates was mina.meeting@contoso.com" in room["seen"]
    assert "ResourceDelegates mina.meeting@northwindtraders.com" in room["expected"]


@pytest.mark.parametrize("check", CHECKS)
def test_the_end_is_as_the_document_has_it(moved: Moved, check: str) -> None:
    """Both tenants hold, in this respect, exactly what follows from the tenants file."""
    CHECKS[check](example(), moved.first, moved.last)


def _here(state: State, alias: str) -> dict[str, Any]:
    return by_alias(state["target"]["mailboxes"])[alias]


def _left(state: State, alias: str) -> dict[str, Any]:
    return by_alias(state["source"]["mail_users"])[alias]


def _stayed(state: State, alias: str) -> dict[str, Any]:
    return by_alias(state["source"]["mailboxes"])[alias]


SPOILT: dict[str, tuple[str, Callable[[State], Any]]] = {
    "no archive": ("targets", lambda s: _here(s, "anton").update(archive=None)),
    "another kind": ("targets", lambda s: _here(s, "boardroom").update(kind="UserMailbox")),
    "still a MailUser": ("targets", lambda s: s["target"]["mail_users"].append({"alias": "LaraN"})),
    "mail goes elsewhere": (
        "sources", lambda s: _left(s, "LaraN").update(external_address="LaraN@contoso.com")
    ),
    "another mailbox": ("sources", lambda s: _left(s, "mina").update(exchange_guid="x")),
    "an item is lost": ("contents", lambda s: _here(s, "LaraN")["item_counts"].update({"/Inbox": 1})),
    "a right is lost": ("rights", lambda s: _here(s, "TestUser_7")["access"]["full_access"].clear()),
    "a right too many": (
        "rights", lambda s: _here(s, "sofie")["access"]["send_as"].append(
            "joe@northwindtraders.onmicrosoft.com"
        )
    ),
    "a licence is missing": (
        "licences", lambda s: s["target"]["licence_assignments"].remove(
            next(r for r in s["target"]["licence_assignments"] if r["part_number"] == ADD_ON)
        )
    ),
    "free/busy is closed": (
        "access", lambda s: s["target"]["organization_relationships"][0].update(FreeBusyAccessEnabled=False)
    ),
    "an endpoint is left": ("access", lambda s: s["target"]["migration_endpoints"].append({"name": "xtmig-practice"})),
    "a group is left": ("access", lambda s: s["source"]["groups"].append({"name": "xtmig-practice-scope"})),
    "somebody else is gone": ("others", lambda s: s["source"]["mailboxes"].remove(_stayed(s, "otto"))),
    "somebody else is changed": ("others", lambda s: _here(s, "nina").update(licences=[])),
}  # fmt: skip


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_comparison_sees_a_difference(moved: Moved, spoilt: str) -> None:
    """Each comparison fails where one fact of one object is another one."""
    check, change = SPOILT[spoilt]
    last = copy.deepcopy(moved.last)
    change(last)
    with pytest.raises((AssertionError, ValueError)):
        CHECKS[check](example(), moved.first, last)


@pytest.mark.deep  # .ci/run verifies each archive of its own rehearsal
def test_every_archive_verifies(moved: Moved) -> None:
    """`xtmig report verify` finds every hash of every archive right, and the account as its own table has it."""
    archives = sorted((moved.project / "reports").iterdir())
    assert {run.archive for run in (*moved.runs, *moved.again)} == set(archives)
    for archive in (*archives, *(run.archive for run in moved.between)):
        assert 0 == verified(archive), archive


def verified(archive: Path) -> int:
    """What `xtmig report verify` comes to."""
    return subprocess.run([console_script(), "report", "verify", str(archive)], check=False).returncode


def test_the_account_is_that_of_the_tenants_file(moved: Moved) -> None:
    """In the last archive every mailbox in scope has moved, but those who were left out with a reason."""
    result = result_of(moved.runs[-1])
    movers = len(who_moves(example()))
    expected = {"in_scope": movers + len(STAYS), "completed": movers, "excluded": len(STAYS), "failed": 0, "open": 0}
    assert expected == {name: result["account"][name] for name in expected}


def test_no_plan_of_a_stage_writes(moved: Moved) -> None:
    """What changes anything is planned first, and no plan sends a request that changes a tenant."""
    plans = {run.sections: run for run in moved.runs if run.mode == "plan"}
    assert set(STAGES_THAT_WRITE) <= set(plans)
    assert all(run.record for run in plans.values())
    assert [] == [line for run in moved.runs if run.mode == "plan" for line in writes(run.record)]


@pytest.mark.parametrize("sections", STAGES_THAT_WRITE, ids="-".join)
def test_the_same_sections_write_when_applied(moved: Moved, sections: tuple[str, ...]) -> None:
    """What a stage plans without writing is written when it is applied, so an empty record says something."""
    runs = [run for run in moved.runs if run.mode == "apply" and run.sections and set(run.sections) <= set(sections)]
    assert [line for run in runs for line in writes(run.record)]


def test_a_plan_of_every_section_of_the_move_writes_nothing(moved: Moved) -> None:
    """While the batches are synchronised, all sections from 120 to 220 are planned, and no tenant is changed."""
    (run,) = moved.between
    assert set(MOVE) == {section["number"] for section in result_of(run)["sections"] if section["this_run"]}
    assert {"source", "target"} <= {line["side"] for line in run.record}
    assert ("plan", []) == (run.mode, writes(run.record))


@pytest.mark.parametrize("place", [0, 1], ids=["190", "210"])
def test_a_section_that_is_done_writes_nothing(moved: Moved, place: int) -> None:
    """Applied once more, both sections look at both tenants, change nothing, and exit with 0."""
    run = moved.again[place]
    assert {"source", "target"} <= {line["side"] for line in run.record}
    assert ("apply", 0, []) == (run.mode, run.exit_code, writes(run.record))


def test_nothing_completes_before_its_cutover(moved: Moved) -> None:
    """One call completes each batch, after its wave's moment, and no batch is made to complete by itself."""
    settings = yaml.safe_load((moved.project / "project.yaml").read_text(encoding="utf-8"))
    cutover = {f"practice-{wave['name']}": wave["cutover"].isoformat() for wave in settings["move"]["waves"]}
    calls = [line for line in moved.record if line["cmdlet"] and line["cmdlet"].endswith("-MigrationBatch")]
    made = [line["parameters"] for line in calls if line["cmdlet"] == "New-MigrationBatch"]
    assert set(cutover) == {parameters["Name"] for parameters in made}
    automatic = {"AutoComplete", "CompleteAfter"}
    assert [] == [line["parameters"] for line in calls if automatic & set(line["parameters"])]
    done = {line["parameters"]["Identity"]: line["at"] for line in calls if line["cmdlet"] == "Complete-MigrationBatch"}
    assert set(cutover) == set(done)
    assert [] == [name for name, at in done.items() if at < cutover[name].replace("+00:00", "Z")]


def test_every_write_names_one_object(moved: Moved) -> None:
    """No batch, user, endpoint, relationship or group is changed without its name: a blank one means all of them."""
    calls = [
        line for line in moved.record if is_write(line) and line["cmdlet"] and line["cmdlet"].endswith(ON_ONE_OBJECT)
    ]
    assert {"Complete-MigrationBatch", "Remove-MigrationBatch"} <= {line["cmdlet"] for line in calls}
    names = [(c["cmdlet"], c["parameters"].get("Identity") or c["parameters"].get("Name")) for c in calls]
    assert [] == [cmdlet for cmdlet, name in names if not str(name or "").strip() or "*" in str(name)]


def test_every_exchange_call_is_a_documented_one(moved: Moved) -> None:
    """Cmdlets, parameters and types of the whole move are those of Microsoft's reference for Exchange Online."""
    calls = [line for line in moved.record if line["service"] == "exo" and line["cmdlet"]]
    assert calls
    assert set() == {problem for call in calls for problem in problems_of(call["cmdlet"], call["parameters"])}


def test_the_source_loses_its_own_objects_alone(moved: Moved) -> None:
    """What is removed in the source is what was made there: the group, the relationship, the consent."""
    removed = [line for line in writes(moved.record) if line.startswith(("source Remove-", "source DELETE"))]
    assert ["source DELETE", "source Remove-DistributionGroup", "source Remove-OrganizationRelationship"] == sorted(
        line.partition(" /")[0] for line in removed
    )


def minted_secret(moved: Moved) -> str:
    """The secret that the simulator minted, derived again from its seed, by the request that asked for it."""
    (line,) = [line for line in moved.record if line["path"].endswith("/addPassword")]
    name = line["parameters"]["passwordCredential"]["displayName"]
    return client_secret("0", f"secret:{line['path'].split('/')[-2]}:{name}", 1)


def test_the_minted_secret_arrives_at_the_endpoint(moved: Moved) -> None:
    """The endpoint through which everybody moved was made with the very secret that Graph minted."""
    made = [line for line in moved.record if line["cmdlet"] == "New-MigrationEndpoint"]
    shown = fingerprint(moved.record_key, minted_secret(moved))["$expr"]
    assert 200 in {line["status"] for line in made}  # until the secret is known everywhere it is refused
    assert [] == [line["parameters"] for line in made if shown not in json.dumps(line["parameters"])]


def test_no_secret_of_the_move_is_left(moved: Moved) -> None:
    """From the first section to the closed project neither the minted secret nor an operator's was written anywhere."""
    places = [moved.project, *(moved.project.parent / name for name in ("copy", "home", "temp"))]
    assert len(moved.secrets) == len(SIDES)
    assert set() == places_of_each([minted_secret(moved), *moved.secrets.values()], places)


def test_the_search_through_the_move_finds_what_is_there(moved: Moved) -> None:
    """The address of a mover is found in ledger, archives and files, so an empty search says something."""
    found = {name for name, form in places_of("Lara.Newton@contoso.com", [moved.project]) if form == "raw"}
    assert {"ledger.db", "ledger.jsonl", "result.json", "index.html", "users.csv", "requests.jsonl"} <= found


def test_no_token_is_left(moved: Moved) -> None:
    """No file of the project, its archives or the record holds anything of the shape of an access token."""
    assert set() == tokens_in([moved.project])
