"""The changes of sections 080 and 100 in Exchange on the wire: users, groups, the source's relationship, batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from canned_calls import credential, decrypted, ready, sent, sent_order
from canned_reads import place
from canned_wire import Answer
from core_facts import APP_ID, OTHER_ID, TARGET_ID, make_project, planned
from prepared_facts import ARCHIVE, EXTERNAL, INITIAL, NOBODY, OWN, X400, lara, previous, source
from scope_facts import GROUP_ID, STRANGER, member
from user_facts import (
    ADD_ON_SKU,
    LARA_DN,
    LARA_GUID,
    LARA_ID,
    LARA_X500,
    SCOPE,
    chosen,
    directory_user,
    lara_mail_user,
    lara_mailbox,
)

from xtmig_kernel.changes import GraphCall
from xtmig_kernel.m365 import CallReply, UncertainWrite

if TYPE_CHECKING:
    from canned_wire import Canned, Seen

    from xtmig_kernel.m365 import TargetTenant

HASHTABLE = "#Exchange.GenericHashTable"
LIVE_LAG_SECONDS = 90
"""How long others saw a new MailUser take until a read found it."""


def test_a_mail_user_is_created(target: TargetTenant, canned: Canned) -> None:
    """F-54: the parameter set MicrosoftOnlineServicesID: sign-in name and password, names and the three addresses."""
    name, parameters = sent_order(target, canned, "100.2", **NOBODY)
    assert "New-MailUser" == name
    del parameters["Password"]
    assert parameters == {
        "Name": "LaraN",
        "MicrosoftOnlineServicesID": INITIAL,
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "FirstName": "Lara",
        "LastName": "Newton",
        "ExternalEmailAddress": EXTERNAL,
        "PrimarySmtpAddress": OWN,
        "Confirm": False,
    }


def test_a_password_is_one_encrypted_text(target: TargetTenant, canned: Canned) -> None:
    """F-54: the password is encrypted by the session's key, the text itself and no object around it."""
    given = make_project(target_users__password_length=24)
    (seen,) = sent(target, canned, "100.2", given, **NOBODY)
    password = decrypted(seen.body["CmdletInput"]["Parameters"]["Password"])
    kinds = [str.islower, str.isupper, str.isdigit]
    assert (24, [True] * 3) == (len(password), [any(map(kind, password)) for kind in kinds])
    with pytest.raises(json.JSONDecodeError):
        credential(seen.body["CmdletInput"]["Parameters"]["Password"])


def test_names_that_are_not_there_are_not_sent(target: TargetTenant, canned: Canned) -> None:
    """F-54: a first or last name that is missing is no parameter, not a blank one."""
    nameless = {"source__exchange_users": {"FirstName": None, "LastName": ""}}
    _, parameters = sent_order(target, canned, "100.2", **NOBODY, **nameless)
    assert not {"FirstName", "LastName"} & parameters.keys()


def test_a_new_mail_user_is_waited_for() -> None:
    """F-55: a new MailUser is looked for longer than others saw it take, before anything is said of it."""
    (change,) = planned("100.2", **NOBODY)
    assert change.lag_seconds >= LIVE_LAG_SECONDS


BARE: dict[str, Any] = {"ExchangeGuid": None, "ArchiveGuid": None, "X500Addresses": [], "CustomAttributes": []}


def stamp(target: TargetTenant, canned: Canned, **mail_user: Any) -> dict[str, Any]:
    """The parameters of the stamp that mends a MailUser."""
    world = lara(**mail_user) | source(ArchiveGuid=ARCHIVE, OtherAddresses=[X400, "SIP:lara@contoso.com"])
    name, parameters = sent_order(target, canned, "100.3", **world)
    assert "Set-MailUser" == name
    return parameters


def test_a_stamp_is_one_call(target: TargetTenant, canned: Canned) -> None:
    """F-56: GUIDs go as text, and all addresses as one plain list that replaces what was there."""
    assert stamp(target, canned, **BARE) == {
        "Identity": INITIAL,
        "ExchangeGuid": LARA_GUID,
        "ArchiveGuid": ARCHIVE,
        "EmailAddresses": [f"SMTP:{OWN}", f"smtp:{INITIAL}", LARA_X500, f"x500:{LARA_DN}", X400],
        "CustomAttribute1": "Cross-Tenant-Project",
        "Confirm": False,
    }


def test_what_is_right_is_not_sent(target: TargetTenant, canned: Canned) -> None:
    """F-56: a list that replaces everything is sent only where an address is wrong."""
    assert {"Identity", "ArchiveGuid", "EmailAddresses", "Confirm"} == stamp(target, canned).keys()
    right = lara(ArchiveGuid=None, CustomAttributes=[])
    assert {"Identity", "CustomAttribute1", "Confirm"} == sent_order(target, canned, "100.3", **right)[1].keys()


@pytest.mark.parametrize("wrong", [BARE, {"PrimarySmtpAddress": INITIAL}, {"PrimarySmtpAddress": EXTERNAL}])
def test_the_primary_address_is_the_one_in_capitals(
    target: TargetTenant, canned: Canned, wrong: dict[str, Any]
) -> None:
    """F-57: the primary address goes in the list, its prefix in capitals, and PrimarySmtpAddress never beside it."""
    parameters = stamp(target, canned, **wrong)
    assert "PrimarySmtpAddress" not in parameters
    assert [f"SMTP:{OWN}"] == [address for address in parameters["EmailAddresses"] if address.startswith("SMTP:")]


def test_a_foreign_address_is_taken_off_by_name(target: TargetTenant, canned: Canned) -> None:
    """F-56: EmailAddresses also takes a hashtable with Remove, which leaves the other addresses alone."""
    foreign = lara(SmtpAddresses=[OWN, INITIAL, "lara@fabrikam.example"])
    name, parameters = sent_order(target, canned, "100.4", **foreign)
    assert ("Set-MailUser", INITIAL) == (name, parameters["Identity"])
    assert {"@odata.type": HASHTABLE, "Remove": ["smtp:lara@fabrikam.example"]} == parameters["EmailAddresses"]


def test_a_previous_mailbox_is_cleared_unasked(target: TargetTenant, canned: Canned) -> None:
    """F-58: Set-User takes PermanentlyClearPreviousMailboxInfo, and Confirm false, for nobody can be asked."""
    agreed = {"PreviousMailbox": "clear", "PreviousMailboxExport": "x.pst", "PreviousMailboxAgreedBy": "Lara"}
    name, parameters = sent_order(target, canned, "100.1", **previous(**agreed))
    assert "Set-User" == name
    assert {"Identity": INITIAL, "PermanentlyClearPreviousMailboxInfo": True, "Confirm": False} == parameters


def test_a_scope_group_is_a_security_group(target: TargetTenant, canned: Canned) -> None:
    """F-59: Type Security makes a mail-enabled security group; without it the service makes a plain list."""
    name, parameters = sent_order(target, canned, "080.2", source__distribution_groups=[])
    assert "New-DistributionGroup" == name
    assert {"Name": SCOPE, "Alias": SCOPE, "Type": "Security", "Confirm": False} == parameters


@pytest.mark.parametrize(
    ("cmdlet", "members", "who"),
    [
        ("Add-DistributionGroupMember", [], LARA_ID),
        ("Remove-DistributionGroupMember", [member(), STRANGER], OTHER_ID),
    ],
)
def test_members_come_and_go_by_object_id(
    target: TargetTenant, canned: Canned, cmdlet: str, members: list[Any], who: str
) -> None:
    """F-60: one member a call, group and member by object ID, past the check for owners."""
    name, parameters = sent_order(target, canned, "080.3", source__scope_members=members)
    assert cmdlet == name
    expected = {"Identity": GROUP_ID, "Member": who, "BypassSecurityGroupManagerCheck": True, "Confirm": False}
    assert expected == parameters


RELATIONSHIPS = "source__organization_relationships"


def test_a_new_relationship_publishes_a_list(target: TargetTenant, canned: Canned) -> None:
    """F-61: a new relationship takes its groups as a plain list, and the application that may pull."""
    name, parameters = sent_order(target, canned, "080.4", **{RELATIONSHIPS: []})
    assert ("New-OrganizationRelationship", [SCOPE]) == (name, parameters["MailboxMovePublishedScopes"])
    assert ([TARGET_ID], APP_ID) == (parameters["DomainNames"], parameters["OAuthApplicationId"])


def test_groups_are_added_to_what_is_published(target: TargetTenant, canned: Canned) -> None:
    """F-61: a plain list would replace the groups that are there, so a hashtable with Add goes to the service."""
    name, parameters = sent_order(target, canned, "080.4", **{RELATIONSHIPS: {"MailboxMovePublishedScopes": ["other"]}})
    assert "Set-OrganizationRelationship" == name
    assert {"@odata.type": HASHTABLE, "Add": [SCOPE]} == parameters["MailboxMovePublishedScopes"]


def test_another_application_is_not_overwritten_in_passing(target: TargetTenant, canned: Canned) -> None:
    """F-61: a relationship holds one application; what is given replaces it, so it is a change of its own."""
    there = {"OAuthApplicationId": OTHER_ID, "Enabled": False}
    plain, replacing = sent(target, canned, "080.4", **{RELATIONSHIPS: there})
    assert "OAuthApplicationId" not in plain.body["CmdletInput"]["Parameters"]
    assert APP_ID == replacing.body["CmdletInput"]["Parameters"]["OAuthApplicationId"]


def three() -> dict[str, Any]:
    """Three users of users.csv who belong to no scope group yet."""
    names = [f"u{number}" for number in range(3)]
    return {
        "source__scope_members": [],
        "source__chosen_users": [chosen(SourceAddress=f"{name}@contoso.com") for name in names],
        "source__mailboxes": [
            lara_mailbox(ObjectId=name, PrimarySmtpAddress=f"{name}@contoso.com", SmtpAddresses=[]) for name in names
        ],
    }


def part(number: int, status: int, body: Any = None) -> dict[str, Any]:
    """A member of a batch's answer."""
    return {"id": str(number), "status": status, "headers": {}, "body": body}


def together(target: TargetTenant, canned: Canned, *answers: Answer) -> tuple[list[Any], list[Seen]]:
    """What three additions to a group in one batch give, and the requests that were sent."""
    canned.queue(*answers)
    before = len(canned.seen)
    replies = target.run_many([ready(change.calls[0]) for change in planned("080.3", **three())])
    return replies, canned.seen[before:]


BUSY = {"error": {"code": "TooManyRequests", "message": "Busy."}}
REFUSED = {"error": {"code": "BadRequest", "details": [{"message": "Ex|Microsoft.X.MemberRefusedException|no"}]}}


def test_writes_of_a_batch_have_their_own_outcomes(target: TargetTenant, canned: Canned) -> None:
    """F-64: each member of a batch is done or refused by itself, and is a whole request of its own."""
    answers = [part(2, 200, {"value": []}), part(0, 200, {"value": []}), part(1, 400, REFUSED)]
    replies, (seen,) = together(target, canned, Answer(body={"responses": answers}))
    assert [True, False, True] == [isinstance(reply, CallReply) for reply in replies]
    assert "MemberRefusedException" == replies[1].exception_type
    orders = [request["body"]["CmdletInput"] for request in seen.body["requests"]]
    assert ["u0", "u1", "u2"] == [order["Parameters"]["Member"] for order in orders]
    headers = [request["headers"] for request in seen.body["requests"]]
    assert ["Add-DistributionGroupMember"] * 3 == [header["X-CmdletName"] for header in headers]
    assert all(header["Authorization"].startswith("Bearer ") for header in headers)


def test_a_busy_write_of_a_batch_is_sent_alone(target: TargetTenant, canned: Canned) -> None:
    """F-64: a member that was throttled was not done, so that one is sent again, alone."""
    answers = [part(0, 200, {"value": []}), part(1, 429, BUSY), part(2, 200, {"value": []})]
    batch = Answer(body={"responses": answers})
    replies, (_, again) = together(target, canned, batch, Answer(body={"value": []}))
    assert [CallReply] * 3 == [type(reply) for reply in replies]
    assert place(again).endswith("/InvokeCommand")
    assert "u1" == again.body["CmdletInput"]["Parameters"]["Member"]


def test_a_write_that_a_batch_does_not_answer_may_be_done(target: TargetTenant, canned: Canned) -> None:
    """F-64: a member without an answer, or with a server fault, is open, and is never sent again."""
    answers = [part(0, 200, {"value": []}), part(2, 503)]
    replies, requests = together(target, canned, Answer(body={"responses": answers}))
    assert [CallReply, UncertainWrite, UncertainWrite] == [type(reply) for reply in replies]
    assert 1 == len(requests)


def test_licences_of_a_batch_have_their_own_outcomes(target: TargetTenant, canned: Canned) -> None:
    """F-64: in Graph's batch too a member that was throttled is sent again alone, and one without an answer is open."""
    body = {"addLicenses": [{"skuId": ADD_ON_SKU, "disabledPlans": []}], "removeLicenses": []}
    calls = [GraphCall("POST", "/users/{id}/assignLicense", {"id": f"u{n}"}, body) for n in range(3)]
    first = Answer(body={"responses": [part(0, 429, BUSY), part(1, 200, {"id": "u1"})]})
    canned.queue(first, Answer(body={"responses": [part(0, 200, {"id": "u0"})]}))
    before = len(canned.seen)
    replies = target.run_many(calls)
    assert [CallReply, CallReply, UncertainWrite] == [type(reply) for reply in replies]
    one, two = (seen.body["requests"] for seen in canned.seen[before:])
    assert ["/users/u0/assignLicense", "/users/u1/assignLicense", "/users/u2/assignLicense"] == [m["url"] for m in one]
    assert [("0", body)] == [(member["id"], member["body"]) for member in two]
    assert "application/json" == one[0]["headers"]["Content-Type"]


def test_twenty_licences_go_in_a_request(target: TargetTenant, canned: Canned) -> None:
    """F-64: Graph takes twenty writes in a request, Exchange ten."""
    body = {"addLicenses": [], "removeLicenses": []}
    calls = [GraphCall("POST", "/users/{id}/assignLicense", {"id": f"u{n}"}, body) for n in range(21)]
    answers = [part(n, 200, {"id": f"u{n}"}) for n in range(20)]
    canned.queue(Answer(body={"responses": answers}), Answer(body={"responses": answers[:1]}))
    before = len(canned.seen)
    assert [CallReply] * 21 == [type(reply) for reply in target.run_many(calls)]
    assert [20, 1] == [len(seen.body["requests"]) for seen in canned.seen[before:]]


def test_the_directorys_id_is_the_same_in_both_services() -> None:
    """F-66: Graph's id of a user is Exchange's ExternalDirectoryObjectId, by which licences find their MailUser."""
    stranger = {"target__directory_users": [directory_user("target", Id=OTHER_ID, SkuIds=[])]}
    unlicensed = {"target__mail_users": [lara_mail_user(PersistedCapabilities=[])]}
    assert () == planned("100.7", **unlicensed, **stranger)
