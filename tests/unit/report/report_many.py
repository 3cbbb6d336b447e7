"""A project of many users, as the ledger tells it: exhibits, files, and changes by the thousand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import yaml
from report_story import SOURCE_ID, TARGET_ID, Book, StoryClock, write_project

from xtmig_kernel.changes import Change, ExchangeCall, GraphCall, Level, Subject, as_data
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.powershell import change_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

ROUTING = "contoso.onmicrosoft.com"
REFUSAL = "The proxy address “SMTP:{name}@contoso.com” is already being used by “{name}”."
MEND = "Remove the address from the other object, then plan again."
USER_COLUMNS = ("Line", "Source", "Target", "Mailbox size (MB)", "Becomes", "Problem")


def name_of(number: int) -> str:
    return f"user{number:05}"


def create_user(number: int, step: str = "100.2") -> Change:
    name = name_of(number)
    upn = f"{name}@northwindtraders.com"
    after = {"UserPrincipalName": upn, "ExternalEmailAddress": f"SMTP:{name}@{ROUTING}", "DisplayName": f"User {name}"}
    return Change(
        step=step,
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "mail_users", (("UserPrincipalName", upn),), upn),
        title=f"Create MailUser {upn}",
        before=None,
        after=after,
        calls=(ExchangeCall("New-MailUser", {"Name": name, "MicrosoftOnlineServicesID": upn, **after}),),
        level=Level.UNDOABLE,
        undo=f"Remove-MailUser -Identity '{upn}'",
        statements=("USR-04", "USR-05"),
    )


def add_address(number: int, step: str = "100.3") -> Change:
    name = name_of(number)
    upn = f"{name}@northwindtraders.com"
    x500 = f"x500:/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn={name}"
    return Change(
        step=step,
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "mail_users", (("UserPrincipalName", upn),), upn),
        title=f"Add addresses to {upn}",
        before={"EmailAddresses": [f"SMTP:{upn}"]},
        after={"EmailAddresses": [f"SMTP:{upn}", x500]},
        calls=(ExchangeCall("Set-MailUser", {"Identity": upn, "EmailAddresses": {"Add": [x500]}}),),
        level=Level.UNDOABLE,
        undo="Set-MailUser -EmailAddresses with Remove",
        statements=("USR-08",),
    )


def assign_licence(number: int, step: str = "090.2") -> Change:
    upn = f"{name_of(number)}@northwindtraders.com"
    return Change(
        step=step,
        side="target",
        tenant_id=TARGET_ID,
        subject=Subject("target", "users", (("UserPrincipalName", upn),), upn),
        title=f"Assign a licence to {upn}",
        before={"Licences": []},
        after={"Licences": ["EXCHANGESTANDARD"]},
        calls=(GraphCall("POST", "/users/{id}/assignLicense", {"id": upn}, body={"addLicenses": [], "x": number}),),
        level=Level.NAMED,
        undo="Remove the licence",
        statements=("LIC-01",),
    )


def users_exhibit(number: int, **more: Any) -> Exhibit:
    rows = tuple(
        (
            one + 2,
            f"{name_of(one)}@contoso.com",
            f"{name_of(one)}@northwindtraders.com",
            100 + one * 37 % 49000,
            "MailUser, created" if one % 3 else "MailUser, prepared",
            "two users of this name" if one % 50 == 0 else "",
        )
        for one in range(number)
    )
    given: dict[str, Any] = {"caption": "Who moves, and who each one becomes in the target.", "columns": USER_COLUMNS}
    return Exhibit(**({"name": "users", "rows": rows} | given | more))


def pool_exhibit(number: int = 600, **more: Any) -> Exhibit:
    rows = (
        ("Exchange Online (Plan 1)", number * 2 // 3, number // 3, number // 20),
        ("Exchange Online (Plan 2)", number // 4, 0, number // 30),
        ("Cross Tenant User Data Migration", 0, number, 0),
        ("Microsoft 365 Business Premium", number // 8, 12, 0),
    )
    given: dict[str, Any] = {
        "caption": "Licences in the target: 42 are missing for the users that move.",
        "columns": ("Licence", "In use", "Free", "Missing"),
        "kind": "bars",
    }
    return Exhibit(**({"name": "licence-pool", "rows": rows} | given | more))


class BigBook(Book):
    """A book that writes by the thousand, as the engine and the bulk door do."""

    def show(self, exhibit: Exhibit, step: str = "080.1") -> None:
        self.ledger.append("exhibit", exhibit.as_data(), step=step)

    def write_file(self, name: str, text: str, about: str = "Who moves: fill it in.", step: str = "080.2") -> None:
        """Write a file into the project folder as a step does."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(text.encode("utf-8"))
        digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
        data = {"name": name, "about": about, "bytes": len(text.encode("utf-8")), "sha256": f"sha256:{digest}"}
        self.ledger.append("file_written", data, step=step)

    def plan_files(self, *names: str, changes: Sequence[Change] = (), step: str = "080.2") -> None:
        listed = [{"hash": one.hash, "change": as_data(one), "lines": change_lines(one)} for one in changes]
        files = [{"name": name, "about": "Who moves: fill it in."} for name in names]
        plan = {"title": "Write the list", "plan": "sha256:" + "1" * 64, "level": 1, "changes": listed, "files": files}
        self.ledger.append("planned", plan, step=step)

    def make_many(self, changes: Sequence[Change], refused: Iterable[int] = ()) -> None:
        """Ten intents at once, then an outcome for each, then what was read; those of these places are refused."""
        wrong = set(refused)
        seen = []
        for start in range(0, len(changes), 10):
            group = list(enumerate(changes[start : start + 10], start))
            step = group[0][1].step
            data = [{"change": one.hash, "data": as_data(one), "lines": change_lines(one)} for _, one in group]
            intents = self.ledger.append_all([("intent", item) for item in data], step=step)
            outcomes = []
            for (place, change), intent in zip(group, intents, strict=True):
                error = self.refusal(change) if place in wrong else None
                known = {"intent": intent.seq, "change": change.hash}
                result = {"result": "failed" if error else "done", "request_ids": [f"request-{start}"], "warnings": []}
                outcomes.append(("outcome", {**known, **result, "error": error}))
                if not error:
                    values = {"matches": True, "before": as_data(change.before), "after": as_data(change.after)}
                    seen.append(("read_back", {**known, **values, "waited_seconds": 4}))
            self.ledger.append_all(outcomes, step=step)
        if seen:
            self.ledger.append_all(seen, step=changes[0].step)

    @staticmethod
    def refusal(change: Change) -> dict[str, Any]:
        message = REFUSAL.format(name=change.subject.label.partition("@")[0])
        return {"type": "Rejected", "message": message, "side": "target", "cause": None, "remedy": MEND}

    def find_many(self, verdict: str, rule: str, numbers: Iterable[int], step: str = "080.1", **more: Any) -> None:
        """Findings of one rule for many users, as one evaluation."""
        given: dict[str, Any] = {
            "title": f"The rule {rule} holds",
            "side": "target",
            "expected": "one user",
            "remedy": "",
        }
        items = [
            {
                "rule": rule,
                "subject": f"{name_of(number)}@contoso.com",
                "verdict": verdict,
                "statements": ["USR-04", "USR-05"],
                "seen": f"{name_of(number)} is there twice",
                "remedy_step": None,
                "observed": [{"source": "Get-User", "at": "2026-11-23T16:04:00Z"}],
                "phase": "look",
                **given,
                **more,
            }
            for number in numbers
        ]
        self.ledger.append_all([("finding", item) for item in items], step=step)


def tell_many(folder: Path, number: int) -> BigBook:
    """The ledger of a project of so many users: 4 entries for each change, 4 findings for each user.

    For 5,000 users about 20,000 entries are intents, outcomes and reads, and 40,000 are entries in all.
    """
    write_project(folder)
    clock = StoryClock()
    first = BigBook(folder, "run-1", clock)
    first.start("080", "Users", mode="plan")
    for rule in ("users-a", "users-b", "users-c", "users-d"):
        first.find_many("pass", rule, range(number))
    first.end("080")
    book = BigBook(folder, "run-2", clock)
    book.start("080", "Users")
    book.read("source.users", "Get-User", rows=number)
    book.show(users_exhibit(number))
    book.show(pool_exhibit(number))
    for rule in ("users-a", "users-b", "users-c"):
        book.find_many("fail", rule, range(0, number, 7), remedy="Name the right user in users.csv.")
        book.find("pass", rule, f"{number - len(range(0, number, 7))} of {number} users", step="080.1")
    book.write_file("users.csv", "Source,Target\r\n" * number)
    book.end_step("080.1", "Match the users", "failed", "three rules are not right")
    book.end("080", 3)
    _tell_changes(book, number)
    hashes = sorted(assign_licence(one).hash for one in range(number))
    approval = {
        "section": "090",
        "level": 2,
        "changes": hashes,
        "approver": "nestor@northwindtraders.onmicrosoft.com",
        "given_at": "2026-11-20T09:00:00Z",
        "valid_until": "2026-11-30T09:00:00Z",
    }
    (folder / "approvals.yaml").write_text(yaml.dump({"approvals": [approval]}), encoding="utf-8")
    return book


def _tell_changes(book: BigBook, number: int) -> None:
    book.start("090", "Target: licences")
    book.plan(*(assign_licence(one) for one in range(number)), step="090.2", title="Assign licences")
    book.end_step("090.2", "Assign licences", "planned", f"{number} changes planned")
    book.end("090")
    book.start("100", "Target: users")
    created = [create_user(one) for one in range(number)]
    book.plan(*created, step="100.2", title="Create MailUsers")
    refused = range(3, number, max(number // 60, 2))
    book.make_many(created, refused)
    book.problem("EngineError", f"{len(refused)} of {number} changes were not made", step="100.2")
    book.end_step("100.2", "Create MailUsers", "failed", f"{len(refused)} were not made")
    added = [add_address(one) for one in range(number // 3)]
    book.plan(*added, step="100.3", title="Add addresses")
    book.make_many(added)
    book.end_step("100.3", "Add addresses", "applied", f"{len(added)} made and seen")
    book.end("100", 3)


__all__ = ["SOURCE_ID", "BigBook", "tell_many"]
