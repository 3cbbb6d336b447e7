"""Who should not be parted: mailboxes that work with each other, as a graph (PRM-08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import networkx as nx


@dataclass(frozen=True, order=True)
class Tie:
    """Two users, one of whom has rights on the other's mailbox.

    Args:
        owner: Whose mailbox it is.
        trustee: Who has the rights.
        rights: What they are, such as `("FullAccess", "SendAs")`.
    """

    owner: str
    trustee: str
    rights: tuple[str, ...]

    @property
    def ends(self) -> frozenset[str]:
        """Both of them."""
        return frozenset((self.owner, self.trustee))


def graph_of(users: Iterable[str], ties: Iterable[Tie]) -> nx.Graph[str]:
    """Users as nodes, and an edge where any tie joins two of them; its weight is the number of rights.

    Args:
        users: Everybody; a tie to somebody else is left out.
        ties: In any order.
    """
    import networkx as nx  # takes a while, and most commands plan no waves

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(sorted(users))
    for tie in sorted(ties):
        if tie.owner != tie.trustee and graph.has_node(tie.owner) and graph.has_node(tie.trustee):
            weight = graph.get_edge_data(tie.owner, tie.trustee, {}).get("weight", 0)
            graph.add_edge(tie.owner, tie.trustee, weight=weight + len(tie.rights))
    return graph


def components(graph: nx.Graph[str]) -> list[tuple[str, ...]]:
    """Those who hang together: each group sorted, the largest group first, then by its first name.

    Args:
        graph: As `graph_of` makes it, or a part of it.
    """
    import networkx as nx

    groups = [tuple(sorted(group)) for group in nx.connected_components(graph)]
    return sorted(groups, key=lambda group: (-len(group), group))
