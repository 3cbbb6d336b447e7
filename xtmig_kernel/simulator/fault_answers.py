"""What each kind of fault answers, in the shape of the service that it is for.

Exchange's shapes are those of wire 1.7 (facts F-17, F-20 to F-24), Graph's that of wire 4.14 (F-30, F-33). That a 401
asks for claims is F-24; the words around the claims, the texts of 408, 500, 503 and 504, Graph's codes for them and
the numbers of the sign-in service are from Microsoft's public documentation [MEM].
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from .exchange import errors as exchange
from .exchange.service import PAGE_EXPIRED, RATE_LIMIT
from .faults_file import Answered, Busy, BusyMember, Localised, NearLimit, Redirect, ServerError, Slow, Warned
from .graph import context as graph
from .http import Answer, Effect
from .identifiers import guid

if TYPE_CHECKING:
    from datetime import datetime

    from .faults_file import AnyFault
    from .http import Call

CUTS: dict[str, Any] = {"reset-before": "before", "reset-after": "after", "truncated": "half"}
STATUS = {
    "claims-challenge": 401, "forbidden": 403, "not-found": 404, "request-timeout": 408, "throttled": 429,
    "throttled-member": 429, "server-error": 500, "unavailable": 503, "gateway-timeout": 504,
}  # fmt: skip
PHRASES = {408: "Request Timeout", 503: "Service Unavailable", 504: "Gateway Timeout"}
GRAPH_ERRORS = {
    401: (
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge: TokenIssuedBeforeRevocationTimestamp",
    ),
    408: ("RequestTimeout", "The request timed out."),
    429: ("TooManyRequests", "Too many requests. Please retry after some time."),
    500: ("InternalServerError", "An unexpected error occurred."),
    503: ("ServiceUnavailable", "Service unavailable. Please retry."),
    504: ("GatewayTimeout", "The gateway did not get an answer in time."),
}
GRAPH_TELLS = 0.2
"""Graph is silent while more than this part of a limit is left."""

BUSY = "There are too many incoming requests."
TROUBLE = "A transient error has occurred. Please try again."
LOCALISED = {
    "pt-BR": "Não foi possível executar a operação porque o objeto '{}' não foi encontrado.",
    "zh-TW": "無法執行作業，因為找不到物件 '{}'。",
}


def effect_of(fault: AnyFault, call: Call, subject: str, now: datetime, regional: str) -> Effect:
    """What a fault does to a request.

    Args:
        fault: It hits.
        call: The request, or a member of a batch as if it had come alone.
        subject: What the request is about, as it names it.
        now: Simulated time.
        regional: Address of Exchange's regional host.
    """
    if fault.kind in CUTS:
        return Effect(fault.kind, cut=CUTS[fault.kind])
    if isinstance(fault, Slow):
        return Effect(fault.kind, seconds=fault.seconds)
    if isinstance(fault, Warned):
        return Effect(fault.kind, warning=fault.text)
    if isinstance(fault, NearLimit):
        return Effect(fault.kind, headers=_near(fault))
    if isinstance(fault, Redirect):
        return Effect(fault.kind, Answer(fault.status, b"", {"Location": regional + call.target}))
    if isinstance(fault, Answered):
        return Effect(fault.kind, Answer(fault.status, fault.body, fault.headers))
    answer = {"exo": _exchange, "graph": _graph, "login": _login}[fault.service](fault, call, subject, now)
    if isinstance(fault, Busy | BusyMember) and fault.retry_after is not None:
        answer = answer.with_headers({"Retry-After": f"{fault.retry_after:g}"})
    return Effect(fault.kind, answer)


def _near(fault: NearLimit) -> dict[str, str]:
    """Exchange counts what is left (F-24), Graph tells which part is used, and only from four fifths on (F-33)."""
    if fault.service == "exo":
        return {"Rate-Limit-Remaining": str(round(fault.left * RATE_LIMIT))}
    return {"x-ms-throttle-limit-percentage": f"{1 - fault.left:g}"} if fault.left <= GRAPH_TELLS else {}


def _challenge(call: Call) -> str:
    """The claims of continuous access evaluation: only a token newer than now will do."""
    claims = {"access_token": {"nbf": {"essential": True, "value": str(int(call.wall))}}}
    return f'error="insufficient_claims", claims="{base64.b64encode(json.dumps(claims).encode()).decode()}"'


def _exchange(fault: AnyFault, call: Call, subject: str, now: datetime) -> Answer:
    del now
    answer = _exchange_refusal(fault, subject)
    if answer is None:
        status = STATUS[fault.kind]
        if status == exchange.unauthorized("").status:
            challenge = f'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", {_challenge(call)}'
            answer = Answer(status, b"", {"WWW-Authenticate": challenge})
        else:
            page = f"<html><head><title>{PHRASES[status]}</title></head><body><h2>{PHRASES[status]}</h2></body></html>"
            answer = Answer(status, page)
    return answer.with_headers({"Request-Id": guid("fault", call.path, call.wall)})


def _exchange_refusal(fault: AnyFault, subject: str) -> Answer | None:
    """What Exchange itself says; None where the machinery before it answers, as HTML (shape F)."""
    if isinstance(fault, Localised):
        text = LOCALISED[fault.language].format(subject)
        return exchange.ExchangeRefused(exchange.NOT_FOUND, text, STATUS["not-found"]).answer()
    if isinstance(fault, ServerError):
        return exchange.server_fault(fault.exception)
    if fault.kind in ("throttled", "throttled-member"):
        busy = exchange.too_many()
        return Answer(busy.status, busy.body, {k: v for k, v in busy.headers.items() if k != "Retry-After"})
    if fault.kind == "forbidden":
        return exchange.access_denied()
    if fault.kind == "not-found":
        return exchange.not_found(subject).answer()
    if fault.kind == "page-expired":
        return exchange.ExchangeRefused(exchange.BAD_VALUE, PAGE_EXPIRED, detailed=False).answer()
    return None


def _graph(fault: AnyFault, call: Call, subject: str, now: datetime) -> Answer:
    request_id = guid("fault", call.path, call.wall)
    if fault.kind == "forbidden":
        refused = graph.denied()
    elif fault.kind == "not-found":
        refused = graph.not_found(subject)
    elif fault.kind == "page-expired":
        refused = graph.page_expired()
    else:
        refused = graph.GraphRefused(STATUS[fault.kind], *GRAPH_ERRORS[STATUS[fault.kind]])
    given = call.headers.get("client-request-id", request_id)
    answer = graph.error_answer(refused, now, request_id, given)
    if fault.kind == "claims-challenge":
        place = "https://login.microsoftonline.com/common/oauth2/authorize"
        header = f'Bearer realm="", authorization_uri="{place}", {_challenge(call)}'
        answer = Answer(answer.status, answer.body, {"WWW-Authenticate": header})
    return answer.with_headers({"request-id": request_id, "client-request-id": given})


def _login(fault: AnyFault, call: Call, subject: str, now: datetime) -> Answer:
    del call, subject, now
    status = STATUS[fault.kind]
    number, text = (90055, BUSY) if fault.kind == "throttled" else (90033, TROUBLE)
    body = {"error": "temporarily_unavailable", "error_description": f"AADSTS{number}: {text}", "error_codes": [number]}
    return Answer(status, body)
