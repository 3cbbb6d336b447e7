"""Why a move fails: each check looks at the state of both tenants and answers with the service's own error.

Names of exceptions: the document's (lines 883 to 985) and failures 2.1 to 2.3; those marked [MEM] are from memory.
Where no source names one it is `MigrationPermanentException` [INF]. The first cause that applies is reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .causes_content import CONTENT
from .causes_objects import OBJECTS
from .causes_trust import TRUST

if TYPE_CHECKING:
    from .case import Case
    from .model import Failure

CAUSES = (*TRUST, *OBJECTS, *CONTENT)


def failure_of(case: Case) -> Failure | None:
    """The first thing that keeps a user from going on, or None.

    Args:
        case: The user at this moment.
    """
    sticky = case.mover.failure
    if case.validating and sticky is not None and sticky.sticky:
        return sticky
    return next((failure for check in CAUSES if (failure := check(case)) is not None), None)
