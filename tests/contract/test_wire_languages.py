"""The service speaks the administrator's language: what decides is the exception's type and the HTTP status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from canned_reads import BY_SECRET
from canned_wire import Answer, Canned, Login, NotingClock, project
from test_wire_exchange_answers import details

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import AccessDenied, Conflict, NotFound, Rejected, ServiceError, SignInError, Throttled
from xtmig_kernel.m365 import SignIn, UncertainWrite

if TYPE_CHECKING:
    from pathlib import Path

    from xtmig_kernel.m365 import ExchangeClient, Hosts

TASKS = "Microsoft.Exchange.Configuration.Tasks"
DATA = "Microsoft.Exchange.Data.Directory"
KINDS = [
    (404, f"{TASKS}.ManagementObjectNotFoundException", NotFound),
    (400, f"{DATA}.ADObjectAlreadyExistsException", Conflict),
    (400, "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException", Rejected),
    (400, "Microsoft.Exchange.Management.SystemConfigurationTasks.MailboxMigrationScopeOverLimitException", Rejected),
    (403, "Microsoft.Exchange.AdminApi.CmdletAccessDeniedException", AccessDenied),
    (429, f"{DATA}.OverBudgetException", Throttled),
    (500, f"{DATA}.ADTransientException", UncertainWrite),
]
TEXTS = {
    "Portuguese": "A operação não pôde ser executada.",
    "Chinese": "無法執行作業。",
    "English of absence": "The object couldn't be found on 'DC'.",
    "English of presence": "The object already exists.",
    "English of haste": "You have reached the maximum number of concurrent requests per tenant.",
}
"""The English ones say what another kind of error would say, as the name of an object may."""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize(("status", "kind", "error"), KINDS, ids=lambda value: str(value).rpartition(".")[2])
def test_the_words_change_nothing_where_a_type_is_named(
    exchange: ExchangeClient, canned: Canned, status: int, kind: str, error: type[ServiceError], text: str
) -> None:
    """F-17, F-24: one type is one error, whatever its words are, and the words are kept as they came."""
    answer = Answer(status, details(f"Ex6F9304|{kind}|{text}"), {"Retry-After": "1"})
    canned.queue(*[answer] * 6)
    with pytest.raises(error) as caught:
        exchange.invoke("New-Thing", {"Name": "x"})
    assert type(caught.value) is error
    assert text == caught.value.message
    assert len(canned.seen) == (6 if status == 429 else 1)


@pytest.mark.parametrize("text", ["Chave secreta do cliente inválida.", "提供了無效的用戶端密碼。"])
def test_the_words_of_the_sign_in_service_change_nothing(
    hosts: Hosts, tmp_path: Path, application_login: Login, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """F-25: the number tells a wrong secret in every language."""
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
    refusal = {"error": "invalid_client", "error_description": f"AADSTS7000215: {text}"}
    application_login.refusals.append(refusal)
    sign_in = SignIn(project(tmp_path, **BY_SECRET), "target", hosts, redactor=Redactor(), clock=NotingClock())
    with pytest.raises(SignInError, match="secret is wrong"):
        sign_in.token("graph")
