"""Graph: what is sent, how pages, batches and errors are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from canned_wire import Answer, Canned, NotingClock, NumberedTokens

from xtmig_kernel.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    Rejected,
    ServiceError,
    Throttled,
    Unavailable,
    UsageError,
)
from xtmig_kernel.m365 import GraphReply, GraphRequest, UncertainWrite

if TYPE_CHECKING:
    from xtmig_kernel.m365 import GraphClient


def error(code: str, message: str = "words") -> dict[str, Any]:
    """An error body as Graph writes it."""
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "inner-id"}}}


def test_a_read_asks_below_version_one(graph: GraphClient, canned: Canned) -> None:
    """F-37: the organization is read from v1.0 with the properties that are wanted."""
    canned.queue(Answer(body={"value": [{"id": "x"}]}))
    rows = graph.get_all("/organization", {"$select": "id,verifiedDomains"})
    assert rows == ({"id": "x"},)
    assert (canned.seen[0].method, canned.seen[0].path) == ("GET", "/v1.0/organization?$select=id,verifiedDomains")
    assert canned.seen[0].headers["Authorization"] == "Bearer token-1"


def test_roles_are_asked_for_with_their_headers(graph: GraphClient, canned: Canned) -> None:
    """F-37: the roles of the signed-in person are read with the headers that a cast needs."""
    canned.queue(Answer(body={"value": []}))
    path = "/me/transitiveMemberOf/microsoft.graph.directoryRole"
    graph.get_all(path, {"$count": "true"}, {"ConsistencyLevel": "eventual"})
    assert canned.seen[0].path == f"/v1.0{path}?$count=true"
    assert canned.seen[0].headers["ConsistencyLevel"] == "eventual"


def test_a_filter_is_percent_encoded(graph: GraphClient, canned: Canned) -> None:
    """F-36: a filter's blanks and quotes are encoded."""
    canned.queue(Answer(body={"value": []}))
    graph.get_all("/servicePrincipals", {"$filter": "appId eq 'a&b'"})
    assert canned.seen[0].path == "/v1.0/servicePrincipals?$filter=appId%20eq%20%27a%26b%27"


def test_next_links_are_fetched_as_they_are(graph: GraphClient, canned: Canned) -> None:
    """F-31: a next link is opaque and absolute, and is fetched unchanged."""
    link = f"{canned.url}/v1.0/users?$skiptoken=a%2Bb&x=1"
    canned.queue(Answer(body={"value": [{"N": 1}], "@odata.nextLink": link}), Answer(body={"value": [{"N": 2}]}))
    assert graph.get_all("/users") == ({"N": 1}, {"N": 2})
    assert canned.seen[1].path == "/v1.0/users?$skiptoken=a%2Bb&x=1"


@pytest.mark.parametrize("link", ["https://localhost:9/v1.0/users", "https://elsewhere.example/v1.0/users"])
def test_next_links_elsewhere_are_refused(graph: GraphClient, canned: Canned, link: str) -> None:
    """F-31: the token is not sent to a next link on another host."""
    canned.queue(Answer(body={"value": [], "@odata.nextLink": link}))
    with pytest.raises(Rejected):
        graph.get_all("/users")
    assert len(canned.seen) == 1


@pytest.mark.parametrize("answer", [Answer(200, b"<html>"), Answer(body={"odd": 1}), Answer(204)])
def test_a_list_that_says_nothing_is_no_empty_list(graph: GraphClient, canned: Canned, answer: Answer) -> None:
    """F-31: an answer without `value` is no list."""
    canned.queue(answer)
    with pytest.raises(Unavailable):
        graph.get_all("/users")


def test_an_application_is_created_by_its_unique_name(graph: GraphClient, canned: Canned) -> None:
    """F-34: PATCH on the unique name with create-if-missing creates or updates."""
    canned.queue(Answer(201, {"id": "x"}, {"request-id": "abc"}))
    headers = {"Prefer": "create-if-missing"}
    reply = graph.request("PATCH", "/applications(uniqueName='a')", {"displayName": "a"}, headers)
    assert GraphReply({"id": "x"}, "abc") == reply
    seen = canned.seen[0]
    assert (seen.method, seen.path) == ("PATCH", "/v1.0/applications(uniqueName='a')")
    assert (seen.headers["Prefer"], seen.body) == ("create-if-missing", {"displayName": "a"})


def test_a_secret_is_minted_once(graph: GraphClient, canned: Canned) -> None:
    """F-35: addPassword answers the secret's text, this once; removePassword answers nothing."""
    canned.queue(Answer(200, {"keyId": "k", "secretText": "s"}), Answer(204))
    body = {"passwordCredential": {"displayName": "xtmig x", "endDateTime": "2027-01-01T00:00:00Z"}}
    minted = graph.request("POST", "/applications/x/addPassword", body)
    removed = graph.request("POST", "/applications/x/removePassword", {"keyId": "k"})
    assert (minted.data, removed.data) == ({"keyId": "k", "secretText": "s"}, None)
    assert [body, {"keyId": "k"}] == [seen.body for seen in canned.seen]


def refusal(graph: GraphClient, canned: Canned, answer: Answer, method: str = "GET") -> ServiceError:
    """The error that an answer becomes."""
    canned.queue(*[answer] * 6)
    with pytest.raises(ServiceError) as caught:
        graph.request(method, "/things/x", None if method == "GET" else {})
    return caught.value


def test_an_errors_parts_are_kept(graph: GraphClient, canned: Canned) -> None:
    """F-30: code, message and request id of an error."""
    found = refusal(graph, canned, Answer(404, error("Request_ResourceNotFound", "Resource 'x' does not exist.")))
    assert (NotFound, "Request_ResourceNotFound", "Resource 'x' does not exist.", "inner-id", 404) == (
        type(found), found.exception_type, found.message, found.request_id, found.status,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, error("Authorization_RequestDenied"), AccessDenied),
        (404, None, Rejected),
        (404, error("UnknownError"), Rejected),
        (400, error("Request_BadRequest"), Rejected),
        (409, error("Request_MultipleObjectsWithSameKeyValue"), Conflict),
        (500, error("generalException"), Unavailable),
        (408, error("RequestTimeout"), Unavailable),
    ],
)
def test_errors_of_a_read(graph: GraphClient, canned: Canned, status: int, body: Any, kind: type) -> None:
    """F-30: only Graph's own words make an absence; a bare 404 does not."""
    assert type(refusal(graph, canned, Answer(status, body))) is kind


def test_a_grant_that_is_there_already_is_a_conflict(graph: GraphClient, canned: Canned) -> None:
    """F-36: granting a role twice answers 400 with these words."""
    body = error("Request_BadRequest", "Permission being assigned already exists on the object")
    assert type(refusal(graph, canned, Answer(400, body), "POST")) is Conflict


@pytest.mark.parametrize("status", [503, 408])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_server_fault_leaves_a_write_open(graph: GraphClient, canned: Canned, method: str, status: int) -> None:
    """F-33: after a 503 or 408 nobody knows whether a write was done; it is sent once."""
    assert isinstance(refusal(graph, canned, Answer(status), method), UncertainWrite)
    assert len(canned.seen) == 1


def test_throttling_is_waited_out(graph: GraphClient, canned: Canned, clock: NotingClock) -> None:
    """F-33: a 429 is sent again after Retry-After, a write too."""
    canned.queue(Answer(429, error("TooManyRequests"), {"Retry-After": "7"}), Answer(204))
    graph.request("DELETE", "/things/x")
    assert clock.waits == [7.0]


def test_throttling_without_end_is_an_error(graph: GraphClient, canned: Canned) -> None:
    """F-33: after five retries the throttling is told."""
    assert type(refusal(graph, canned, Answer(429, error("TooManyRequests")))) is Throttled


def part(number: int, status: int, body: Any = None, **headers: str) -> dict[str, Any]:
    """A member of a batch's answer."""
    return {"id": str(number), "status": status, "body": body, "headers": headers}


def test_a_batch_holds_twenty(graph: GraphClient, canned: Canned) -> None:
    """F-32: twenty requests in one, answers in any order; a body needs its content type."""
    canned.queue(
        Answer(body={"responses": [part(i, 200, {"N": i}) for i in reversed(range(20))]}),
        Answer(body={"responses": [part(0, 204)]}),
    )
    requests = [GraphRequest("GET", f"/users/{i}") for i in range(20)] + [GraphRequest("POST", "/groups", {"a": 1})]
    replies = graph.batch(requests)
    assert [{"N": i} for i in range(20)] + [None] == [r.data for r in replies if isinstance(r, GraphReply)]
    assert [len(seen.body["requests"]) for seen in canned.seen] == [20, 1]
    assert canned.seen[0].path == "/v1.0/$batch"
    assert canned.seen[0].body["requests"][3] == {"id": "3", "method": "GET", "url": "/users/3"}
    assert canned.seen[1].body["requests"][0]["headers"]["Content-Type"] == "application/json"


def test_throttled_members_are_sent_again_together(graph: GraphClient, canned: Canned, clock: NotingClock) -> None:
    """F-32: members are throttled one by one; only those are sent again, after the longest wait."""
    busy = [part(0, 429, {}, **{"Retry-After": "9"}), part(1, 200, {"N": 1}), part(2, 429, {}, **{"Retry-After": "10"})]
    canned.queue(
        Answer(body={"responses": busy}), Answer(body={"responses": [part(0, 200, {"N": 0}), part(2, 200, {"N": 2})]})
    )
    replies = graph.batch([GraphRequest("GET", f"/users/{i}") for i in range(3)])
    assert [r.data for r in replies if isinstance(r, GraphReply)] == [{"N": 0}, {"N": 1}, {"N": 2}]
    assert [request["id"] for request in canned.seen[1].body["requests"]] == ["0", "2"]
    assert clock.waits == [10.0]


def test_a_member_whose_token_was_refused_is_sent_alone(
    graph: GraphClient, canned: Canned, tokens: NumberedTokens
) -> None:
    """F-24: a claims challenge to a member is answered by sending that member alone, with the new claims."""
    challenge = {"WWW-Authenticate": 'Bearer claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'}
    first = [part(0, 401, error("InvalidAuthenticationToken"), **challenge), part(1, 200, {"N": 1})]
    canned.queue(Answer(body={"responses": first}), Answer(401, {}, challenge), Answer(body={"N": 0}))
    replies = graph.batch([GraphRequest("DELETE", "/users/0"), GraphRequest("GET", "/users/1")])
    assert [r.data for r in replies if isinstance(r, GraphReply)] == [{"N": 0}, {"N": 1}]
    assert [seen.method for seen in canned.seen] == ["POST", "DELETE", "DELETE"]
    assert tokens.claims == ['{"access_token":{}}']


def test_failed_members_are_errors_in_their_place(graph: GraphClient, canned: Canned) -> None:
    """F-32: each member has its own status; a write without an answer stays open."""
    canned.queue(Answer(body={"responses": [part(0, 404, error("Request_ResourceNotFound")), part(1, 503)]}))
    requests = [GraphRequest("GET", "/users/x"), GraphRequest("DELETE", "/users/y"), GraphRequest("DELETE", "/users/z")]
    assert [NotFound, UncertainWrite, UncertainWrite] == [type(reply) for reply in graph.batch(requests)]


def test_the_longest_wait_may_have_decimals(graph: GraphClient, canned: Canned, clock: NotingClock) -> None:
    """F-32: of 1.5 and 10 seconds the ten are waited."""
    busy = [part(0, 429, {}, **{"Retry-After": "10"}), part(1, 429, {}, **{"Retry-After": "1.5"})]
    canned.queue(
        Answer(body={"responses": busy}), Answer(body={"responses": [part(0, 200, {"N": 0}), part(1, 200, {"N": 1})]})
    )
    graph.batch([GraphRequest("GET", "/users/0"), GraphRequest("GET", "/users/1")])
    assert clock.waits == [10.0]


CHAIN = [
    GraphRequest("POST", "/groups", {"a": 1}),
    GraphRequest("POST", "/groups/x/members/$ref", {"b": 2}, depends_on=(0,)),
    GraphRequest("GET", "/groups/x/members", depends_on=(1,)),
]
NOT_BEGUN = error("FailedDependency")


def test_a_member_may_depend_on_others(graph: GraphClient, canned: Canned) -> None:
    """F-32: a member names in dependsOn the ids of those that must have succeeded before it."""
    canned.queue(Answer(body={"responses": [part(i, 200, {"N": i}) for i in range(3)]}))
    replies = graph.batch(CHAIN)
    assert [None, ["0"], ["1"]] == [member.get("dependsOn") for member in canned.seen[0].body["requests"]]
    assert [{"N": 0}, {"N": 1}, {"N": 2}] == [reply.data for reply in replies if isinstance(reply, GraphReply)]


def test_what_depends_on_a_refused_member_was_not_begun(graph: GraphClient, canned: Canned) -> None:
    """F-32: members whose dependency failed answer 424, which is a refusal and no open write."""
    refused = [part(0, 403, error("Authorization_RequestDenied")), part(1, 424, NOT_BEGUN), part(2, 424, NOT_BEGUN)]
    canned.queue(Answer(body={"responses": refused}))
    assert [AccessDenied, Rejected, Rejected] == [type(reply) for reply in graph.batch(CHAIN)]
    assert len(canned.seen) == 1


def test_what_depends_on_a_throttled_member_is_sent_again_with_it(graph: GraphClient, canned: Canned) -> None:
    """F-32: 424 after a throttled dependency is no answer yet; what has succeeded is not named again."""
    first = [part(0, 200, {"N": 0}), part(1, 429, {}, **{"Retry-After": "1"}), part(2, 424, NOT_BEGUN)]
    canned.queue(
        Answer(body={"responses": first}), Answer(body={"responses": [part(1, 200, {"N": 1}), part(2, 200, {"N": 2})]})
    )
    replies = graph.batch(CHAIN)
    again = canned.seen[1].body["requests"]
    assert [("1", None), ("2", ["1"])] == [(member["id"], member.get("dependsOn")) for member in again]
    assert all(isinstance(reply, GraphReply) for reply in replies)


def test_a_dependency_in_an_earlier_request_counts(graph: GraphClient, canned: Canned) -> None:
    """F-32: with more than twenty, one that depends on a failed member of the request before is not sent at all."""
    parts = [part(0, 403, error("Authorization_RequestDenied"))] + [part(i, 200, {}) for i in range(1, 20)]
    canned.queue(Answer(body={"responses": parts}), Answer(body={"responses": [part(1, 200, {})]}))
    further = [GraphRequest("GET", "/c", depends_on=(0,)), GraphRequest("GET", "/d", depends_on=(1,))]
    replies = graph.batch([GraphRequest("GET", f"/users/{i}") for i in range(20)] + further)
    assert [Rejected, GraphReply] == [type(reply) for reply in replies[20:]]
    assert [{"id": "1", "method": "GET", "url": "/d"}] == canned.seen[1].body["requests"]


def test_a_member_cannot_depend_on_a_later_one(graph: GraphClient, canned: Canned) -> None:
    """F-32: a circle cannot be asked for; nothing is sent."""
    with pytest.raises(UsageError):
        graph.batch([GraphRequest("GET", "/a", depends_on=(1,)), GraphRequest("GET", "/b")])
    assert canned.seen == []
