"""The heartbeat's body: how old each source's last word is, how full each queue, what went wrong."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from casegateway.events import Moment
from casegateway.lines import Line
from casegateway.link import NodeLink
from casegateway.memory import Memory
from caselog.clock import Instant
from casewire import ACTIVE, UNKNOWN
from custody.area import Area


def source(state: str, heard_real_us: int | None, now: Moment) -> dict[str, Any]:
    """One supervised source. `age_ms`: real milliseconds since its last authentic word, or null."""
    age_ms = None if heard_real_us is None else max(0, now.real_us - heard_real_us) // 1_000
    return {"age_ms": age_ms, "state": state}


def heartbeat(instant: Instant, size: int, health: dict[str, Any]) -> dict[str, Any]:
    """The up/hb object."""
    return {
        "v": 1,
        "boot": instant.boot,
        "boottime_us": instant.boottime_us,
        "earliest_us": instant.earliest_us,
        "latest_us": instant.latest_us,
        "size": size,
        "health": health,
    }


def sources(
    area: Area,
    lines: Mapping[str, Line],
    links: Mapping[str, NodeLink],
    memory: Memory,
    last_ack_us: int,
    now: Moment,
) -> dict[str, dict[str, Any]]:
    """Every supervised source: `port:…`, `node:…`, `recorder:…`, `reader:…`, `input:…`, `server`."""
    found: dict[str, dict[str, Any]] = {}
    for port, line in lines.items():
        found[f"port:{port}"] = source("ok" if line.is_open else "lost", line.read_real_us, now)
    for node, link in links.items():
        state = memory.nodes.get(node, "unknown") if link.is_heard else "unknown"
        heard = link.heard_real_us if link.is_heard else None
        found[f"node:{node}"] = source("lost" if link.is_silent(now) else state, heard, now)
    for recorder in area.recorders:
        contact = memory.recorders.get(recorder, UNKNOWN)
        seen = _by_node(found, area.node_of("recorder_contact", recorder), contact, now)
        is_seen = seen["state"] == "ok"
        found[f"recorder:{recorder}"] = {**seen, "recording": contact == ACTIVE if is_seen else None}
    for reader in area.readers:
        state_of = memory.readers.get(reader, ACTIVE)  # one that was never lost is heard with its node
        found[f"reader:{reader}"] = _by_node(found, area.node_of("reader", reader), state_of, now)
    for name in area.inputs:
        state_of = memory.inputs.get(name, UNKNOWN)
        found[f"input:{name}"] = _by_node(found, area.node_of("input", name), state_of, now)
    found["server"] = source("lost" if memory.is_server_lost else "ok", last_ack_us, now)
    return found


def _by_node(
    found: Mapping[str, dict[str, Any]], node: str | None, state: int, now: Moment
) -> dict[str, Any]:
    """What hangs on a node is as old as the node's word, and seen while the node is and says what it shows."""
    via = found.get(f"node:{node}", source("unknown", None, now))
    is_seen = via["state"] == "ok" and state != UNKNOWN
    return {"age_ms": via["age_ms"], "state": "ok" if is_seen else "unknown"}


def counters(
    own: Mapping[str, int],
    lines: Mapping[str, Line],
    links: Mapping[str, NodeLink],
    parts: Mapping[str, Mapping[str, int]],
) -> Counter[str]:
    """What went wrong on the wire, beside the core's own counts and those of its parts, by the part's name."""
    total: Counter[str] = Counter(own)
    for line in lines.values():
        total.update({f"wire_{name}": count for name, count in line.decoder.counters.items()})
    for link in links.values():
        total.update(
            {"node_dropped": link.dropped, "wire_stale_boot": link.stale, "kept_before_log": link.undated}
        )
    for part, counts in parts.items():
        total.update({f"{part}_{name}": count for name, count in counts.items()})
    return total
