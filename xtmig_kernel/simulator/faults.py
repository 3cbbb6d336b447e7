"""Which request a fault hits: matching, counting, and chance that depends on nothing but the seed.

Whether chance hits a request is a hash of the seed, of the fault, of what the request asks for and of how often the
same was asked for before. So it depends neither on the order of requests that come at once, nor on other faults.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from .exchange import service as exchange
from .fault_answers import effect_of
from .graph import service as graph
from .identifiers import digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from .faults_file import AnyFault, Fault
    from .http import Call, Effect

WHOLE = frozenset({"reset-before", "reset-after", "truncated", "slow", "near-limit", "redirect"})
"""Faults of a connection: they hit a request, with the whole batch that it may be."""

OF_CMDLETS = frozenset({"warning", "localised"})
BATCH_MEMBERS = {"exo": exchange.batch_members, "graph": graph.batch_members}
NAMING = ("Identity", "Name", "Member", "User", "Trustee")


@dataclass
class _Planned:
    fault: AnyFault
    matched: int = 0
    hit: int = 0
    same: Counter[bytes] = field(default_factory=Counter)


class Faults:
    """The faults of a run.

    Args:
        seed: Decides what chance hits.
        faults: From the faults file; more may come through control.
        regional: Address of Exchange's regional host.

    Attributes:
        injected: How many faults of each planned kind were injected so far.
    """

    def __init__(self, seed: str, faults: Iterable[AnyFault] = (), regional: str = "") -> None:
        self._seed = seed
        self._regional = regional
        self._planned: list[_Planned] = []
        self.injected: Counter[str] = Counter()
        for fault in faults:
            self.plan(fault)

    def plan(self, fault: AnyFault) -> int:
        """Add a fault, and tell how many are still to come."""
        self._planned.append(_Planned(fault))
        self.injected[fault.kind] += 0
        return sum(planned.hit < planned.fault.most for planned in self._planned)

    def on(self, call: Call, now: datetime, *, member: bool = False) -> Effect | None:
        """What happens to a request: of the faults that are due, the first one of the file. Used up by asking.

        Args:
            call: The request, or a member of a batch as if it had come alone.
            now: Simulated time.
            member: Whether it is a member.
        """
        if not self._planned:
            return None
        # every fault counts every request that matches it, also where another one hits
        matching = [planned for planned in self._planned if self._matches(planned.fault, call, member)]
        due = [planned for planned in matching if self._due(planned, call)]
        if not due:
            return None
        due[0].hit += 1
        fault = due[0].fault
        self.injected[fault.kind] += 1
        return effect_of(fault, call, _subject(call), now, self._regional)

    def _matches(self, fault: AnyFault, call: Call, member: bool) -> bool:
        if fault.service != call.service:
            return False
        if fault.kind in WHOLE:
            at_home = fault.kind != "redirect" or not self._regional.endswith("//" + call.headers.get("host", ""))
            return at_home and not member and any(_named(fault, asked) for asked in (call, *_members(call)))
        if fault.kind == "throttled-member" and not member:
            return False
        if fault.kind == "page-expired" and "$skiptoken" not in call.query:
            return False
        if fault.kind in OF_CMDLETS and exchange.named_cmdlet(call) is None:
            return False
        return _named(fault, call)

    def _due(self, planned: _Planned, call: Call) -> bool:
        planned.matched += 1
        fault = planned.fault
        drawn = fault.probability is None or self._chance(planned, call) < fault.probability
        return drawn and planned.matched >= fault.nth and planned.hit < fault.most

    def _chance(self, planned: _Planned, call: Call) -> float:
        asked = digest(call.method, call.path, exchange.named_cmdlet(call), _subject(call))
        planned.same[asked] += 1
        drawn = digest(self._seed, planned.fault.model_dump_json(), asked.hex(), planned.same[asked])
        return int.from_bytes(drawn[:8]) / 2**64


def _named(fault: Fault, call: Call) -> bool:
    if fault.method is not None and fault.method != call.method:
        return False
    if fault.path is not None and not fnmatchcase(call.path, fault.path):
        return False
    name = exchange.named_cmdlet(call) if fault.cmdlet is not None else None
    return fault.cmdlet is None or (name is not None and fnmatchcase(name.lower(), fault.cmdlet.lower()))


def _members(call: Call) -> list[Call]:
    if not call.path.lower().endswith("/$batch") or call.service not in BATCH_MEMBERS:
        return []
    try:
        return [member for _, member in BATCH_MEMBERS[call.service](call)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _subject(call: Call) -> str:
    """What a request is about: the object that a cmdlet names, or the end of the path."""
    try:
        given = call.json()["CmdletInput"]["Parameters"]
        return ", ".join(str(given[name]) for name in NAMING if given.get(name))
    except (ValueError, KeyError, TypeError, AttributeError):
        return call.path.rpartition("/")[2]
