"""Users packed into waves: who hangs together goes together, and no wave is larger than a batch may be.

The result depends on nothing but what is given: the same users, ties and waves give the same plan, in whatever order
they come. Who has a wave keeps it.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xtmig_kernel.waves.ties import Tie, components, graph_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import networkx as nx

PILOT = "pilot"


@dataclass(frozen=True)
class WavePlan:
    """Who moves in which wave.

    Args:
        waves: User to wave, everybody, those who had one before among them.
        broken: The ties whose two users move in different waves, sorted.
    """

    waves: Mapping[str, str]
    broken: tuple[Tie, ...]


def plan_waves(
    users: Iterable[str],
    ties: Iterable[Tie],
    *,
    size: int,
    written: Mapping[str, str],
    pilot: Collection[str] = (),
    names: Sequence[str] = (),
    closed: Collection[str] = (),
) -> WavePlan:
    """A wave for everybody.

    The pilot takes whom it names and nobody else, for a pilot that grows by whoever is tied to it is none. Of the
    others, who is tied to somebody with a wave joins that wave as long as it has room; groups that hang together are
    then put whole into the first wave with room, the largest group first. A group larger than a wave is cut.

    Args:
        users: Everybody who moves.
        ties: Between any of them.
        size: How many users a wave may have at most.
        written: User to wave, for those who have one; it is kept, whatever else would be better.
        pilot: Who goes first.
        names: Waves to be filled before new ones are made, in this order.
        closed: Waves that nobody may be added to, because their batch is there.
    """
    everybody = sorted(users)
    packing = _Packing(graph_of(everybody, ties), size, written, names, closed)
    packing.seat(PILOT, sorted(set(pilot) & set(everybody) - written.keys()))
    packing.join()
    packing.fill()
    waves = {user: packing.waves[user] for user in everybody}
    ours = (tie for tie in ties if tie.ends <= waves.keys())
    return WavePlan(waves, tuple(sorted(tie for tie in ours if waves[tie.owner] != waves[tie.trustee])))


class _Packing:
    """The state of one plan.

    Args:
        graph: Everybody and their ties.
        size: How many users a wave may have.
        written: User to wave.
        names: Waves to be filled first.
        closed: Waves that are full by decree.
    """

    def __init__(
        self,
        graph: nx.Graph[str],
        size: int,
        written: Mapping[str, str],
        names: Sequence[str],
        closed: Collection[str],
    ) -> None:
        self._graph = graph
        self._size = size
        spelling: dict[str, str] = {}
        for name in (*names, *(written[user] for user in sorted(written))):
            spelling.setdefault(name.casefold(), name)
        self._spelling = spelling
        self.waves = {user: self._spelt(written[user]) for user in graph if user in written}
        self._count = Counter(self.waves.values())
        self._names = [self._spelt(name) for name in names if name.casefold() != PILOT]
        self._closed = {name.casefold() for name in closed}

    def _spelt(self, name: str) -> str:
        return self._spelling.get(name.casefold(), name)

    def _room(self, wave: str) -> int:
        return 0 if wave.casefold() in self._closed else self._size - self._count[wave]

    def seat(self, wave: str, users: Sequence[str]) -> None:
        """Put users into a wave, as many as there is room for."""
        name = self._spelt(wave)
        for user in users[: max(0, self._room(name))]:
            self.waves[user] = name
            self._count[name] += 1

    def _left(self) -> list[tuple[str, ...]]:
        return components(self._graph.subgraph([user for user in self._graph if user not in self.waves]))

    def join(self) -> None:
        """Who is tied to somebody with a wave, with the whole group, joins the wave of the most ties."""
        for group in self._left():
            weights: Counter[str] = Counter()
            for user in group:
                for neighbour in self._graph[user]:
                    wave = self.waves.get(neighbour)
                    if wave is not None and wave.casefold() != PILOT:
                        weights[wave] += self._graph[user][neighbour]["weight"]
            for wave in sorted(weights, key=lambda name: (-weights[name], name)):
                if self._room(wave) >= len(group):
                    self.seat(wave, group)
                    break

    def fill(self) -> None:
        """Everybody else, group by group, into the first wave with room."""
        open_waves = self._open_waves()
        for group in sorted(self._pieces(), key=lambda group: (-len(group), group)):
            wave = next((name for name in open_waves if self._room(name) >= len(group)), None)
            if wave is None:
                wave = self._new_name(open_waves)
                open_waves.append(wave)
            self.seat(wave, group)

    def _open_waves(self) -> list[str]:
        """Waves that strangers may be put into: those that are listed, and those that an earlier plan has made."""
        made = sorted({name for name in self.waves.values() if _is_made(name)} - set(self._names))
        return [*self._names, *made]

    def _new_name(self, taken: Sequence[str]) -> str:
        used = {name.casefold() for name in (*taken, *self._spelling, *self._closed)}
        return next(name for number in range(1, len(used) + 2) if (name := f"wave-{number:02}") not in used)

    def _pieces(self) -> Iterator[tuple[str, ...]]:
        waiting = self._left()
        while waiting:
            group = waiting.pop()
            if len(group) <= self._size:
                yield group
                continue
            piece = self._cut(group)
            yield piece
            waiting += components(self._graph.subgraph(set(group) - set(piece)))

    def _cut(self, group: Sequence[str]) -> tuple[str, ...]:
        """As many of a group as a wave takes: grown from its first user by whoever has most ties into it."""
        inside: set[str] = set()
        weights: Counter[str] = Counter()
        heap = [(0, group[0])]
        while heap and len(inside) < self._size:
            weight, user = heapq.heappop(heap)
            if user in inside or -weight != weights[user]:
                continue
            inside.add(user)
            for neighbour in self._graph[user]:
                if neighbour not in inside and neighbour not in self.waves:
                    weights[neighbour] += self._graph[user][neighbour]["weight"]
                    heapq.heappush(heap, (-weights[neighbour], neighbour))
        return tuple(sorted(inside))


def _is_made(name: str) -> bool:
    start, _, number = name.casefold().partition("-")
    return start == "wave" and number.isdecimal()
