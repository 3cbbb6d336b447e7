"""070 Target: endpoint and relationship: customization, the migration endpoint with its secret, the relationship."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from xtmig_kernel.changes import (
    Change,
    Credential,
    ExchangeCall,
    GraphCall,
    Later,
    Level,
    MintedSecret,
    ReferredSecret,
    Subject,
)
from xtmig_kernel.clock import from_text
from xtmig_kernel.powershell import quoted
from xtmig_kernel.project.clouds import REMOTE_SERVERS
from xtmig_kernel.rules.endpoint import needed_until, secret_refused
from xtmig_kernel.rules.objects import (
    credential_number,
    our_application,
    our_credentials,
    our_endpoint,
)
from xtmig_kernel.runbook.customization import customization_plan
from xtmig_kernel.runbook.relationships import RelationshipPlan
from xtmig_kernel.runbook.secrets import remove_secret
from xtmig_kernel.runbook.sections.s050_application import application_subject
from xtmig_kernel.runbook.step import Section, Step

if TYPE_CHECKING:
    from datetime import datetime

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

ENDPOINT_FACTS = ("target.migration_endpoints", "target.applications", "target.application_credentials")
CONSENT_FACTS = tuple(
    f"{side}.{table}"
    for side in ("target", "source")
    for table in ("granted_roles", "exchange_resource", "consent_link")
)
PLAN_RELATIONSHIP = RelationshipPlan(
    side="target",
    step="070.5",
    new=("REL-01", "REL-03", "REL-06", "REL-07", "REL-08", "REL-09"),
    changed=("REL-01", "REL-05", "REL-07", "REL-08", "REL-09"),
)
BEFORE_ENDPOINT = ("target-customized", "target-consent-granted", "source-consent-granted")


def plan_endpoint(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Create the migration endpoint with its secret (EPT-02 to EPT-09)."""
    if our_endpoint(seen, project) is not None:
        return ()
    application_id = _application(seen, project, "AppId")
    after = {
        "EndpointType": "ExchangeRemoteMove",
        "RemoteServer": REMOTE_SERVERS[project.source.cloud][0],
        "RemoteTenant": project.source.domain,
        "ApplicationId": application_id,
    }
    create = ExchangeCall(
        "New-MigrationEndpoint",
        {
            "Name": project.endpoint_name,
            "ExchangeRemoteMove": True,
            "RemoteServer": after["RemoteServer"],
            "RemoteTenant": after["RemoteTenant"],
            "Credentials": _credential(project, application_id),
            "ApplicationId": application_id,
        },
    )
    calls: tuple[GraphCall | ExchangeCall, ...] = (create,)
    if project.secret.origin == "minted":
        calls = (_mint(seen, project), create)
    return (
        Change(
            step="070.2",
            side="target",
            tenant_id=project.target.tenant_id,
            subject=_endpoint_subject(project),
            title=f"Create migration endpoint {project.endpoint_name}",
            before=None,
            after=after,
            calls=calls,
            level=Level.UNDOABLE,
            undo=f"Remove-MigrationEndpoint -Identity {quoted(project.endpoint_name)}, then remove the secret "
            "from the application.",
            statements=("EPT-02", "EPT-03", "EPT-06", "EPT-08", "EPT-09", "APP-11", "APP-12"),
        ),
    )


def plan_renewal(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give the endpoint a new secret where the old one is refused, ends too soon, or must be reset (APP-15)."""
    endpoint, test = our_endpoint(seen, project), seen.one("target.endpoint_test")
    if endpoint is None or test is None or not _is_ours(endpoint, seen, project):
        return ()
    refused = test["Result"] != "Success" and secret_refused(f"{test['Message']} {test['ErrorDetail']}")
    if project.secret.origin == "provided":
        return (_provided_renewal(project, seen),) if refused else ()
    newest = next(reversed(our_credentials(seen, project)), None)
    right = (
        newest is not None
        and credential_number(newest) >= project.secret.generation
        and from_text(str(newest["EndsAt"])) >= needed_until(project, seen.now)
    )
    return () if right and not refused else (_minted_renewal(project, seen),)


def _is_ours(endpoint: Row, seen: Seen, project: Project) -> bool:
    """Whether the endpoint of our name is the one for this move; another one is never given our secret."""
    application = our_application(seen, project)
    return (
        application is not None
        and endpoint["EndpointType"] == "ExchangeRemoteMove"
        and str(endpoint["RemoteTenant"]).casefold() == project.source.domain
        and str(endpoint["ApplicationId"]).casefold() == application["AppId"]
    )


def _minted_renewal(project: Project, seen: Seen) -> Change:
    name, ends = _next_credential(seen, project)
    return Change(
        step="070.3",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "application_credentials", (("DisplayName", name),), f"client secret {name}"),
        title=f"Give endpoint {project.endpoint_name} a new secret",
        before=None,
        after={"DisplayName": name, "EndsAt": ends},
        calls=(_mint(seen, project), _set_credentials(seen, project)),
        level=Level.UNDOABLE,
        undo="The secret before it stays valid until step 070.4 removes it; the endpoint can be given another one.",
        statements=("APP-15", "APP-11", "APP-12"),
    )


def _provided_renewal(project: Project, seen: Seen) -> Change:
    name = project.endpoint_name
    return Change(
        step="070.3",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "endpoint_test", (("Endpoint", name),), f"credentials of endpoint {name}"),
        title=f"Give endpoint {name} the secret that is provided",
        before={"Result": "Failed"},
        after={"Result": "Success"},
        calls=(_set_credentials(seen, project),),
        level=Level.UNDOABLE,
        undo="Give the endpoint the secret before it again.",
        statements=("APP-15",),
    )


def plan_old_secrets(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Remove this project's secrets that newer ones replaced, once the endpoint works with the newest."""
    test, application = seen.one("target.endpoint_test"), our_application(seen, project)
    if test is None or test["Result"] != "Success" or application is None:
        return ()
    replaced = our_credentials(seen, project)[:-1]
    return tuple(remove_secret(project, str(application["Id"]), row, "070.4", Level.NAMED) for row in replaced)


def _endpoint_subject(project: Project) -> Subject:
    name = project.endpoint_name
    return Subject("target", "migration_endpoints", (("Identity", name),), f"migration endpoint {name}")


def _application(seen: Seen, project: Project, attribute: str) -> str | Later:
    row = our_application(seen, project)
    return str(row[attribute]) if row else Later(application_subject(project), attribute)


def _credential(project: Project, application_id: str | Later) -> Credential:
    reference = project.secret.reference
    return Credential(application_id, ReferredSecret(reference) if reference else MintedSecret())


def _set_credentials(seen: Seen, project: Project) -> ExchangeCall:
    application_id = _application(seen, project, "AppId")
    return ExchangeCall(
        "Set-MigrationEndpoint",
        {
            "Identity": project.endpoint_name,
            "Credentials": _credential(project, application_id),
            "ApplicationId": application_id,
        },
    )


def _next_credential(seen: Seen, project: Project) -> tuple[str, str]:
    numbers = [credential_number(row) for row in our_credentials(seen, project)]
    number = max([*numbers, project.secret.generation - 1]) + 1
    ends: datetime = max(seen.now + timedelta(days=project.secret.valid_days), needed_until(project, seen.now))
    # the next midnight, so that the same plan of the same day has the same hash
    return f"{project.credential_prefix}{number}", f"{ends + timedelta(days=1):%Y-%m-%d}T00:00:00Z"


def _mint(seen: Seen, project: Project) -> GraphCall:
    name, ends = _next_credential(seen, project)
    return GraphCall(
        "POST",
        "/applications/{id}/addPassword",
        {"id": _application(seen, project, "Id")},
        {"passwordCredential": {"displayName": name, "endDateTime": ends}},
    )


SECTION = Section(
    number="070",
    slug="target-endpoint-and-relationship",
    title="Target: endpoint and relationship",
    purpose="Give the target its migration endpoint, with a secret minted here, and its relationship with the source.",
    sides=("target", "source"),
    steps=(
        Step(
            id="070.1",
            title="Enable organization customization",
            side="target",
            why="A dehydrated organisation refuses endpoints and relationships.",
            reads=("target.organization_config",),
            verifies=("target-customized",),
            plans_from=("target.organization_config",),
            plan=customization_plan("target", "070.1"),
        ),
        Step(
            id="070.2",
            title="Create the migration endpoint",
            side="target",
            why="Batches name this endpoint to reach the source tenant.",
            reads=(*ENDPOINT_FACTS, "target.organization_config", *CONSENT_FACTS, "source.organization_relationships"),
            verifies=(
                "endpoint-cross-tenant",
                "endpoint-server",
                "endpoint-remote-tenant",
                "endpoint-application",
                "endpoint-no-key-vault",
                "configuration-order",
            ),
            plans_from=ENDPOINT_FACTS,
            plan=plan_endpoint,
            requires=BEFORE_ENDPOINT,
        ),
        Step(
            id="070.3",
            title="Keep the endpoint's secret valid",
            side="target",
            why="The endpoint keeps its own copy of the secret; when that one ends, every move stops.",
            reads=(*ENDPOINT_FACTS, "target.endpoint_test"),
            verifies=("endpoint-tested", "secret-valid", "secret-kept"),
            plans_from=(*ENDPOINT_FACTS, "target.endpoint_test"),
            plan=plan_renewal,
            requires=("endpoint-cross-tenant", "endpoint-remote-tenant", "endpoint-application"),
        ),
        Step(
            id="070.4",
            title="Remove secrets that were replaced",
            side="target",
            why="A secret that nothing uses is only a risk.",
            reads=(*ENDPOINT_FACTS, "target.endpoint_test"),
            verifies=("endpoint-tested",),
            plans_from=(*ENDPOINT_FACTS, "target.endpoint_test"),
            plan=plan_old_secrets,
            requires=("endpoint-tested",),
        ),
        Step(
            id="070.5",
            title="Open the organization relationship with the source",
            side="target",
            why="Without it the target refuses to pull mailboxes from the source.",
            reads=("target.organization_relationships", "target.organization_config"),
            verifies=(
                "target-relationship-found",
                "target-relationship-by-id",
                "target-relationship-enabled",
                "target-relationship-moves",
                "target-relationship-inbound",
            ),
            plans_from=("target.organization_relationships",),
            plan=PLAN_RELATIONSHIP,
            requires=("target-customized",),
        ),
    ),
    document=("Target: endpoint and relationship",),
)
