"""Both tenants collected into a snapshot, by tenants of one page and one answer at a time; no service is there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from core_facts import NOW, make_project

from xtmig_kernel.errors import AccessDenied, LedgerError, NotFound, Unavailable, UsageError
from xtmig_kernel.evidence import NotObserved, Observed, Reason
from xtmig_kernel.inventory.collecting import collect, stamped
from xtmig_kernel.inventory.keeping import KeepingExchange, KeepingGraph
from xtmig_kernel.inventory.kept_answers import KeptAnswers, Trace, without_secrets
from xtmig_kernel.inventory.progress import NO_ESTIMATE, Progress
from xtmig_kernel.m365 import GraphPage, GraphRequest, Page, PageLinkExpired, Reply
from xtmig_kernel.store import SnapshotStore, collecting_lock

if TYPE_CHECKING:
    from pathlib import Path

ADDRESSES = [f"user{number}@contoso.com" for number in range(25)]
GUIDS = {address: f"00000000-0000-4000-8000-0000000000{number:02}" for number, address in enumerate(ADDRESSES)}
FACTS = ("source.mailboxes", "source.mailbox_states", "source.mailbox_sizes", "target.mail_users")
PER_PAGE = 10


class TickingClock:
    """Each look at it is a second later, so that no two answers have one time."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self.moment += timedelta(seconds=1)
            return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Killed(BaseException):
    """Stands for the end of the process."""


@dataclass
class Tenant:
    """A tenant that answers lists in pages and questions in groups, and can die after so many requests."""

    side: str
    rows: list[dict[str, Any]]
    requests: list[tuple[Any, ...]] = field(default_factory=list)
    cmdlets: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    dies_after: int | None = None
    refusals: dict[str, Exception] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)

    @property
    def exchange(self) -> Any:
        return self

    @property
    def graph(self) -> Any:
        return SimpleNamespace()

    @property
    def identity(self) -> Any:
        return SimpleNamespace(name=f"admin@{self.side}.com")

    def through(self, exchange: Any, graph: Any) -> Any:
        return SimpleNamespace(exchange=exchange, graph=graph, identity=self.identity)

    def _request(self, *what: Any) -> None:
        if self.dies_after is not None and len(self.requests) >= self.dies_after:
            raise Killed
        self.requests.append(what)

    def page(self, cmdlet: str, _parameters: Any, *, select: Any, link: str | None) -> Page:
        self._request(cmdlet, tuple(select or ()), link)
        if cmdlet in self.refusals:
            raise self.refusals[cmdlet]
        if link in self.expired:
            self.expired.remove(link)
            raise PageLinkExpired("the pages of this list are kept for half an hour")
        start = int(link or 0)
        rest = len(self.rows) > start + PER_PAGE
        return Page(tuple(self.rows[start : start + PER_PAGE]), link=str(start + PER_PAGE) if rest else None)

    def invoke_many(self, calls: Any, *, select: Any = None) -> list[Any]:
        self.cmdlets += [(cmdlet, tuple(select or ())) for cmdlet, _ in calls]
        self._request(*(str(given["Identity"]) for _, given in calls))
        return [
            self.refusals.get(given["Identity"]) or Reply(({"ItemCount": 3, "TotalItemSize": "1 KB (1,024 bytes)"},))
            for _, given in calls
        ]


def source() -> Tenant:
    rows = [
        {"PrimarySmtpAddress": address, "EmailAddresses": [f"SMTP:{address}"], "ExchangeGuid": GUIDS[address]}
        for address in ADDRESSES
    ]
    return Tenant("source", rows)


@pytest.fixture
def project(tmp_path: Path) -> Any:
    lines = "".join(f"{address},\n" for address in ADDRESSES)
    (tmp_path / "users.csv").write_text(f"SourceAddress,TargetAddress\n{lines}", encoding="utf-8")
    return make_project(folder=tmp_path, requests_at_once=1)


def run(project: Any, *tenants: Tenant, clock: Any = None, said: list[str] | None = None) -> str:
    """The id of the snapshot of these tenants."""
    sides: Any = {tenant.side: tenant for tenant in tenants}
    absent: Any = {}
    tell = (said if said is not None else []).append
    return collect(project, sides, SnapshotStore(project.folder), clock or TickingClock(), FACTS, tell, absent)


def facts(project: Any, snapshot: str) -> dict[str, Any]:
    found = SnapshotStore(project.folder).facts(snapshot)
    return {fact: list(f.value) if isinstance(f, Observed) else f.reason for fact, f in found.items()}


def test_each_table_is_in_the_snapshot(project: Any) -> None:
    """What was read is observed with its rows, and what was not, with its reason: nobody is signed in to the target."""
    found = facts(project, run(project, source()))
    assert set(FACTS) == set(found)
    assert [25, 25, 25] == [len(found[fact]) for fact in FACTS[:3]]
    assert found["target.mail_users"] is Reason.NOT_ASKED


def test_a_list_is_read_once_in_a_snapshot(project: Any) -> None:
    """Tables that are made from the same list with the same properties rest on one reading of it."""
    tenant = source()
    run(project, tenant)
    lists = [request for request in tenant.requests if request[0] == "Get-Mailbox"]
    assert len(lists) == len(set(lists)) == 2 * 3


def test_folders_are_asked_for_once_in_a_snapshot(project: Any) -> None:
    """How full folders are and what the calendars are called is told by one answer for each mailbox."""
    tenant, store, absent = source(), SnapshotStore(project.folder), {}
    wanted = ("source.folder_shapes", "source.mailbox_permissions")
    snapshot = collect(project, {"source": tenant}, store, TickingClock(), wanted, lambda _: None, absent)  # type: ignore[dict-item]
    assert [25] == [len(facts(project, snapshot)[fact]) for fact in wanted[:1]]
    asked = [select for cmdlet, select in tenant.cmdlets if cmdlet == "Get-MailboxFolderStatistics"]
    assert [("Name", "FolderPath", "FolderType", "ItemsInFolder")] * 25 == asked


@pytest.mark.parametrize("requests", [1, 4, 8])
def test_what_was_answered_is_not_asked_again(project: Any, requests: int) -> None:
    """Wherever a collection is killed, it goes on with the next page or the next ten questions."""
    undisturbed = source()
    expected = facts(project, run(project, undisturbed))
    SnapshotStore(project.folder).path.unlink()
    dying, living = source(), source()
    dying.dies_after = requests
    with pytest.raises(Killed):
        run(project, dying)
    said: list[str] = []
    found = facts(project, run(project, living, said=said))
    assert found == expected
    assert dying.requests + living.requests == undisturbed.requests
    assert said[0].startswith("continuing the collection that began at 2026-11-23T")
    assert 1 == len(SnapshotStore(project.folder).all())


def test_a_whole_snapshot_is_not_continued(project: Any) -> None:
    """After a collection that ended the next one is a snapshot of its own, and no answers are left behind."""
    first = run(project, source())
    tenant = source()
    assert run(project, tenant, clock=TickingClock(NOW + timedelta(hours=1))) != first
    assert tenant.requests == [*source_requests(project)]
    assert SnapshotStore(project.folder).answers(first, "source", "questions") == ()


def source_requests(project: Any) -> list[tuple[Any, ...]]:
    """What an undisturbed collection asks."""
    tenant = source()
    run(project, tenant, clock=TickingClock(NOW + timedelta(days=1)))
    return tenant.requests


def _kill(project: Any, requests: int = 4) -> None:
    dying = source()
    dying.dies_after = requests
    with pytest.raises(Killed):
        run(project, dying)


def test_an_old_one_is_not_continued(project: Any) -> None:
    """A collection that began more than six hours ago is left, and it is said."""
    _kill(project)
    said: list[str] = []
    run(project, source(), clock=TickingClock(NOW + timedelta(hours=6, minutes=1)), said=said)
    assert "is not continued: that is more than 6 hours ago" in said[0]
    assert 2 == len(SnapshotStore(project.folder).all())


def test_other_users_are_another_collection(project: Any) -> None:
    """Where users.csv was changed in between, what was kept is of other people, and a new one is begun."""
    _kill(project)
    with (project.folder / "users.csv").open("a", encoding="utf-8") as file:
        file.write("late@contoso.com,\n")
    said: list[str] = []
    run(project, source(), said=said)
    assert "project.yaml or users.csv changed since" in said[0]


def test_an_expired_link_begins_its_list_again(project: Any) -> None:
    """Where the link of a killed run is no longer valid, that one list is read from its beginning."""
    _kill(project, 2)
    living = source()
    living.expired = {"20"}
    found = facts(project, run(project, living))
    assert 25 == len(found["source.mailboxes"])
    assert ["20", None, "10", "20"] == [request[-1] for request in living.requests[:4]]


def test_what_was_refused_is_tried_again(project: Any) -> None:
    """A table that could not be read by a killed run is read by the next one."""
    dying, living = source(), source()
    dying.refusals = {"Get-Mailbox": Unavailable("no answer")}
    dying.dies_after = 2
    with pytest.raises(Killed):
        run(project, dying)
    assert 25 == len(facts(project, run(project, living))["source.mailboxes"])


@pytest.mark.parametrize(
    ("error", "again"), [(NotFound("gone"), 0), (AccessDenied("no"), 0), (Unavailable("down"), 10)]
)
def test_a_lasting_refusal_is_kept(tmp_path: Path, error: Any, again: int) -> None:
    """A question that was refused for good is not asked again; one that got no answer is, with its nine others."""
    tenant = source()
    tenant.refusals = {GUIDS[ADDRESSES[3]]: error}
    exchange = keeping(tmp_path, tenant)
    calls = [("Get-MailboxStatistics", {"Identity": guid}) for guid in list(GUIDS.values())[:10]]
    first, before = exchange.invoke_many(calls), len(tenant.requests)
    second = exchange.invoke_many(calls)
    assert again == sum(len(request) for request in tenant.requests[before:])
    assert [type(item) for item in first] == [type(item) for item in second]
    assert str(first[3]) == str(second[3])


def test_other_properties_are_another_question(tmp_path: Path) -> None:
    """An answer that was narrowed to some properties does not stand for one with others."""
    tenant = source()
    exchange, calls = keeping(tmp_path, tenant), [("Get-MailboxStatistics", {"Identity": GUIDS[ADDRESSES[0]]})]
    for select in (("Name",), ("Name",), ("Name", "FolderPath"), None, None):
        exchange.invoke_many(calls, select=select)
    assert [("Name",), ("Name", "FolderPath"), ()] == [select for _, select in tenant.cmdlets]


def keeping(folder: Path, tenant: Tenant) -> KeepingExchange:
    return KeepingExchange(tenant.exchange, kept_of(folder), Trace())


def kept_of(folder: Path) -> KeptAnswers:
    store = SnapshotStore(folder)
    snapshot = store.begin(NOW, {})
    progress = Progress(lambda _: None, {"source": 1})
    return KeptAnswers(store, snapshot, "source", TickingClock(), progress, threading.Event())


@pytest.mark.parametrize("cmdlet", ["Set-Mailbox", "New-MailUser", "Remove-MigrationUser"])
def test_a_collection_changes_nothing(tmp_path: Path, cmdlet: str) -> None:
    """A cmdlet that may change anything is not sent, alone or among others."""
    tenant = source()
    exchange = keeping(tmp_path, tenant)
    for ask in (lambda: exchange.invoke(cmdlet, {}), lambda: exchange.invoke_many([(cmdlet, {})])):
        with pytest.raises(UsageError):
            ask()
    assert tenant.requests == []


def test_graph_is_only_read(tmp_path: Path) -> None:
    """Nothing but GET goes to Graph."""
    graph = KeepingGraph(SimpleNamespace(), kept_of(tmp_path), Trace())  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        graph.batch([GraphRequest("PATCH", "/users/1")])
    with pytest.raises(UsageError):
        graph.request("POST", "/applications")


def test_graph_lists_are_kept_by_page(tmp_path: Path) -> None:
    """A list of Graph that was read is not asked for again."""
    asked: list[str | None] = []

    def page(_path: str, _params: Any, _headers: Any, link: str | None) -> GraphPage:
        asked.append(link)
        return GraphPage(({"id": str(len(asked))},), None if link else "https://graph/next")

    graph = KeepingGraph(SimpleNamespace(page=page), kept_of(tmp_path), Trace())  # type: ignore[arg-type]
    assert graph.get_all("/users") == graph.get_all("/users") == ({"id": "1"}, {"id": "2"})
    assert [None, "https://graph/next"] == asked


def test_what_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    """That Graph has no such object is an answer; that it did not answer is none."""
    answers: list[Any] = [Unavailable("down"), NotFound("gone"), {"id": "1"}]

    def get(_path: str, _params: Any) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    graph = KeepingGraph(SimpleNamespace(get=get), kept_of(tmp_path), Trace())  # type: ignore[arg-type]
    for error in (Unavailable, NotFound, NotFound):
        with pytest.raises(error):
            graph.get("/applications(uniqueName='x')")
    assert {"id": "1"} == graph.get("/users/1") == graph.get("/users/1")


def test_no_secret_is_kept() -> None:
    """What a service shows of a secret, and a secret itself, are left out wherever they stand."""
    credential = {"keyId": "1", "displayName": "x", "hint": "[6g", "secretText": "s", "customKeyIdentifier": None}
    assert {"rows": [{"passwordCredentials": [{"keyId": "1", "displayName": "x"}]}]} == without_secrets(
        {"rows": [{"passwordCredentials": [credential]}]}
    )


def test_one_collection_at_a_time(project: Any) -> None:
    """While another process collects for this project, none is begun or continued."""
    with collecting_lock(project.folder), pytest.raises(LedgerError):
        run(project, source())
    assert SnapshotStore(project.folder).all() == ()


def test_a_row_has_the_time_of_its_answer(project: Any) -> None:
    """A row of a list has the time of its page, and one that was asked about, the time of that request."""
    snapshot = run(project, source())
    store = SnapshotStore(project.folder)
    pages = [store.times(snapshot, "source.mailboxes").count(time) for time in times(store, snapshot, "mailboxes")]
    assert [10, 10, 5] == pages
    sizes = times(store, snapshot, "mailbox_sizes")
    assert 3 == len(sizes)
    assert sizes[0] > times(store, snapshot, "mailbox_states")[-1]


def times(store: SnapshotStore, snapshot: str, table: str) -> list[str]:
    return sorted(set(store.times(snapshot, f"source.{table}")))


def test_a_table_is_as_old_as_its_oldest_answer() -> None:
    """An observation that rests on kept answers does not claim to be of now."""
    trace = Trace()
    trace.saw_list(["2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z"])
    found, rows = stamped(Observed(({"a": 1},), NOW, "x"), trace)
    assert datetime(2026, 11, 23, 8, 0, tzinfo=UTC) == found.at
    assert ("2026-11-23T08:00:00Z",) == rows
    assert (NotObserved(Reason.DENIED, "no", NOW), ()) == stamped(NotObserved(Reason.DENIED, "no", NOW), trace)


class Told:
    """A progress whose seconds are set by hand."""

    def __init__(self, tables: int = 4) -> None:
        self.seconds = 0.0
        self.said: list[str] = []
        self.progress = Progress(self.said.append, {"source": tables}, lambda: self.seconds)
        self.progress.begins("source", "mailbox_sizes")

    def answer(self, questions: int, seconds: float) -> None:
        self.seconds += seconds
        self.progress.answered("source", questions, seconds)


def test_nothing_is_told_of_what_is_quick() -> None:
    """What takes less than two seconds says nothing."""
    told = Told()
    told.answer(10, 1.9)
    assert told.said == []


def test_nothing_is_estimated_from_too_little() -> None:
    """Before thirty questions and three seconds there is no estimate."""
    told = Told()
    told.progress.expects("source", 1000)
    told.answer(10, 2.5)
    assert [f"source: mailbox_sizes (table 1 of 4), 10 of 1,000 questions, {NO_ESTIMATE}"] == told.said


def test_an_estimate_is_what_was_measured() -> None:
    """Four questions a second leave 240 s for 960 more, whatever was kept from an earlier run."""
    told = Told()
    told.progress.expects("source", 1540)
    told.progress.answered("source", 500, 0.0)
    told.answer(80, 20.0)
    assert told.said[-1].endswith("580 of 1,540 questions, about 4 minutes left of these")


def test_a_list_without_an_end_has_no_estimate() -> None:
    """Nobody knows how many pages a list has."""
    told = Told()
    told.seconds = 2.5
    told.progress.read_rows("source", 1000)
    assert told.said[-1].endswith(f"1,000 rows so far, {NO_ESTIMATE}")
