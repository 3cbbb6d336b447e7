"""The front of Exchange, and of Security & Compliance: paths, calls, pages, batches, confirmation."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from xtmig_kernel.simulator.clock import iso
from xtmig_kernel.simulator.http import (
    Answer,
    Call,
    Entry,
    Outcome,
    Planted,
    UnsupportedRequest,
    nothing_planted,
    unsupported_answer,
)
from xtmig_kernel.simulator.identifiers import guid
from xtmig_kernel.simulator.links import LinkRefused, make_link, read_link
from xtmig_kernel.simulator.wellknown import COMPLIANCE

from . import (
    all_recipients,
    compliance,
    diagnostic_logs,
    endpoints,
    folder_statistics,
    group_members,
    groups,
    mail_users,
    mailbox_archives,
    mailboxes,
    migration_batches,
    migration_statistics,
    migration_users,
    module_file,
    move_requests,
    organization,
    permissions,
    recipients,
    relationships,
    role_assignments,
    settings,
    users,
)
from .binding import Bound, bind, recorded
from .context import AccessRefused, Context, Result, authenticate
from .contract import Cmdlet, contract_of, not_served, offered_only
from .errors import BAD_VALUE, ExchangeRefused, access_denied
from .values import annotated

if TYPE_CHECKING:
    from xtmig_kernel.simulator.world import World

Handler = Callable[[Context, Bound], Result]
PATH = re.compile(r"/adminapi/(beta|v1\.0)/([^/]+)/(InvokeCommand|EXOModuleFile|\$batch)", re.IGNORECASE)
LARGEST_BATCH = 10
LARGEST_PAGE = 1000
DEFAULT_RESULTS = 1000
LINK_SECONDS = 1800
RATE_LIMIT = 30000
PAGE_EXPIRED = "Expired or Invalid pagination request. Default Expiry time is 00:30:00"
MORE = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)
HANDLERS: dict[str, Handler] = {
    "get-organizationconfig": organization.get_organization_config,
    "enable-organizationcustomization": organization.enable_organization_customization,
    "get-accepteddomain": organization.get_accepted_domain,
    "get-organizationrelationship": relationships.get,
    "new-organizationrelationship": relationships.new,
    "set-organizationrelationship": relationships.set_,
    "remove-organizationrelationship": relationships.remove,
    "get-migrationendpoint": endpoints.get,
    "new-migrationendpoint": endpoints.new,
    "set-migrationendpoint": endpoints.set_,
    "remove-migrationendpoint": endpoints.remove,
    "test-migrationserveravailability": endpoints.test,
    "get-migrationbatch": migration_batches.get,
    "new-migrationbatch": migration_batches.new,
    "set-migrationbatch": migration_batches.set_,
    "start-migrationbatch": migration_batches.start_,
    "stop-migrationbatch": migration_batches.stop_,
    "complete-migrationbatch": migration_batches.complete,
    "remove-migrationbatch": migration_batches.remove,
    "get-migrationuser": migration_users.get,
    "set-migrationuser": migration_users.set_,
    "start-migrationuser": migration_users.start,
    "stop-migrationuser": migration_users.stop,
    "remove-migrationuser": migration_users.remove,
    "get-migrationuserstatistics": migration_statistics.get,
    "get-distributiongroup": groups.get,
    "new-distributiongroup": groups.new,
    "remove-distributiongroup": groups.remove,
    "get-distributiongroupmember": group_members.get,
    "add-distributiongroupmember": group_members.add,
    "remove-distributiongroupmember": group_members.remove,
    "update-distributiongroupmember": group_members.update,
    "get-mailbox": recipients.get_mailbox,
    "set-mailbox": mailboxes.set_,
    "enable-mailbox": mailbox_archives.enable,
    "get-mailboxstatistics": mailboxes.statistics,
    "get-mailboxfolderstatistics": folder_statistics.get,
    "get-casmailbox": settings.get_client_access,
    "get-calendarprocessing": settings.get_calendar_processing,
    "get-managementroleassignment": role_assignments.get,
    "export-mailboxdiagnosticlogs": diagnostic_logs.export,
    "get-mailboxpermission": permissions.get_mailbox_permission,
    "add-mailboxpermission": permissions.add_mailbox_permission,
    "remove-mailboxpermission": permissions.remove_mailbox_permission,
    "get-recipientpermission": permissions.get_recipient_permission,
    "add-mailboxfolderpermission": permissions.add_folder_permission,
    "add-recipientpermission": permissions.add_recipient_permission,
    "remove-recipientpermission": permissions.remove_recipient_permission,
    "get-mailboxfolderpermission": permissions.get_folder_permission,
    "get-moverequest": move_requests.get,
    "get-moverequeststatistics": move_requests.statistics,
    "remove-moverequest": move_requests.remove,
    "get-mailuser": recipients.get_mail_user,
    "new-mailuser": mail_users.new,
    "set-mailuser": mail_users.set_,
    "remove-mailuser": mail_users.remove,
    "get-recipient": all_recipients.get,
    "get-user": users.get,
    "set-user": users.set_,
    "get-retentioncompliancepolicy": compliance.get_retention_policy,
    "get-caseholdpolicy": compliance.get_case_hold_policy,
    "get-compliancecase": compliance.get_case,
}
ASKS: dict[str, Callable[[Bound], bool]] = {"set-user": users.asks_before_clearing}


def named_cmdlet(call: Call) -> str | None:
    """The cmdlet that a call runs, or None when it runs none by itself."""
    try:
        name = call.json()["CmdletInput"]["CmdletName"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(name)


def runs_cmdlets(call: Call) -> str | None:
    """The tenant reference of a call that takes one of the tenant's four places, or None."""
    found = PATH.fullmatch(call.path)
    return found.group(2) if found and call.method == "POST" else None


def number_of_cmdlets(call: Call) -> int:
    """How many cmdlets a request runs: those of a batch, one alone, or none."""
    if call.path.lower().endswith("/$batch"):
        try:
            return len(batch_members(call))
        except (ValueError, KeyError, TypeError, AttributeError):
            return 0
    return int(call.method == "POST" and call.path.lower().endswith("/invokecommand"))


def serve(world: World, call: Call, now: datetime, planted: Planted = nothing_planted) -> Outcome:
    """Answer one request to the Exchange admin interface; members of a batch are recorded one line each.

    Args:
        world: Both tenants.
        call: The request.
        now: Simulated time.
        planted: Asked for each member of a batch: what a fault does to it, or None.
    """
    found = PATH.fullmatch(call.path)
    tenant = world.tenant(found.group(2)) if found else None
    side = tenant.side if tenant else None
    entries: list[Entry] = []
    lacking: list[str] = []
    given: dict[str, Any] = {}
    name: str | None = None
    try:
        reference, what = _split(call)
        context = authenticate(world, reference, call, now)
        if not call.says_json:
            text = "The body's Content-Type must be application/json."
            answer = ExchangeRefused(BAD_VALUE, text, detailed=False).answer()
        elif what == ("GET", "exomodulefile"):
            answer = module_file.answer(context)
        elif what == ("POST", "$batch"):
            answer = _batch(context, call, entries, lacking, planted)
        elif what == ("POST", "invokecommand"):
            answer, name, given = _invoke(context, call, lacking)
        else:
            answer = _lacking(f"{call.method} {call.path}", lacking)
    except AccessRefused as refused:
        answer = refused.answer
        name = named_cmdlet(call)
    except UnsupportedRequest as missing:
        answer = _lacking(str(missing), lacking)
    entries.insert(0, Entry(side, call.method, call.path, answer.status, name, given))
    return Outcome(answer.with_headers(_headers(world, call)), entries, lacking)


def _split(call: Call) -> tuple[str, tuple[str, str]]:
    """Tenant reference, and method with the last part of the path in lower case.

    Raises:
        UnsupportedRequest: The path is none of the admin interface that the simulator knows.
    """
    found = PATH.fullmatch(call.path)
    if found is None:
        raise UnsupportedRequest(f"{call.method} {call.path}")
    return found.group(2), (call.method, found.group(3).lower())


def _lacking(what: str, lacking: list[str]) -> Answer:
    lacking.append(what)
    return unsupported_answer(what)


def _headers(world: World, call: Call) -> dict[str, str]:
    """What every answer carries (shapes 3.1); the limits keep wall time, as tokens do."""
    return {
        "Request-Id": guid(world.seed, call.path, call.wall),
        "Rate-Limit-Limit": str(RATE_LIMIT),
        "Rate-Limit-Remaining": str(RATE_LIMIT - 1),
        "Rate-Limit-Reset": iso(datetime.fromtimestamp(call.wall, UTC) + timedelta(seconds=16)),
        "X-ConcurrencyCount": "1",
    }


def _invoke(context: Context, call: Call, lacking: list[str]) -> tuple[Answer, str | None, dict[str, Any]]:
    """One cmdlet: the answer, its name and its parameters for the record."""
    order = _order(call)
    if order is None:
        text = 'The body must be {"CmdletInput":{"CmdletName":...,"Parameters":{...}}}.'
        return ExchangeRefused(BAD_VALUE, text, detailed=False).answer(), None, {}
    name, given = order
    cmdlet = contract_of(name)
    keys, record_key = context.world.keys, context.world.record_key
    sent = recorded(cmdlet, given, keys, record_key)
    if cmdlet is None and name.lower() in not_served():
        return _lacking(name, lacking), name, sent
    if cmdlet is None or name.lower() not in context.offer:
        return access_denied(), name, sent
    if _refused(context, name):
        return access_denied(), name, sent
    if name.lower() in offered_only():
        return _lacking(cmdlet.name, lacking), cmdlet.name, sent
    try:
        answer = _run(context, cmdlet, bind(cmdlet, context.offer[name.lower()], given, keys, record_key), call)
    except ExchangeRefused as refused:
        answer = refused.answer(in_json=call.service == COMPLIANCE)
    except UnsupportedRequest as missing:
        answer = _lacking(f"{cmdlet.name}: {missing}", lacking)
    return answer, cmdlet.name, sent


def _refused(context: Context, name: str) -> bool:
    """Whether the tenants file says that nobody is to see what this cmdlet tells."""
    return name.lower() in {refused.lower() for refused in context.tenant.file.refused}


def _order(call: Call) -> tuple[str, dict[str, Any]] | None:
    try:
        order = call.json()["CmdletInput"]
        name, given = str(order["CmdletName"]), order["Parameters"]
    except (ValueError, KeyError, TypeError):
        return None
    return (name, given) if isinstance(given, dict) else None


def _run(context: Context, cmdlet: Cmdlet, bound: Bound, call: Call) -> Answer:
    if _asks(cmdlet, bound):
        target = bound.get("Identity") or bound.get("Name") or context.tenant.file.display_name
        question = f"Are you sure you want to perform this action? {cmdlet.name} on '{target}'."
        return Answer(200, _body(context, call, [], []) | {"@adminapi.confirmationmessage": question})
    result = HANDLERS[cmdlet.name.lower()](context, bound)
    return _page(context, cmdlet, bound, call, result)


def _asks(cmdlet: Cmdlet, bound: Bound) -> bool:
    """Whether the call only gets a question back and changes nothing (wire 1.4 [SRC])."""
    if bound.what_if or bound.confirm is True:
        return True
    if ASKS.get(cmdlet.name.lower(), _never)(bound):
        return True
    return cmdlet.impact == "High" and bound.confirm is not False


def _never(bound: Bound) -> bool:
    del bound
    return False


def _body(context: Context, call: Call, rows: Iterable[dict[str, Any]], warnings: list[str]) -> dict[str, Any]:
    wanted = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name.strip()}
    chosen = [{k: v for k, v in row.items() if not wanted or k.lower() in wanted} for row in rows]
    place = call.path.rpartition("/")[0]
    return {
        "@odata.context": f"{_door(context, call)}{place}/$metadata#Collection(Exchange.GenericHashTable)",
        "adminapi.warnings@odata.type": "#Collection(String)",
        "@adminapi.warnings": warnings,
        "value": [annotated(row) for row in chosen],
    }


def _door(context: Context, call: Call) -> str:
    addresses = context.world.addresses
    return addresses.compliance if call.service == COMPLIANCE else addresses.exo


def _page_size(call: Call) -> int:
    found = re.search(r"odata\.maxpagesize=(\d+)", call.headers.get("prefer", ""), re.IGNORECASE)
    return min(max(int(found.group(1)), 1), LARGEST_PAGE) if found else LARGEST_PAGE


def _page(context: Context, cmdlet: Cmdlet, bound: Bound, call: Call, result: Result) -> Answer:
    """One page of the result; the next is fetched by sending the same body to the link (wire 1.6 [SRC])."""
    rows, warnings = result.rows, list(result.warnings)
    if "resultsize" in cmdlet.parameters:
        limit = bound.get("ResultSize") or DEFAULT_RESULTS
        if limit != "Unlimited" and len(rows) > limit:
            rows = rows[:limit]
            warnings.append(MORE)
    size, start = min(_page_size(call), context.world.page_rows), _start(context, call)
    body = _body(context, call, rows[start : start + size], warnings)
    if len(rows) > start + size:
        link = make_link(
            context.world.record_key, call.wall + LINK_SECONDS, start=start + size, body=_digest(call), path=call.path
        )
        options = {k: v for k, v in call.query.items() if k != "$skiptoken"} | {"$skiptoken": link}
        text = "&".join(f"{k}={quote(v)}" for k, v in options.items())
        body["@odata.nextLink"] = f"{_door(context, call)}{call.path}?{text}"
    return Answer(200, body)


def _digest(call: Call) -> str:
    return hashlib.sha256(json.dumps(call.json(), sort_keys=True).encode()).hexdigest()


def _start(context: Context, call: Call) -> int:
    if "$skiptoken" not in call.query:
        return 0
    refused = ExchangeRefused(BAD_VALUE, PAGE_EXPIRED, detailed=False)
    try:
        facts = read_link(context.world.record_key, call.query["$skiptoken"], call.wall)
    except LinkRefused:
        raise refused from None
    reference = call.path.split("/")[3].lower()
    vanity = reference != context.tenant.tenant_id and not reference.endswith(".onmicrosoft.com")
    if facts["body"] != _digest(call) or vanity:
        raise refused
    return int(facts["start"])


def _batch(context: Context, call: Call, entries: list[Entry], lacking: list[str], planted: Planted) -> Answer:
    """Several cmdlets in one request, one after the other, at most ten (wire 1.9 [SRC])."""
    try:
        inner = batch_members(call)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ExchangeRefused(BAD_VALUE, "The batch payload is not valid.", detailed=False).answer()
    if len(inner) > LARGEST_BATCH:
        text = f"The batch holds more than {LARGEST_BATCH} requests."
        return ExchangeRefused(BAD_VALUE, text, detailed=False).answer()
    responses = []
    for name, one in inner:
        effect = planted(one)
        given: dict[str, Any] = {}
        if effect and effect.answer:
            answer, cmdlet = effect.answer, named_cmdlet(one)
        else:
            answer, cmdlet, given = _run_member(context, one, lacking)
        answer = effect.on(answer) if effect else answer
        fault = effect.kind if effect else None
        entries.append(Entry(context.tenant.side, one.method, one.path, answer.status, cmdlet, given, fault))
        body = answer.body.decode("latin-1") if isinstance(answer.body, bytes) else answer.body
        responses.append({"id": name, "status": answer.status, "headers": answer.headers, "body": body})
    return Answer(200, {"responses": responses})


def _run_member(context: Context, call: Call, lacking: list[str]) -> tuple[Answer, str | None, dict[str, Any]]:
    try:
        reference, what = _split(call)
        member_context = authenticate(context.world, reference, call, context.now)
    except AccessRefused as refused:
        return refused.answer, named_cmdlet(call), {}
    except UnsupportedRequest as missing:
        return _lacking(str(missing), lacking), None, {}
    if what != ("POST", "invokecommand"):
        return _lacking(f"batch member {call.method} {call.path}", lacking), None, {}
    return _invoke(member_context, call, lacking)


def batch_members(call: Call) -> list[tuple[str, Call]]:
    """The requests in a `$batch` with their ids, each as if it had come alone.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: The body is no batch.
    """
    return [(str(member["id"]), _member(call, member)) for member in call.json()["requests"]]


def _member(call: Call, member: dict[str, Any]) -> Call:
    parts = urlsplit(str(member["url"]))
    headers = {"authorization": call.headers.get("authorization", "")}
    headers |= {str(k).lower(): str(v) for k, v in (member.get("headers") or {}).items()}
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    path = parts.path if parts.path.startswith("/") else call.path.rpartition("/")[0] + "/" + parts.path
    body = json.dumps(member["body"]).encode()
    return Call(call.service, str(member["method"]).upper(), path, query, headers, body, call.wall)
