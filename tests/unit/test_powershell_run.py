"""Scripts as the stand-in shell runs them: what is called, with what, and what the script says it did."""

from __future__ import annotations

import ast
import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from core_facts import APP_ID, SOURCE_ID, TARGET_ID, make_project, planned
from hostile_text import NAMES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in_sessions import DOCUMENTED, Noting, Session
from stand_in_shell import PSCredential, SecureString, Thrown, Unknown, verbatim
from stand_in_syntax import commands_of, syntax_errors

import xtmig_kernel
from xtmig_kernel.changes import Change, CsvBytes, ExchangeCall, GraphCall, Later, Level, Subject
from xtmig_kernel.powershell import Read, Script, read_back, section_reads
from xtmig_kernel.runbook import SECTIONS

DOMAIN = "northwindtraders.onmicrosoft.com"
HOSTILE = st.text(
    alphabet=st.sampled_from("'\u2018\u2019\u201a\u201b\u201c\"$`(){}@#;,|&<>\r\n a\u2028\u202e\U0001f600")
)
QUIET = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def a_change(*calls: Any, after: dict[str, Any] | None = None, before: dict[str, Any] | None = None) -> Change:
    subject = Subject("target", "mailboxes", (("ObjectId", "m"),), "mailbox m")
    after = {"x": 1} if after is None and before is None else after
    return Change("070.2", "target", TARGET_ID, subject, "Do it", before, after, calls, Level.UNDOABLE, "Undo it", ())


def a_script(*changes: Change, reads: tuple[Read, ...] = ()) -> Script:
    return Script("070", "Title", "target", TARGET_ID, DOMAIN, changes, reads)


def run(
    folder: Path, script: Script, tenant: Noting | None = None, *, confirms: bool = True, **answers: str
) -> tuple[Noting, dict[str, Any]]:
    """Run a script in the stand-in shell; the tenant that was asked, and the results."""
    tenant = tenant or Noting(TARGET_ID)
    path = folder / "script.ps1"
    path.write_text("\ufeff" + script.text("script.results.json"), encoding="utf-8", newline="\n")
    try:
        Session(tenant, folder, answers, confirms).run(path)
    finally:
        results = folder / "script.results.json"
        data = json.loads(results.read_text(encoding="utf-8-sig")) if results.exists() else {}
    return tenant, data


@QUIET
@given(HOSTILE)
def test_every_text_arrives_byte_for_byte(tmp_path: Path, text: str) -> None:
    """Whatever a tenant names its objects, a cmdlet and a Graph request get exactly that, wherever it stands."""
    call = ExchangeCall(
        "Set-Mailbox",
        {
            "Identity": "m",
            "CustomAttribute1": text,
            "EmailAddresses": [text, text],
            "GrantSendOnBehalfTo": {"Add": [text]},
        },
    )
    graph = GraphCall("PATCH", "/users/{id}", {"id": "u"}, {"usageLocation": text}, {"X-Header": text})
    csv = ExchangeCall("New-MigrationBatch", {"Name": text, "CSVData": CsvBytes(("EmailAddress", text))})
    tenant, data = run(tmp_path, a_script(a_change(call), a_change(graph), a_change(csv)))
    asked = [parameters for name, parameters in tenant.asked if not name.startswith("Get-")]
    assert [dict(call.parameters), {"Name": text, "CSVData": f"EmailAddress\r\n{text}".encode()}] == asked
    assert ("PATCH", "v1.0/users/u", {"X-Header": text}, {"usageLocation": text}) in tenant.sent
    assert [True, True, True] == [change["ok"] for change in data["changes"]]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_titles_are_no_syntax_error(name: str) -> None:
    """A title, an undo or a reason that holds anything at all leaves the script one that the grammar understands."""
    subject = Subject("target", "mailboxes", (("ObjectId", "m"),), name)
    call = ExchangeCall("Set-User", {"Identity": name})
    change = Change("070.2", "target", TARGET_ID, subject, name, None, {"x": 1}, (call,), Level.NAMED, name, ())
    script = Script("070", name, "target", TARGET_ID, DOMAIN, (change,), (), (("070.2", name),))
    assert [] == syntax_errors(script.text("r.json"))


@pytest.mark.parametrize("text", ["'a\u2019b'", "'a\u2018'", "'\u201b'"])
def test_the_stand_in_ends_literals_where_powershell_does(text: str) -> None:
    """A typographic quote that is not doubled ends a literal for PowerShell, so the stand-in refuses it."""
    with pytest.raises(Unknown, match="end this literal early"):
        verbatim(text)


def test_the_grammar_sees_an_error() -> None:
    """A literal that is not closed, and a bracket that is missing, are errors of syntax."""
    assert syntax_errors("Set-User -Identity 'a")
    assert syntax_errors("if ($a { Get-User }")


def test_results_say_what_was_done(tmp_path: Path) -> None:
    """Of each change the results have its hash, its calls, and what the object looked like afterwards."""
    change = a_change(ExchangeCall("Set-User", {"Identity": "u"}))
    row = {"UserPrincipalName": "u@x", "RecipientTypeDetails": "MailUser", "Secret": "never noted"}
    _, data = run(tmp_path, a_script(change), Noting(TARGET_ID, rows=[row]))
    (made,) = data["changes"]
    assert (TARGET_ID, a_script(change).plan, None) == (data["tenant_id"], data["plan"], data["error"])
    assert (change.hash, ["Set-User"], True, None) == tuple(made[name] for name in ("change", "calls", "ok", "error"))
    (seen,) = made["seen"]
    assert ("u@x", "MailUser", None) == (seen["UserPrincipalName"], seen["RecipientTypeDetails"], made["seen_error"])
    assert "Secret" not in seen


class Refusing(Noting):
    """A tenant that refuses one cmdlet."""

    def cmdlet(self, name: str, parameters: dict[str, Any]) -> list[Any]:
        if name == "Set-MailUser":
            raise Thrown("|Refused|no")
        return super().cmdlet(name, parameters)


def test_a_script_stops_at_the_first_error(tmp_path: Path) -> None:
    """After a refusal nothing more is changed; the results have the error, and what was done before it."""
    names = ("Set-User", "Set-MailUser", "Set-Mailbox")
    changes = [a_change(ExchangeCall(name, {"Identity": "m"})) for name in names]
    tenant = Refusing(TARGET_ID)
    with pytest.raises(Thrown, match="Refused"):
        run(tmp_path, a_script(*changes), tenant)
    data = json.loads((tmp_path / "script.results.json").read_text(encoding="utf-8-sig"))
    assert ["Set-User"] == [name for name, _ in tenant.asked if name.startswith("Set-")]
    assert [(True, None), (False, "|Refused|no")] == [(made["ok"], made["error"]) for made in data["changes"]]
    assert "|Refused|no" == data["error"]


def approvable(*identities: str, step: str = "070.2") -> list[Change]:
    """Changes that need an approval by name."""
    calls = [ExchangeCall("Set-User", {"Identity": identity}) for identity in identities]
    return [replace(a_change(call), level=Level.NAMED, step=step) for call in calls]


@pytest.mark.parametrize("code", [True, False])
def test_what_needs_an_approval_is_made_only_when_it_is_confirmed(tmp_path: Path, code: bool) -> None:
    """Before the first of its step whoever runs the script types the step's code; without it nothing is made."""
    first = a_change(ExchangeCall("Set-Mailbox", {"Identity": "m"}))
    made = a_script(first, *approvable("u", "v"))
    tenant = Noting(TARGET_ID)
    with nullcontext() if code else pytest.raises(Thrown, match=r"070\.2 was not confirmed"):
        run(tmp_path, made, tenant, confirms=code)
    data = json.loads((tmp_path / "script.results.json").read_text(encoding="utf-8-sig"))
    changed = [name for name, _ in tenant.asked if name.startswith("Set-")]
    assert ["Set-Mailbox", *(["Set-User", "Set-User"] if code else [])] == changed
    assert ([made.gates[0].name] if code else []) == data["confirmed"]


def test_a_code_is_bound_to_exactly_its_changes() -> None:
    """Other changes, or one more, have another code; what needs no approval has no part in it."""
    plain = a_change(ExchangeCall("Set-Mailbox", {"Identity": "m"}))
    codes = [[g.code for g in a_script(*changes).gates] for changes in (
        approvable("u"), approvable("v"), approvable("u", "v"), [plain, *approvable("u")],
    )]  # fmt: skip
    assert codes[0] == codes[3]
    assert 3 == len({code for (code,) in codes})
    assert [] == list(a_script(plain).gates)


def test_a_script_does_nothing_in_another_tenant(tmp_path: Path) -> None:
    """In a session of another tenant a script ends before its first change, and writes no results."""
    tenant = Noting(SOURCE_ID)
    with pytest.raises(Thrown, match="of another tenant"):
        run(tmp_path, a_script(a_change(ExchangeCall("Set-User", {"Identity": "u"}))), tenant)
    assert ([], [], False) == (tenant.asked, tenant.sent, (tmp_path / "script.results.json").exists())


def test_a_minted_secret_is_handed_over_and_in_no_result(tmp_path: Path) -> None:
    """The secret that the script makes reaches the endpoint as a credential, and no file."""
    changes = planned("070.2", target__migration_endpoints=[], target__application_credentials=[])
    tenant, data = run(tmp_path, a_script(*changes))
    (given,) = [parameters for name, parameters in tenant.asked if name == "New-MigrationEndpoint"]
    assert PSCredential(APP_ID, SecureString("a-secret")) == given["Credentials"]
    assert "a-secret" not in json.dumps(data)


class Slow(Noting):
    """A tenant that knows a new secret after some calls; `never` if not at all."""

    refusals = 2

    def cmdlet(self, name: str, parameters: dict[str, Any]) -> list[Any]:
        if name == "New-MigrationEndpoint" and self.refusals:
            self.refusals -= 1
            raise Thrown("AADSTS7000215: Invalid client secret provided.")
        return super().cmdlet(name, parameters)


def test_a_script_waits_until_a_new_secret_is_known(tmp_path: Path) -> None:
    """A secret that was just made is refused for a while; the script tries again instead of making another one."""
    changes = planned("070.2", target__migration_endpoints=[], target__application_credentials=[])
    tenant, data = run(tmp_path, a_script(*changes), Slow(TARGET_ID))
    assert [True] == [made["ok"] for made in data["changes"]]
    assert 1 == len([path for _, path, _, _ in tenant.sent if path.endswith("/addPassword")])


def test_a_secret_that_nothing_took_is_removed(tmp_path: Path) -> None:
    """If the endpoint is refused for good, the secret that was made for it goes again."""
    changes = planned("070.2", target__migration_endpoints=[], target__application_credentials=[])
    tenant = Slow(TARGET_ID)
    tenant.refusals = 1000
    with pytest.raises(Thrown, match="AADSTS7000215"):
        run(tmp_path, a_script(*changes), tenant)
    (removal,) = [body for _, path, _, body in tenant.sent if path.endswith("/removePassword")]
    assert {"keyId": "a-key"} == removal


def test_a_provided_secret_is_typed_in(tmp_path: Path) -> None:
    """A secret that somebody provides is asked for where the script runs."""
    project = make_project(secret={"origin": "provided", "reference": "env:XTMIG_SECRET"})
    changes = planned("070.2", project, target__migration_endpoints=[])
    tenant, _ = run(tmp_path, a_script(*changes), **{"Secret of the migration application": "typed"})
    (given,) = [parameters for name, parameters in tenant.asked if name == "New-MigrationEndpoint"]
    assert "typed" == given["Credentials"].secret.text


def test_an_unknown_value_stops_the_script(tmp_path: Path) -> None:
    """A value that is looked up and not there is never sent as a blank."""

    class Empty(Noting):
        def request(self, *_: Any) -> Any:
            return {}

    later = Later(Subject("target", "applications", (("UniqueName", "a"),), "application a"), "AppId")
    tenant = Empty(TARGET_ID)
    with pytest.raises(Thrown, match="AppId of application a is not known"):
        run(tmp_path, a_script(a_change(ExchangeCall("Set-User", {"Identity": later}))), tenant)
    assert [] == tenant.asked


def test_a_value_of_the_other_tenant_is_typed_in(tmp_path: Path) -> None:
    """A script is signed in to one tenant; what is known in the other one alone is asked for, never looked for here."""
    later = Later(Subject("source", "applications", (("UniqueName", "a"),), "application a"), "AppId")
    answers = {"AppId of application a, in the source tenant": "typed"}
    tenant, _ = run(tmp_path, a_script(a_change(ExchangeCall("Set-User", {"Identity": later}))), **answers)
    assert ("Set-User", {"Identity": "typed"}) in tenant.asked
    assert [] == tenant.sent


def test_members_of_a_group_are_read_once(tmp_path: Path) -> None:
    """However many members are added, the group is read once, and each change has its own member."""
    ids = ("one", "two", "three")
    calls = [ExchangeCall("Add-DistributionGroupMember", {"Identity": "g", "Member": member}) for member in ids]
    rows = [{"ExternalDirectoryObjectId": member} for member in ("two", "one")]
    tenant, data = run(tmp_path, a_script(*map(a_change, calls)), Noting(TARGET_ID, rows=rows))
    assert 1 == len([name for name, _ in tenant.asked if name == "Get-DistributionGroupMember"])
    seen = [[row["ExternalDirectoryObjectId"] for row in made["seen"]] for made in data["changes"]]
    assert [["one"], ["two"], []] == seen


def test_each_call_of_the_runbook_is_read_back() -> None:
    """For every cmdlet that a step calls it is known how its object is read, by a cmdlet and parameters that exist."""
    root = Path(xtmig_kernel.__file__).parent / "runbook"
    calls = [node for path in root.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.Call) and ast.unparse(node.func) == "ExchangeCall"]  # fmt: skip
    names = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    names |= {"Add-DistributionGroupMember", "Remove-DistributionGroupMember"}
    assert len(names) > 25
    every = {"Identity": "i", "Name": "n", "Member": "m", "User": "u", "Trustee": "t"}
    for name in names:
        read = read_back(a_change(ExchangeCall(str(name), every))).call
        assert isinstance(read, ExchangeCall)
        assert read.parameters.keys() <= DOCUMENTED[read.cmdlet]["parameters"].keys()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_each_section_has_reads_or_needs_no_tenant(section: Any, tmp_path: Path) -> None:
    """A section that reads tenants has reads for a script on some side, documented ones, and only reads."""
    facts = [fact for step in section.steps for fact in step.reads]
    reads = [read for side in section.sides for read in section_reads(facts, side, make_project())]
    assert bool(reads) is (section.number != "000")
    tenant, data = run(tmp_path, a_script(reads=tuple(reads)))
    assert len(reads) == len(data["reads"])
    assert {name.partition("-")[0] for name, _ in tenant.asked} <= {"Get", "Test"}
    assert {method for method, *_ in tenant.sent} <= {"GET"}
    for name, parameters in tenant.asked:
        assert parameters.keys() <= DOCUMENTED[name]["parameters"].keys(), name


def test_commands_are_found_in_blocks_too() -> None:
    """What stands in a script block is found as a command of its own."""
    found = commands_of("Invoke-Accepted { Set-User -Identity 'a' -Confirm:$false }")
    assert [("Invoke-Accepted", []), ("Set-User", ["Identity", "Confirm"])] == found
