"""Verifying what an archive keeps beside its page: tables of exhibits, copies of files, and that none is missing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from xtmig_kernel.outputs import stays_inside
from xtmig_kernel.report import places, products
from xtmig_kernel.report.artifacts import content_of, detail_tables, is_place_of, kept_tables
from xtmig_kernel.report.tables import csv_text, rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from xtmig_kernel.report.model import ExhibitFact, Result
    from xtmig_kernel.store import Entry


def artifact_problems(folder: Path, result: Result, entries: Sequence[Entry], listed: Collection[str]) -> Iterator[str]:
    """What is wrong with the tables and copies of an archive, one sentence each.

    Args:
        folder: The archive's folder.
        result: What its `result.json` says.
        entries: What its `ledger.jsonl` holds.
        listed: Names of the files in its manifest.
    """
    wanted = [fact.artifact for fact in result.exhibits] + [fact.artifact for fact in result.files if fact.artifact]
    missing = dict.fromkeys(name for name in [*wanted, *detail_tables(result)] if name not in listed)
    yield from (f"manifest.json does not list {name}" for name in missing)
    try:
        told = products.exhibits(entries, result.run.id)
        rows = products.exhibit_rows(entries)
        written = {(file.name, file.sha256) for file in products.files(entries, result.run.id)}
    except (KeyError, TypeError, ValueError, AttributeError):
        yield "ledger.jsonl holds exhibits or files that this version cannot read"
        return
    if not {fact for fact in result.exhibits if fact.this_run} <= set(told):
        yield "result.json holds exhibits of this run that its ledger entries do not hold"
    tables = kept_tables(folder, result)
    for fact in result.exhibits:
        yield from _table_problems(fact, tables, rows)
    yield from _account_problems(result, tables)
    yield from _copy_problems(folder, result, written)


def _account_problems(result: Result, tables: Mapping[str, str]) -> Iterator[str]:
    """Where the account is not what its own table comes to."""
    fact = next((fact for fact in result.exhibits if fact.name == products.ACCOUNT), None)
    if fact is None or result.account is None:
        if fact is not None or result.account is not None:
            yield "result.json has an account without its table, or a table without the account"
        return
    text = tables.get(fact.artifact)
    if text is None:
        return
    try:
        counted = products.account_counts(fact.columns, rows_of(text))
    except (ValueError, IndexError):
        yield f"{fact.artifact} is no account of mailboxes"
        return
    if any(getattr(result.account, name) != number for name, number in counted.items()):
        yield f"result.json: account is not what {fact.artifact} comes to"


def _table_problems(
    fact: ExhibitFact, tables: Mapping[str, str], rows: Mapping[str, Sequence[Sequence[str | int]]]
) -> Iterator[str]:
    if not is_place_of(fact):
        yield f"result.json names {fact.artifact} for the exhibit {fact.name}, where no archive keeps it"
        return
    text = tables.get(fact.artifact)
    if text is None:
        return
    try:
        held = rows_of(text)
    except ValueError:
        yield f"{fact.artifact} is no table that xtmig wrote"
        return
    first = csv_text(fact.columns, fact.rows)
    if len(held) != fact.number_of_rows or not text.startswith(first):
        yield f"{fact.artifact} does not hold what result.json says of it"
    if fact.this_run and text != csv_text(fact.columns, rows.get(fact.name, ())):
        yield f"{fact.artifact} does not hold what the ledger's entries say"


def _copy_problems(folder: Path, result: Result, written: Collection[tuple[str, str]]) -> Iterator[str]:
    for file in result.files:
        if file.this_run and (file.name, file.sha256) not in written:
            yield f"result.json says of {file.name} what its ledger entries do not say"
        if file.artifact is None:
            continue
        if file.artifact != places.copied_file(file.name) or not stays_inside(file.name):
            yield f"result.json names {file.artifact} as the copy of {file.name}, where no archive keeps it"
            continue
        content = content_of(folder / file.artifact)
        if content is not None and f"sha256:{hashlib.sha256(content).hexdigest()}" != file.sha256:
            yield f"{file.artifact} is not {file.name} as it was written"
