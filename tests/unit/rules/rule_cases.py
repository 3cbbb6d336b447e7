"""For each rule, worlds in which it does not pass; in the configured world of `core_facts` each one passes.

A case is (what is altered in the configured world, the verdicts that are due, what is altered in the project).
"""

from __future__ import annotations

import cases_access
import cases_after
import cases_batches
import cases_close
import cases_connect
import cases_cutover
import cases_failures
import cases_licensing
import cases_matching
import cases_preflight
import cases_scope
import cases_settings
import cases_stay
import cases_users
from rule_case import Case

NOT_PASSING: dict[str, list[Case]] = {}
PASSING: dict[str, list[Case]] = {}
MORE = (
    cases_access,
    cases_after,
    cases_batches,
    cases_close,
    cases_connect,
    cases_cutover,
    cases_failures,
    cases_licensing,
    cases_matching,
    cases_preflight,
    cases_scope,
    cases_settings,
    cases_stay,
    cases_users,
)
for more in MORE:
    NOT_PASSING |= more.NOT_PASSING
    PASSING |= more.PASSING
