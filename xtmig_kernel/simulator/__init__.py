"""Two Microsoft 365 tenants on this machine's loopback, for practice and tests.

One process, one event loop, state in memory, one port per service. It is written from the wire facts
(docs/reference/wire-facts.md) and Microsoft's documentation, never from xtmig's own client, so that the two can
disagree. It imports nothing else of this package, and nothing imports it: start it as
`python -m xtmig_kernel.simulator`.
"""
