"""Node-RED, installed by npm, with flows of its stock nodes.

`node-red`: a trigger node a rule, as its cookbook does time-outs. `node-red-context`: each condition and its beginning in
the persistent file context, written through at once, and looked at twice a second.
"""

import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.tools.ports import free_port
from tests.torture.contract import (
    ALARM_TOPIC,
    DOOR_OPEN_S,
    PERSON_S,
    PERSON_SOON_S,
    ROOT,
    SILENT_S,
    UNITS,
    UNRECORDED_S,
)
from tests.torture.targets.process import Process, WallClock, need

HOME = Path(os.environ.get("TORTURE_NODE_RED", ".cache/torture/node-red")).resolve()
START_S = 60.0
TOPICS = ("door", "person", "recorder")

SETTINGS = """module.exports = {
  uiPort: %d, uiHost: "127.0.0.1", flowFile: "flows.json", credentialSecret: false, mqttReconnectTime: 2000,
  telemetry: { enabled: false, updateNotification: false },
  contextStorage: {
    default: { module: "memory" },
    file: { module: "localfilesystem", config: { cache: false } },
  },
  logging: { console: { level: "info" } },
};
"""

# Well formed, and newer than the last word of this topic, or that word given again by the broker: else nothing.
GUARD = """
const p = msg.payload;
if (typeof p !== "object" || p === null || !Number.isInteger(p.seq) || !Number.isInteger(p.at_ms)) return null;
const seen = context.get("seen") || {};
const known = seen[msg.topic] || 0;
if (p.seq < known || (p.seq === known && !msg.retain)) return null;
seen[msg.topic] = p.seq;
context.set("seen", seen);
const [kind, subject] = msg.topic.split("/").slice(-2);
Object.assign(msg, { kind, subject, id: p.at_ms });
return msg;
"""

WORD = """
const say = (rule, subject, id, state) => ({ payload: JSON.stringify(
  { v: 1, rule, subject, id: rule + "/" + subject + "/" + id, state }) });
"""

# Begins and ends conditions: a message with `on` to the rule's trigger, or with `reset` and to the clearing.
SORT = """
const on = (rule, subject, is_on) => ({ topic: rule + "/" + subject, rule, subject, id: msg.id, on: is_on });
const out = { R1: null, R2: null, R4: null };
const p = msg.payload;
if (msg.kind === "door") out.R1 = on("R1", msg.subject, p.state === "open");
if (msg.kind === "person" && p.room === "room-1") out.R2 = on("R2", msg.subject, p.state === "in");
const room = context.get("room") || {};
if (msg.kind === "person" && p.room === "room-2") { if (p.state === "in") room[msg.subject] = 1; else delete room[msg.subject]; }
if (msg.kind === "recorder") context.set("stopped", p.state === "stopped");
context.set("room", room);
const is_wrong = Object.keys(room).length > 0 && !!context.get("stopped");
if (is_wrong !== !!context.get("wrong")) { context.set("wrong", is_wrong); out.R4 = on("R4", "room-2", is_wrong); }
return [out.R1, out.R2, out.R2 && Object.assign({}, out.R2, { rule: "R5", topic: "R5/" + msg.subject }), out.R4];
"""

# Before a trigger: what is over resets it, and takes back what was raised.
GATE = (
    WORD
    + """
const raised = flow.get("raised") || {};
if (msg.on) return [msg, null];
const id = raised[msg.topic];
delete raised[msg.topic];
flow.set("raised", raised);
// After a restart what was raised before is not known: it is taken back all the same.
return [{ topic: msg.topic, reset: true }, say(msg.rule, msg.subject, id === undefined ? msg.id : id, "cleared")];
"""
)

RAISE = (
    WORD
    + """
const raised = flow.get("raised") || {};
raised[msg.topic] = msg.id;
flow.set("raised", raised);
return say(msg.rule, msg.subject, msg.id, "raised");
"""
)

BEAT = """
const unit = msg.topic.split("/")[2];
return { topic: "R3/" + unit, rule: "R3", subject: unit, id: Date.now(), on: true };
"""

# A beat takes back what was raised for its unit.
HEARD = (
    WORD
    + """
const raised = flow.get("raised") || {};
const id = raised[msg.topic];
if (id === undefined) return null;
delete raised[msg.topic];
flow.set("raised", raised);
return say("R3", msg.subject, id, "cleared");
"""
)

# The second way: one function holds all, in the file context.
KEEPER = (
    WORD
    + """
const LIMITS = { R1: %d, R2: %d, R3: %d, R4: %d, R5: %d };
const s = context.get("s");
if (!s) return null; // not read yet
const out = [];
const keep = () => flow.set("state", s, "file", (error) => { if (error) node.error(error); });
const begin = (rule, subject, since) => { const key = rule + "/" + subject; if (!s.on[key]) s.on[key] = { rule, subject, since, raised: false }; };
const end = (rule, subject) => {
  const key = rule + "/" + subject, c = s.on[key];
  if (c && c.raised) out.push(say(rule, subject, c.since, "cleared"));
  delete s.on[key];
};
const p = msg.payload;
if (msg.kind === "tick") {
  const now = Date.now();
  let changed = false;
  for (const [unit, at] of Object.entries(context.get("beats"))) if (now - at >= LIMITS.R3) begin("R3", unit, at);
  for (const c of Object.values(s.on)) if (!c.raised && now - c.since >= LIMITS[c.rule]) {
    c.raised = changed = true;
    out.push(say(c.rule, c.subject, c.since, "raised"));
  }
  if (changed) keep();
} else if (msg.kind === "beat") {
  context.get("beats")[msg.subject] = Date.now();
  end("R3", msg.subject);
  if (out.length) keep();
} else {
  if (p.seq <= (s.seen[msg.topic] || 0)) return null;
  s.seen[msg.topic] = p.seq;
  if (msg.kind === "door") (p.state === "open" ? begin : end)("R1", msg.subject, p.at_ms);
  if (msg.kind === "person" && p.room === "room-1")
    for (const rule of ["R2", "R5"]) (p.state === "in" ? begin : end)(rule, msg.subject, p.at_ms);
  if (msg.kind === "person" && p.room === "room-2") { if (p.state === "in") s.room[msg.subject] = 1; else delete s.room[msg.subject]; }
  if (msg.kind === "recorder") s.stopped = p.state === "stopped";
  (Object.keys(s.room).length > 0 && s.stopped ? begin : end)("R4", "room-2", p.at_ms);
  keep();
}
return [out];
"""
) % tuple(int(limit * 1_000) for limit in (DOOR_OPEN_S, PERSON_S, SILENT_S, UNRECORDED_S, PERSON_SOON_S))

KEEPER_START = """
context.set("beats", { "unit-1": Date.now(), "unit-2": Date.now() });
return new Promise((done) => flow.get("state", "file", (error, value) => {
  context.set("s", value || { on: {}, seen: {}, room: {}, stopped: false });
  done();
}));
"""

CHECK = """
const p = msg.payload;
if (typeof p !== "object" || p === null || !Number.isInteger(p.seq) || !Number.isInteger(p.at_ms)) return null;
[msg.kind, msg.subject] = msg.topic.split("/").slice(-2);
return msg;
"""


def _function(name: str, code: str, wires: list[list[str]], start: str = "") -> dict[str, Any]:
    return {
        "id": name, "type": "function", "z": "tab", "name": name, "func": code, "outputs": len(wires),
        "initialize": start, "finalize": "", "libs": [], "wires": wires,
    }  # fmt: skip


def _listen(name: str, topic: str, to: str) -> dict[str, Any]:
    return {
        "id": name, "type": "mqtt in", "z": "tab", "topic": topic, "qos": "1", "datatype": "json",
        "broker": "broker", "inputs": 0, "wires": [[to]],
    }  # fmt: skip


def _inject(
    name: str, *, topic: str, to: str, props: list[dict[str, str]], repeat: str = ""
) -> dict[str, Any]:
    return {
        "id": name, "type": "inject", "z": "tab", "props": props, "topic": topic, "repeat": repeat, "crontab": "",
        "once": True, "onceDelay": 0.1, "wires": [[to]],
    }  # fmt: skip


def _wait(rule: str, seconds: float, *, is_extended: bool = False) -> dict[str, Any]:
    """A trigger node: says nothing, and hands on the message that began it when nothing has reset it in time."""
    return {
        "id": f"wait-{rule}", "type": "trigger", "z": "tab", "op1": "", "op1type": "nul", "op2": "",
        "op2type": "payl", "duration": str(int(seconds * 1_000)), "units": "ms",
        "extend": is_extended, "overrideDelay": False, "reset": "", "bytopic": "topic", "topic": "topic", "outputs": 1,
        "wires": [[f"raise-{rule}"]],
    }  # fmt: skip


def _frame(port: int) -> list[dict[str, Any]]:
    broker = {
        "id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port), "clientid": "node-red",
        "autoConnect": True, "usetls": False, "protocolVersion": "4", "keepalive": "10", "cleansession": False,
    }  # fmt: skip
    say = {
        "id": "say", "type": "mqtt out", "z": "tab", "topic": ALARM_TOPIC, "qos": "1", "retain": "false",
        "broker": "broker", "wires": [],
    }  # fmt: skip
    return [{"id": "tab", "type": "tab", "label": "torture", "disabled": False}, broker, say]


def _placed(flows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With a place on the canvas: a node without one is taken for a configuration node."""
    for number, node in enumerate(item for item in flows if item.get("z")):
        node |= {"x": 200 + number // 12 * 240, "y": 80 + number % 12 * 60}
    return flows


def trigger_flows(port: int) -> list[dict[str, Any]]:
    """A trigger node a rule."""
    flows = _frame(port)
    flows += [_listen(f"in-{kind}", f"{ROOT}/+/{kind}/+", "guard") for kind in TOPICS]
    flows.append(_function("guard", GUARD, [["sort"]]))
    flows.append(_function("sort", SORT, [["gate-R1"], ["gate-R2"], ["gate-R5"], ["gate-R4"]]))
    limits = {"R1": DOOR_OPEN_S, "R2": PERSON_S, "R4": UNRECORDED_S, "R5": PERSON_SOON_S}
    for rule, seconds in limits.items():
        flows.append(_function(f"gate-{rule}", GATE, [[f"wait-{rule}"], ["say"]]))
        flows += [_wait(rule, seconds), _function(f"raise-{rule}", RAISE, [["say"]])]
    flows.append(_listen("in-beat", f"{ROOT}/+/heartbeat", "beat"))
    flows.append(_function("beat", BEAT, [["wait-R3", "heard"]]))
    flows += [_function("heard", HEARD, [["say"]]), _wait("R3", SILENT_S, is_extended=True)]
    flows.append(_function("raise-R3", RAISE, [["say"]]))
    for unit in UNITS:  # a unit that never beats is silent too
        props = [{"p": "topic", "vt": "str"}]
        flows.append(_inject(f"begin-{unit}", topic=f"{ROOT}/{unit}/heartbeat", to="beat", props=props))
    return _placed(flows)


def context_flows(port: int) -> list[dict[str, Any]]:
    """One function over the file context, asked twice a second."""
    flows = _frame(port)
    flows += [_listen(f"in-{kind}", f"{ROOT}/+/{kind}/+", "check") for kind in TOPICS]
    flows += [
        _function("check", CHECK, [["keeper"]]),
        _listen("in-beat", f"{ROOT}/+/heartbeat", "beat"),
        _function("beat", 'return { kind: "beat", subject: msg.topic.split("/")[2] };', [["keeper"]]),
        _inject("tick", topic="", to="keeper", props=[{"p": "kind", "v": "tick", "vt": "str"}], repeat="0.5"),
        _function("keeper", KEEPER, [["say"]], KEEPER_START),
    ]
    return _placed(flows)


class NodeRed:
    """The first way."""

    flows = staticmethod(trigger_flows)

    def __init__(self, folder: Path, port: int, wall: WallClock | None) -> None:
        self._folder, self._http = folder / "node-red", free_port()
        self._folder.mkdir(parents=True)
        package = HOME / "node_modules" / "node-red"
        if not package.exists():
            raise RuntimeError(f"expected Node-RED in {HOME}: make torture TARGET=node-red installs it")
        self._version = json.loads((package / "package.json").read_text())["version"]
        self._flows = self.flows(port)
        node = need("node", "apt-get install nodejs")
        self._process = Process(
            [node, str(package / "red.js"), "--userDir", str(self._folder), "--settings", str(self._folder / "settings.js")],
            folder / "node-red.log",
            wall.environment() if wall else {},
        )  # fmt: skip

    def prepare(self, persons: int) -> None:
        (self._folder / "settings.js").write_text(SETTINGS % self._http)
        (self._folder / "flows.json").write_text(json.dumps(self._flows, indent=1))

    def start(self) -> None:
        self._process.start()
        self._process.wait_for(
            "Node-RED at the broker",
            lambda: "Started flows" in self._process.said() and "Connected to broker" in self._process.said(),
            START_S,
        )

    def stop(self, *, is_killed: bool) -> None:
        self._process.stop(is_killed=is_killed)

    def redeploy(self) -> None:
        """A full deploy, as the button of its editor does it."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._http}/flows",
            data=json.dumps(self._flows).encode(),
            headers={"Content-Type": "application/json", "Node-RED-Deployment-Type": "full"},
        )
        with urllib.request.urlopen(request, timeout=20):
            pass
        time.sleep(1.0)

    def close(self) -> None:
        self._process.stop(is_killed=True)

    def version(self) -> str:
        return f"Node-RED {self._version}"


class NodeRedContext(NodeRed):
    """The second way."""

    flows = staticmethod(context_flows)
