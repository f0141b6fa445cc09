"""Tables of the store. `leaf` is append-only (triggers in migration 0001); all else can be made from it again,
except what only the server knows: accounts, sessions, second factors, tokens, changes, pending facts, quarantine, samples, own alarms, cosignatures,
drawn plans, who
was called about an alarm and who is on duty (these are in the server's own log too).
`audit` is the projection of the server's own log, and holds what waits for its place in it.

Times `*_us` are station time, microseconds UTC; times `*_s` are the machine's own clock, POSIX seconds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

leaf = Table(
    "leaf",
    metadata,
    Column("gateway", String(32), primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),  # the exact bytes, without newline
    Column("hash", LargeBinary(32), nullable=False),
    Column("type", String(64), nullable=False),
    Column("leaf_id", String(256), nullable=False),
    Column("stay", String(64)),
    Index("leaf_by_stay", "gateway", "stay", "idx", sqlite_where=text("stay IS NOT NULL")),
    Index("leaf_by_id", "gateway", "leaf_id"),
    Index(
        "leaf_of_officers",
        "gateway",
        "idx",
        sqlite_where=text("type IN ('officer.qualified/1', 'training.recorded/1')"),
    ),
)

item_leaf = Table(
    "item_leaf",
    metadata,
    Column("gateway", String(32), primary_key=True),
    Column("item", String(64), primary_key=True),
    Column("idx", BigInteger, primary_key=True, autoincrement=False),
    Index("item_leaf_by_idx", "gateway", "idx"),
)

gateway_state = Table(
    "gateway_state",
    metadata,
    Column("gateway", String(32), primary_key=True),
    Column("origin", String(128)),  # of its checkpoints; pinned by the first one
    Column("size", BigInteger, nullable=False, default=0),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", LargeBinary),  # newest checkpoint of the gateway, cosigned by us
    Column("proved_us", BigInteger),  # when we cosigned it
    Column("projected", BigInteger, nullable=False, default=0),  # leaves whose alarms are in `alarm`
    Column("seen_us", BigInteger),  # last heartbeat
    Column("heartbeat", Text),
)

alarm = Table(
    "alarm",
    metadata,
    Column("area", String(64), primary_key=True),
    Column("id", String(256), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("stay", String(64)),
    Column("origin", String(8), nullable=False),
    Column("raised_us", BigInteger, nullable=False),
    Column("closed_us", BigInteger),
    Column("record", Text, nullable=False),  # caseserver.alarms.Alarm as JSON
    Index("alarm_open", "area", "closed_us"),
    Index("alarm_by_stay", "area", "stay"),
)

alarm_event = Table(
    "alarm_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("area", String(64), nullable=False),
    Column("alarm", String(256), nullable=False),
    Column("key", String(128), nullable=False),  # what, and the leaf or instant behind it: told once
    Column("what", String(16), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("officer", String(64)),
    Column("leaf", BigInteger),
    Column("detail", Text, nullable=False),
    UniqueConstraint("area", "alarm", "key", name="alarm_event_once"),
)

account = Table(
    "account",
    metadata,
    Column("number", String(64), primary_key=True),
    Column("password", String(200), nullable=False),  # argon2id, with its salt and cost
    Column("roles", Text, nullable=False),  # JSON list
    Column("created_s", Float, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("is_disabled", Boolean, nullable=False, default=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until_s", Float, nullable=False, default=0),
    Column("unit", String(64)),
    Column("shift", String(64)),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # SHA-256: a copy of the file signs nobody in
    Column("number", String(64), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("created_s", Float, nullable=False),
    Column("seen_s", Float, nullable=False),
    Column("stage", String(8), nullable=False, server_default="full"),  # full | code | enrol
    Index("session_by_number", "number"),
)

second_factor = Table(
    "second_factor",
    metadata,
    Column("number", String(64), primary_key=True),
    Column(
        "nonce", LargeBinary(32), nullable=False
    ),  # with the server's key it gives the secret, alone nothing
    Column("confirmed_s", Float),  # NULL: being set up
    Column("last_step", BigInteger, nullable=False),  # no code of this step or an earlier one is taken again
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("number", String(64), nullable=False),
    Column("used_s", Float),
    Index("recovery_code_by_number", "number"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("hash", String(64), nullable=False),  # SHA-256
    Column("number", String(64), nullable=False),  # whose account it reads with
    Column("label", String(64), nullable=False),
    Column("scopes", Text, nullable=False),  # JSON list
    Column("created_s", Float, nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("revoked_s", Float),
    Column("used_s", Float),
    UniqueConstraint("hash", name="api_token_by_hash"),
    Index("api_token_by_number", "number"),
)

change = Table(
    "change",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("asked_by", String(64), nullable=False),
    Column("asked_us", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # asked | done | withdrawn
    Column("signed_by", String(64)),
    Column("ended_us", BigInteger),
    Index("change_by_state", "state", "asked_us"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("number", String(64)),
    Column("action", String(40), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("detail", Text, nullable=False),
    Column("entry", String(64)),  # id of the leaf
    Column(
        "log", String(128)
    ),  # origin of the server's log that holds it; NULL with `leaf`: it waits for its place
    Column("leaf", BigInteger),
    Index("audit_by_time", "at_us"),
    Index("audit_by_entry", "entry", unique=True),
    Index("audit_by_leaf", "log", "leaf"),
)

cosignature = Table(
    "cosignature",
    metadata,
    Column("origin", String(128), primary_key=True),
    Column("witness", String(64), primary_key=True),  # its name in server.toml
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", LargeBinary, nullable=False),  # signed by the log, cosigned by this witness
    Column("time_s", BigInteger, nullable=False),  # by the witness's clock
    Column("received_us", BigInteger, nullable=False),
)

call_run = Table(
    "call_run",
    metadata,
    Column("area", String(64), primary_key=True),
    Column("alarm", String(256), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("severity", String(4), nullable=False),
    Column("begun_us", BigInteger, nullable=False),
    Column("called", Integer, nullable=False),  # steps called so far
    Column("called_us", BigInteger),
    Column("answered_us", BigInteger),
    Column("answered_by", String(64)),
    Column("answer", String(20), nullable=False),
    Index("call_run_open", "answered_us", sqlite_where=text("answered_us IS NULL")),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("area", String(64), nullable=False),
    Column("alarm", String(256), nullable=False),
    Column("run", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("receiver", String(64), nullable=False),
    Column("severity", String(4), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # waiting | sending | accepted | dropped
    Column("attempts", Integer, nullable=False),
    Column("because", String(10), nullable=False),
    Column("problem", Text, nullable=False),
    Column("sent_us", BigInteger),
    Column("accepted_us", BigInteger),
    Index("delivery_by_alarm", "area", "alarm"),
    Index("delivery_open", "state", sqlite_where=text("state IN ('waiting', 'sending')")),
)

duty_turn = Table(
    "duty_turn",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("post", String(20), nullable=False),
    Column("number", String(64), nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("taken_from", String(64)),  # who handed it over, where somebody did
    Column("stood_open", Text, nullable=False),  # JSON: what stood open when it was accepted
    Column("offered_to", String(64)),
    Column("offered_us", BigInteger),
    Column("heard_us", BigInteger),  # the sound test of this turn
    Column("left_us", BigInteger),
    Column("ended", String(10), nullable=False),  # "" | left | handed | expired
    Index("duty_turn_open", "post", unique=True, sqlite_where=text("left_us IS NULL")),
)

floor_drawing = Table(
    "floor_drawing",
    metadata,
    Column("area", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),  # draft | confirmed | dropped
    Column(
        "base", Integer, nullable=False
    ),  # the confirmed version that it was made from; 0: the area's own plan
    Column("place", Integer),  # its place among the confirmed ones: the highest is shown
    Column("body", Text, nullable=False),  # JSON of caseserver.floor.drawing; {}: the area's own plan
    Column("saved_by", String(64), nullable=False),
    Column("saved_us", BigInteger, nullable=False),
    Column("ended_by", String(64)),  # who confirmed or dropped it
    Column("ended_us", BigInteger),
)

pending_fact = Table(
    "pending_fact",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("gateway", String(32), nullable=False),
    Column("type", String(64), nullable=False),
    Column("officer", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # what goes to down/fact
    Column("created_us", BigInteger, nullable=False),
    Column("state", String(10), nullable=False),  # sent | recorded | refused
    Column("reason", Text),
    Column("leaf", BigInteger),
    Column("number", BigInteger, nullable=False, server_default="0"),  # in which order they were given
    Index("pending_by_state", "gateway", "state"),
    Index("pending_by_number", "number"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("gateway", String(32), nullable=False),
    Column("at_us", BigInteger, nullable=False),
    Column("reason", String(20), nullable=False),  # malformed | signature | fork
    Column("expected", Text, nullable=False),
    Column("found", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("quarantine_by_gateway", "gateway", "reason"),
)


def _seconds_table(name: str) -> Table:
    """Seconds seen and unseen of a source within one minute or hour that begins at `at_s`."""
    return Table(
        name,
        metadata,
        Column("gateway", String(32), primary_key=True),
        Column("source", String(64), primary_key=True),
        Column("at_s", BigInteger, primary_key=True, autoincrement=False),
        Column("seen_ms", Integer, nullable=False),
        Column("unseen_ms", Integer, nullable=False),
        Column("samples", Integer, nullable=False),
        Column("age_ms_max", BigInteger, nullable=False),
        Column("queue_max", Integer, nullable=False),
        sqlite_with_rowid=False,
    )


sample = Table(
    "sample",
    metadata,
    Column("gateway", String(32), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),
    Column("is_seen", Boolean, nullable=False),
    Column("age_ms", BigInteger, nullable=False),  # since the source was last heard
    Column("queue", Integer, nullable=False),  # what waits behind it
    sqlite_with_rowid=False,
)
sample_minute = _seconds_table("sample_minute")
sample_hour = _seconds_table("sample_hour")
