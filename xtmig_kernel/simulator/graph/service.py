"""Graph's front: routes, rights, errors and batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from xtmig_kernel.simulator.http import (
    Answer,
    Call,
    Entry,
    Outcome,
    Planted,
    Route,
    UnsupportedRequest,
    find,
    nothing_planted,
    unsupported_answer,
)
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.record import mask
from xtmig_kernel.simulator.wellknown import USER_READING

from . import applications as apps
from . import directory, groups, licences, principals, users
from .context import Caller, Context, GraphRefused, authenticate, bad_request, denied, error_answer

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.simulator.world import World

Handler = Callable[[Context], Answer]
LARGEST_BATCH = 20

APP_READ = ("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All")
APP_WRITE = ("Application.ReadWrite.All",)
CONSENT = ("AppRoleAssignment.ReadWrite.All",)
ORGANIZATION = ("User.Read", "Organization.Read.All", "Directory.Read.All")
ROLES = ("RoleManagement.Read.Directory", "Directory.Read.All")
MY_ROLES = ("User.Read", *ROLES)
ELIGIBLE = ("RoleManagement.Read.Directory",)
GROUPS = ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
ASSIGN = ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All")
SKUS = ("Organization.Read.All", "Directory.Read.All", "LicenseAssignment.ReadWrite.All")

_APPLICATION = ("/v1.0/applications/{id}", "/v1.0/applications(appId={appId})",
                "/v1.0/applications(uniqueName={uniqueName})")  # fmt: skip
_PRINCIPAL = ("/v1.0/servicePrincipals/{id}", "/v1.0/servicePrincipals(appId={appId})")
_CAST = ("", "/microsoft.graph.directoryRole")
_MEMBER_CAST = ("", "/microsoft.graph.{cast}")


def _routes(
    method: str, patterns: tuple[str, ...], tail: str, handler: Handler, permissions: tuple[str, ...]
) -> list[Route[Handler]]:
    return [Route(method, pattern + tail, handler, permissions) for pattern in patterns]


ROUTES: list[Route[Handler]] = [
    Route("GET", "/v1.0/applications", apps.list_applications, APP_READ),
    Route("POST", "/v1.0/applications", apps.create_application, APP_WRITE),
    *_routes("GET", _APPLICATION, "", apps.get_application, APP_READ),
    *_routes("PATCH", _APPLICATION, "", apps.update_application, APP_WRITE),
    *_routes("DELETE", _APPLICATION, "", apps.delete_application, APP_WRITE),
    *_routes("POST", _APPLICATION, "/addPassword", apps.add_password, APP_WRITE),
    *_routes("POST", _APPLICATION, "/removePassword", apps.remove_password, APP_WRITE),
    Route("GET", "/v1.0/servicePrincipals", principals.list_principals, APP_READ),
    Route("POST", "/v1.0/servicePrincipals", principals.create_principal, APP_WRITE),
    *_routes("GET", _PRINCIPAL, "", principals.get_principal, APP_READ),
    *_routes("DELETE", _PRINCIPAL, "", principals.delete_principal, APP_WRITE),
    *_routes("GET", _PRINCIPAL, "/appRoleAssignments", principals.list_assignments, APP_READ),
    *_routes("GET", _PRINCIPAL, "/appRoleAssignedTo", principals.list_assigned_to, APP_READ),
    *_routes("POST", _PRINCIPAL, "/appRoleAssignments", principals.create_assignment, CONSENT),
    *_routes("POST", _PRINCIPAL, "/appRoleAssignedTo", principals.create_assignment, CONSENT),
    *_routes("DELETE", _PRINCIPAL, "/appRoleAssignments/{assignment}", principals.delete_assignment, CONSENT),
    *_routes("DELETE", _PRINCIPAL, "/appRoleAssignedTo/{assignment}", principals.delete_assignment, CONSENT),
    *_routes("GET", tuple(_PRINCIPAL[0] + "/transitiveMemberOf" + cast for cast in _CAST), "",
             principals.principal_roles, APP_READ),
    Route("GET", "/v1.0/organization", directory.organization, ORGANIZATION),
    Route("GET", "/v1.0/organization/{id}", directory.organization, ORGANIZATION),
    Route("GET", "/v1.0/me", directory.me, ("User.Read", *USER_READING)),
    *_routes("GET", tuple("/v1.0/me/transitiveMemberOf" + cast for cast in _CAST), "", directory.my_roles, MY_ROLES),
    Route("GET", "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances/filterByCurrentUser(on={on})",
          directory.my_eligible_roles, ELIGIBLE),
    Route("GET", "/v1.0/directoryRoles", directory.directory_roles, ROLES),
    Route("GET", "/v1.0/policies/defaultAppManagementPolicy", directory.app_management_policy, ("Policy.Read.All",)),
    Route("GET", "/v1.0/subscribedSkus", licences.subscribed_skus, SKUS),
    Route("GET", "/v1.0/users", users.users, USER_READING),
    Route("GET", "/v1.0/users/{id}", users.user, USER_READING),
    Route("PATCH", "/v1.0/users/{id}", users.update_user, ("User.ReadWrite.All",)),
    Route("GET", "/v1.0/users/{id}/licenseDetails", licences.license_details, USER_READING),
    Route("POST", "/v1.0/users/{id}/assignLicense", licences.assign_license, ASSIGN),
    Route("GET", "/v1.0/groups", groups.groups, GROUPS),
    Route("GET", "/v1.0/groups/{id}", groups.group, GROUPS),
    *_routes("GET", tuple("/v1.0/groups/{id}/members" + cast for cast in _MEMBER_CAST), "", groups.members, GROUPS),
    *_routes("GET", tuple("/v1.0/groups/{id}/transitiveMembers" + cast for cast in _MEMBER_CAST), "",
             groups.transitive_members, GROUPS),
]  # fmt: skip


def _answer(world: World, caller: Caller, call: Call, now: datetime) -> Answer:
    route, parts = find(ROUTES, call.method, call.path)
    if not caller.permissions & set(route.permissions):
        raise denied()
    first = "/" + call.path.split("/")[2].partition("(")[0].lower()
    if call.method == "GET" and first in {name.lower() for name in caller.tenant.file.refused}:
        raise denied()
    return route.handler(Context(world, caller.tenant, caller, call, parts, now))


def _single(world: World, caller: Caller, call: Call, now: datetime, lacking: list[str]) -> Answer:
    request_id = guid(world.seed, call.path, call.wall)
    try:
        answer = _answer(world, caller, call, now)
    except GraphRefused as refused:
        answer = error_answer(refused, now, request_id, call.headers.get("client-request-id", request_id))
    except UnsupportedRequest as missing:
        lacking.append(str(missing))
        answer = unsupported_answer(str(missing))
    given = call.headers.get("client-request-id", request_id)
    return answer.with_headers({"request-id": request_id, "client-request-id": given})


def _parameters(world: World, call: Call) -> Any:
    try:
        body = call.json() if call.body else {}
    except ValueError:
        body = {}
    sent = {**call.query, **body} if isinstance(body, dict) else body
    return mask(world.record_key, sent)


def serve(world: World, call: Call, now: datetime, planted: Planted = nothing_planted) -> Outcome:
    """Answer one request to Graph; the members of a `$batch` are recorded one line each (wire 4.12).

    Args:
        world: Both tenants.
        call: The request.
        now: Simulated time.
        planted: Asked for each member of a batch: what a fault does to it, or None.
    """
    lacking: list[str] = []
    entries: list[Entry] = []
    side = None
    try:
        caller = authenticate(world, call)
        side = caller.tenant.side
        if not call.says_json:
            raise bad_request("A request with a body must name its Content-Type.", "BadRequest")
        if (call.method, call.path.lower()) == ("POST", "/v1.0/$batch"):
            answer = _batch(world, caller, call, now, entries, lacking, planted)
        else:
            answer = _single(world, caller, call, now, lacking)
    except GraphRefused as refused:
        request_id = guid(world.seed, call.path, call.wall)
        answer = error_answer(refused, now, request_id, call.headers.get("client-request-id", request_id))
    outer = {} if entries else _parameters(world, call)
    entries.insert(0, Entry(side, call.method, call.path, answer.status, None, outer))
    return Outcome(answer, entries, lacking)


def _batch(
    world: World, caller: Caller, call: Call, now: datetime, entries: list[Entry], lacking: list[str], planted: Planted
) -> Answer:
    try:
        members = call.json()["requests"]
    except (ValueError, KeyError, TypeError):
        raise bad_request("Invalid batch payload format.", "BadRequest") from None
    if len(members) > LARGEST_BATCH:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {LARGEST_BATCH}.", "BadRequest")
    statuses: dict[str, int] = {}
    responses = []
    for member in members:
        inner = _member_call(call, member)
        effect = None
        if any(statuses.get(name, 0) not in range(200, 300) for name in member.get("dependsOn", [])):
            failed = GraphRefused(424, "FailedDependency", "The request depends on another one that failed.")
            answer = error_answer(failed, now, guid(world.seed, call.wall), "")
        elif inner.body and "content-type" not in inner.headers:
            refused = bad_request("A batch member with a body must have a Content-Type header.", "BadRequest")
            answer = error_answer(refused, now, guid(world.seed, call.wall), "")
        else:
            effect = planted(inner)
            answer = effect.answer if effect and effect.answer else _single(world, caller, inner, now, lacking)
        statuses[str(member["id"])] = answer.status
        sent, fault = _parameters(world, inner), effect.kind if effect else None
        entries.append(Entry(caller.tenant.side, inner.method, inner.path, answer.status, None, sent, fault))
        responses.append(
            {"id": str(member["id"]), "status": answer.status, "headers": answer.headers, "body": answer.body}
        )
    return Answer(200, {"responses": responses})


def batch_members(call: Call) -> list[tuple[str, Call]]:
    """The requests in a `$batch` with their ids, each as if it had come alone.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: The body is no batch.
    """
    return [(str(member["id"]), _member_call(call, member)) for member in call.json()["requests"]]


def _member_call(call: Call, member: dict[str, Any]) -> Call:
    parts = urlsplit(str(member["url"]))
    plain = unquote(parts.path)
    path = plain if plain.startswith("/v1.0/") else "/v1.0/" + plain.lstrip("/")
    headers = {str(k).lower(): str(v) for k, v in (member.get("headers") or {}).items()}
    body = json.dumps(member["body"]).encode() if "body" in member else b""
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Call("graph", str(member["method"]).upper(), path, query, headers, body, call.wall)
