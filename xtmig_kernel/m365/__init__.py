"""The wire: clouds, sign-in, HTTP policy, Exchange admin, Graph, and the two tenants."""

from xtmig_kernel.m365.clouds import Hosts, consent_url, hosts_for, live_hosts
from xtmig_kernel.m365.connection import look_at_connections
from xtmig_kernel.m365.exchange import ExchangeClient
from xtmig_kernel.m365.exchange_contract import writes
from xtmig_kernel.m365.exchange_errors import PageLinkExpired
from xtmig_kernel.m365.exchange_service import ExchangeService, Page, Reply
from xtmig_kernel.m365.graph import GraphClient, GraphPage, GraphReply, GraphRequest, GraphService
from xtmig_kernel.m365.http import TimedOut, UncertainWrite
from xtmig_kernel.m365.identity import Identity
from xtmig_kernel.m365.lookup import look_up_domain
from xtmig_kernel.m365.parameters import CLEAR, PSCredential
from xtmig_kernel.m365.reasons import as_reason
from xtmig_kernel.m365.sign_in import SignIn
from xtmig_kernel.m365.simulated import SimulatedClock, clock_for
from xtmig_kernel.m365.tenants import CallReply, SourceTenant, TargetTenant, Tenant, connect, identify
from xtmig_kernel.m365.values import size_bytes
from xtmig_kernel.m365.waits import is_about_a_wait

__all__ = [
    "CLEAR",
    "CallReply",
    "ExchangeClient",
    "ExchangeService",
    "GraphClient",
    "GraphPage",
    "GraphReply",
    "GraphRequest",
    "GraphService",
    "Hosts",
    "Identity",
    "PSCredential",
    "Page",
    "PageLinkExpired",
    "Reply",
    "SignIn",
    "SimulatedClock",
    "SourceTenant",
    "TargetTenant",
    "Tenant",
    "TimedOut",
    "UncertainWrite",
    "as_reason",
    "clock_for",
    "connect",
    "consent_url",
    "hosts_for",
    "identify",
    "is_about_a_wait",
    "live_hosts",
    "look_at_connections",
    "look_up_domain",
    "size_bytes",
    "writes",
]
