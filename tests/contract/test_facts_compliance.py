"""Security & Compliance beside Exchange: when it is asked, with which token, where, and what is made of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from canned_calls import module_file
from canned_reads import BY_SECRET, Asking, guid, listed, order, ordered, several
from canned_wire import Answer, NotingClock, project, serving

from xtmig_kernel.credentials import Redactor
from xtmig_kernel.errors import SignInError, UsageError
from xtmig_kernel.evidence import NotObserved, Reason
from xtmig_kernel.inventory import sign_in
from xtmig_kernel.m365 import SignIn, connect, hosts_for, live_hosts, tenants
from xtmig_kernel.m365.http import normal_port
from xtmig_kernel.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import trustme
    from canned_wire import Canned, Login

    from xtmig_kernel.m365 import Hosts

SCOPE = "https://ps.compliance.protection.outlook.com/.default"
OF_EXCHANGE_AND_GRAPH = {"https://graph.microsoft.com/.default", "https://outlook.office365.com/.default"}
POLICY, HOLD = "7cfb3034-5d45-4ac0-a989-ab3041051209", "7d895d48-7e23-4a8d-8346-533c3beac15d"
CASE = "3f2a0d51-0000-4000-8000-000000000001"
BY_POLICY, BY_CASE = "mbx7cfb30345d454ac0a989ab3041051209:2", f"UniH{HOLD}"
LARA = "Lara.Newton@northwindtraders.com"
MAILBOX: dict[str, Any] = {
    "PrimarySmtpAddress": LARA,
    "RecipientTypeDetails": "UserMailbox",
    **several("EmailAddresses", f"SMTP:{LARA}"),
    **guid("ExchangeGuid", "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8"),
}
ANSWERS = {
    "Get-RetentionCompliancePolicy": [{
        "Name": "Seven years", **guid("Guid", POLICY), "Enabled": True, "Mode": "Enforce",
        "Workload": "Exchange, SharePoint", "TeamsPolicy": False,
    }],
    "Get-CaseHoldPolicy": [{"Name": "Board", **guid("Guid", HOLD), "CaseId": CASE, "Enabled": True}],
    "Get-ComplianceCase": [{"Name": "Litware v. Contoso", "Identity": CASE}],
}  # fmt: skip


@pytest.fixture
def service(authority: trustme.CA) -> Iterator[Canned]:
    """A server that is Security & Compliance alone."""
    with serving(authority) as canned:
        canned.handlers["/InvokeCommand"] = lambda seen: listed(*ANSWERS[order(seen)[0]])
        canned.handlers["/$batch"] = lambda seen: Answer(body={"responses": [
            {"id": part["id"], "status": 200, "body": {"value": ANSWERS[ordered(part["body"])[0]]}}
            for part in seen.body["requests"]
        ]})  # fmt: skip
        canned.handlers["/EXOModuleFile"] = lambda _: module_file()
        yield canned


@pytest.fixture
def asking(
    tmp_path: Path, canned: Canned, service: Canned, application_login: Login, hosts: Hosts,
    monkeypatch: pytest.MonkeyPatch,
) -> Asking:  # fmt: skip
    """Reads of the target, whose Lara is chosen, in a cloud whose Security & Compliance is the other server."""
    both = replace(hosts, compliance=service.url, compliance_scope=SCOPE)
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
    for module in (tenants, sign_in):
        monkeypatch.setattr(module, "hosts_for", lambda *_: both)
    (tmp_path / "users.csv").write_text(f"SourceAddress,TargetAddress\nlara@contoso.com,{LARA}\n", encoding="utf-8")
    return Asking(tmp_path, canned, NotingClock(), BY_SECRET)


def held(asking: Asking, *entries: str) -> Asking:
    """Lara's mailbox is held by these entries, and nothing holds everybody."""
    mailbox = MAILBOX | several("InPlaceHolds", *entries)
    asking.answer_cmdlets(
        Get_Mailbox=lambda _: [mailbox],
        Get_OrganizationConfig=lambda _: [{"Name": "northwind", **several("InPlaceHolds")}],
    )
    return asking


def scopes(login: Login) -> list[str]:
    """What tokens were asked for."""
    return [form["scope"] for form in login.asked("/token")]


def test_no_token_is_asked_for_where_nothing_is_held(asking: Asking, application_login: Login, service: Canned) -> None:
    """F-107: the service is optional, so without a hold to name neither a token nor a request is sent for it."""
    assert held(asking, f"-{BY_POLICY}").rows("retention_policies") == []
    assert set(scopes(application_login)) == OF_EXCHANGE_AND_GRAPH
    assert service.seen == []


def test_it_has_a_token_and_a_place_of_its_own(asking: Asking, application_login: Login, service: Canned) -> None:
    """F-107: its own scope, its own host, Exchange's protocol; Exchange's token does not go there, nor the reverse."""
    held(asking, BY_POLICY).rows("retention_policies")
    assert scopes(application_login)[-1] == SCOPE
    (sent,) = service.seen
    assert (sent.method, sent.path.partition("?")[0].rpartition("/")[2]) == ("POST", "InvokeCommand")
    assert sent.headers["Authorization"] == f"Bearer {application_login.given[-1]}"
    assert sent.headers["X-CmdletName"] == "Get-RetentionCompliancePolicy"
    assert application_login.given[-1] not in {seen.headers.get("Authorization", "")[7:] for seen in asking.asked}


def test_a_policy_is_found_by_the_entrys_guid(asking: Asking, service: Canned) -> None:
    """F-109: `mbx` and 32 digits, the action left out, is a policy's Guid."""
    (row,) = held(asking, BY_POLICY).rows("retention_policies")
    assert row == {
        "Guid": POLICY, "Name": "Seven years", "Enabled": True, "Mode": "Enforce",
        "Workload": "Exchange, SharePoint", "Kind": "other",
    }  # fmt: skip
    assert [order(seen) for seen in service.seen] == [("Get-RetentionCompliancePolicy", {})]


def test_a_hold_is_found_by_the_entrys_guid_and_names_its_case(asking: Asking, service: Canned) -> None:
    """F-110: `UniH` and a GUID is a hold's Guid; its CaseId is the identity of its case."""
    (row,) = held(asking, BY_CASE).rows("case_holds")
    assert row == {"Guid": HOLD, "Name": "Board", "Case": "Litware v. Contoso", "Enabled": True}
    first, second = service.seen
    assert order(first) == ("Get-CaseHoldPolicy", {})
    assert [ordered(part["body"]) for part in second.body["requests"]] == [("Get-ComplianceCase", {"Identity": CASE})]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(403, b"\0" * 12, {"X-ExceptionType": "CmdletAccessDeniedException"}),
        Answer(403, {"error": {"code": "Forbidden", "message": "User is not allowed to call Get-CaseHoldPolicy"}}),
    ],
)
def test_a_refusal_is_told_as_denied(asking: Asking, service: Canned, answer: Answer) -> None:
    """F-107: who may not read it gets no observation with its reason, and no error."""
    service.handlers["/InvokeCommand"] = lambda _: answer
    found = held(asking, BY_CASE).read("case_holds")
    assert isinstance(found, NotObserved)
    assert found.reason is Reason.DENIED


def test_a_refused_token_is_told_as_denied(asking: Asking, application_login: Login, service: Canned) -> None:
    """F-107: a tenant that gives no token for it is no error of the other reads."""
    held(asking, BY_POLICY)
    words = {"error": "invalid_resource", "error_description": "AADSTS500011: The resource principal was not found."}
    application_login.refusals.append(words)
    found = asking.read("retention_policies")
    assert isinstance(found, NotObserved)
    assert found.reason is Reason.DENIED
    assert asking.rows("mailbox_states")
    assert service.seen == []


def test_access_comes_from_the_module_file(asking: Asking, service: Canned) -> None:
    """F-107: what the account may use is what the module file exports; here nothing of policies and cases."""
    (row,) = asking.rows("compliance_access")
    assert row == {"Policies": False, "Cases": False, "Problem": None}
    assert [seen.path.partition("?")[0].rpartition("/")[2] for seen in service.seen] == ["EXOModuleFile"]


def test_a_person_is_not_asked_to_sign_in_for_it(hosts: Hosts, tmp_path: Path, person_login: Login) -> None:
    """F-107: Exchange's sign-in serves for it; without that nobody is shown a prompt."""
    both = replace(hosts, compliance=hosts.exchange, compliance_scope=SCOPE)
    shown: list[str] = []
    given = SignIn(
        project(tmp_path, method="device_code"), "target", both, redactor=Redactor(), clock=NotingClock(),
        show=lambda message, _: shown.append(message),
    )  # fmt: skip
    with pytest.raises(SignInError, match="not enough"):
        given.token("compliance")
    assert shown == []
    given.token("exchange")
    assert given.token("compliance") == person_login.given[-1]
    assert person_login.asked("/token")[-1]["grant_type"] == "refresh_token"
    assert len(shown) == 1


def test_its_rights_are_not_told_as_those_of_the_account(
    hosts: Hosts, tmp_path: Path, application_login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F-107: what a token of the optional service carries is no permission of Graph or Exchange."""
    monkeypatch.setenv("XTMIG_TEST_SECRET", "the-operators-own-secret")
    both = replace(hosts, compliance=hosts.exchange, compliance_scope=SCOPE)
    given = SignIn(project(tmp_path, **BY_SECRET), "target", both, redactor=Redactor(), clock=NotingClock())
    given.token("graph")
    application_login.claims["roles"] = ["Of.Compliance"]
    given.token("compliance")
    assert given.identity().permissions == ("A.B",)


def test_the_inner_host_of_a_redirect_is_the_open_one() -> None:
    """F-108: `{prefix}.admin.protection.outlook.com:446` stands for a host that is open to the world."""
    inner = "https://eur01b.admin.protection.outlook.com:446/adminapi/beta/x/InvokeCommand?$skiptoken=1"
    mended = "https://eur01b.ps.compliance.protection.outlook.com/adminapi/beta/x/InvokeCommand?$skiptoken=1"
    assert normal_port(inner) == mended
    compliance, exchange = live_hosts("worldwide").of_compliance(), live_hosts("worldwide")
    assert compliance is not None
    assert compliance.trusts(mended)
    assert not exchange.trusts(mended)
    assert not compliance.trusts("https://outlook.office365.com/adminapi")
    assert not compliance.trusts("https://ps.compliance.protection.outlook.com.evil.example/x")


@pytest.mark.parametrize("cloud", ["gcc-high", "dod", "china"])
def test_another_cloud_is_not_guessed(cloud: Any) -> None:
    """F-107: where nobody wrote down the host, none is asked."""
    assert live_hosts(cloud).of_compliance() is None


def test_a_host_that_the_project_names_is_asked(tmp_path: Path) -> None:
    """F-107: in such a cloud the project can name the host; tokens are asked for it, and go nowhere else."""
    own = "https://ps.compliance.example.us"
    data = project(tmp_path).model_dump(mode="json") | {"folder": tmp_path}
    data["source"] |= {"cloud": "gcc-high"}
    data["target"] |= {"cloud": "gcc-high", "hosts": {"compliance": own}}
    found = hosts_for(Project.model_validate(data), "target").of_compliance()
    assert found is not None
    assert (found.exchange, found.exchange_scope) == (own, f"{own}/.default")
    assert found.trusts(f"{own}/adminapi")
    assert not found.trusts("https://x.ps.compliance.example.us/adminapi")


@pytest.mark.usefixtures("canned_cloud", "application_login")
def test_a_tenant_without_its_host_says_so(tmp_path: Path) -> None:
    """F-107: the tenant connects without it, and says why it is not asked."""
    tenant = connect(project(tmp_path, **BY_SECRET), "target", redactor=Redactor(), clock=NotingClock())
    with pytest.raises(UsageError, match="is not asked"):
        _ = tenant.compliance.offered()
