"""Samples and their roll-ups in the store."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from caseserver.samples import HOUR_US, MINUTE_US, Bucket, Cell, Flush, Key, Series
from caseserver.store.database import Database
from caseserver.store.schema import sample, sample_hour, sample_minute

MINUTES_SHOWN_US = 6 * HOUR_US
"""A plot of at most this length is drawn from minutes, a longer one from hours."""


def save(connection: Connection, flush: Flush) -> None:
    """Write samples and add the roll-ups to what is there."""
    if flush.samples:
        rows = [
            {
                "gateway": s.gateway,
                "source": s.source,
                "at_us": s.at_us,
                "is_seen": s.reading.is_seen,
                "age_ms": s.reading.age_ms,
                "queue": s.reading.queue,
            }
            for s in flush.samples
        ]
        connection.execute(upsert(sample).on_conflict_do_nothing(), rows)
    _add(connection, sample_minute, flush.minutes)
    _add(connection, sample_hour, flush.hours)


def prune(connection: Connection, now_us: int, samples_kept_days: int, minutes_kept_days: int) -> None:
    """Forget samples and minutes older than their limits; hours stay."""
    day_us = 24 * HOUR_US
    connection.execute(delete(sample).where(sample.c.at_us < now_us - samples_kept_days * day_us))
    before_s = (now_us - minutes_kept_days * day_us) // 1_000_000
    connection.execute(delete(sample_minute).where(sample_minute.c.at_s < before_s))


def last(database: Database, gateway: str) -> dict[str, tuple[int, bool]]:
    """Source -> (at_us, is_seen) of its newest sample."""
    newest = (
        select(sample.c.source, func.max(sample.c.at_us).label("at_us"))
        .where(sample.c.gateway == gateway)
        .group_by(sample.c.source)
        .subquery()
    )
    query = select(sample.c.source, sample.c.at_us, sample.c.is_seen).join(
        newest, (sample.c.source == newest.c.source) & (sample.c.at_us == newest.c.at_us)
    )
    with database.reading() as connection:
        return {
            row[0]: (row[1], bool(row[2]))
            for row in connection.execute(query.where(sample.c.gateway == gateway))
        }


def coverage(database: Database, gateway: str, from_us: int, to_us: int) -> list[Series]:
    """Coverage of every source between two instants, by minutes or hours, sources in order of name."""
    is_short = to_us - from_us <= MINUTES_SHOWN_US
    table, size_us = (sample_minute, MINUTE_US) if is_short else (sample_hour, HOUR_US)
    query = (
        select(table)
        .where(
            table.c.gateway == gateway,
            table.c.at_s >= from_us // size_us * (size_us // 1_000_000),
            table.c.at_s < -(-to_us // 1_000_000),
        )
        .order_by(table.c.source, table.c.at_s)
    )
    with database.reading() as connection:
        rows = connection.execute(query).mappings().all()
    found: dict[str, list[Cell]] = {}
    worst: dict[str, tuple[int, int]] = {}
    for row in rows:
        source = row["source"]
        cell = Cell(
            row["at_s"] * 1_000_000,
            size_us // 1_000_000,
            row["seen_ms"] // 1000,
            -(-row["unseen_ms"] // 1000),
        )
        found.setdefault(source, []).append(cell)
        age, queue = worst.get(source, (0, 0))
        worst[source] = (max(age, row["age_ms_max"]), max(queue, row["queue_max"]))
    return [Series(source, tuple(cells), *worst[source]) for source, cells in found.items()]


def _add(connection: Connection, table: Table, buckets: Mapping[Key, Bucket]) -> None:
    if not buckets:
        return
    rows = [
        {
            "gateway": gateway,
            "source": source,
            "at_s": at_s,
            "seen_ms": bucket.seen_ms,
            "unseen_ms": bucket.unseen_ms,
            "samples": bucket.samples,
            "age_ms_max": bucket.age_ms_max,
            "queue_max": bucket.queue_max,
        }
        for (gateway, source, at_s), bucket in buckets.items()
    ]
    statement = upsert(table)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "source", "at_s"],
        set_={
            "seen_ms": table.c.seen_ms + new.seen_ms,
            "unseen_ms": table.c.unseen_ms + new.unseen_ms,
            "samples": table.c.samples + new.samples,
            "age_ms_max": func.max(table.c.age_ms_max, new.age_ms_max),
            "queue_max": func.max(table.c.queue_max, new.queue_max),
        },
    )
    connection.execute(statement, rows)
