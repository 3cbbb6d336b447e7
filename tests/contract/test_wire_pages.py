"""One page of a list at a time, so that a reader may go on another day (wire 1.6, 4.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from canned_wire import Answer, Canned

from xtmig_kernel.errors import Rejected
from xtmig_kernel.m365 import GraphPage, Page, PageLinkExpired

if TYPE_CHECKING:
    from xtmig_kernel.m365 import ExchangeClient, GraphClient

MORE = "There are more results available than are currently displayed. Increase the ResultSize parameter."


def test_a_page_names_the_next_one(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: a page is its rows and the next link, to which the same body is posted; the hint at more is dropped."""
    link = f"{canned.url}/adminapi/beta/t/InvokeCommand?$skiptoken=2"
    canned.queue(
        Answer(body={"value": [{"N": 1}], "@odata.nextLink": link, "@adminapi.warnings": [MORE]}),
        Answer(body={"value": [{"N": 2}], "@adminapi.warnings": [MORE]}),
    )
    first = exchange.page("Get-Thing", {"ResultSize": "Unlimited"}, select=["N"])
    assert Page(({"N": 1},), (), link) == first
    second = exchange.page("Get-Thing", {"ResultSize": "Unlimited"}, select=["N"], link=first.link)
    assert Page(({"N": 2},), (MORE,)) == second
    asked_first, asked_second = canned.seen
    assert asked_first.path.endswith("/InvokeCommand?$select=N")
    assert ("POST", "/adminapi/beta/t/InvokeCommand?$skiptoken=2") == (asked_second.method, asked_second.path)
    assert asked_first.content == asked_second.content


def test_a_link_that_has_expired_is_told_as_such(exchange: ExchangeClient, canned: Canned) -> None:
    """F-16: after half an hour a link is refused, and whoever reads on learns that the list must be begun again."""
    text = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
    refused = {"error": {"code": "BadRequest", "message": text, "innererror": {"internalexception": {"message": text}}}}
    canned.queue(Answer(400, refused))
    with pytest.raises(PageLinkExpired):
        exchange.page("Get-Thing", link=f"{canned.url}/next")
    canned.queue(Answer(400, refused))
    with pytest.raises(Rejected) as first:
        exchange.page("Get-Thing")
    assert not isinstance(first.value, PageLinkExpired)


def test_a_page_of_graph_names_the_next_one(graph: GraphClient, canned: Canned) -> None:
    """F-31: a page of Graph is its rows and the next link, which is fetched as it is."""
    link = f"{canned.url}/v1.0/users?$skiptoken=a%2Bb"
    canned.queue(Answer(body={"value": [{"N": 1}], "@odata.nextLink": link}), Answer(body={"value": []}))
    assert GraphPage(({"N": 1},), link) == graph.page("/users", {"$top": "1"})
    assert GraphPage(()) == graph.page("/users", {"$top": "1"}, link=link)
    assert ["/v1.0/users?$top=1", "/v1.0/users?$skiptoken=a%2Bb"] == [seen.path for seen in canned.seen]
