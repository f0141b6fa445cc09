"""Home Assistant, installed by pip in a venv of its own; MQTT binary sensors and automations.

`home-assistant`: state triggers with `for:`. `home-assistant-timers`: timer helpers with `restore: true`.
"""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import paho.mqtt.publish as publish

from tests.tools.ports import free_port
from tests.torture.contract import (
    ALARM_TOPIC,
    DOOR_OPEN_S,
    DOORS,
    LATE_DOOR,
    PERSON_S,
    PERSON_SOON_S,
    PERSONS,
    RECORDED_ROOM,
    RECORDER,
    ROOT,
    SILENT_S,
    UNITS,
    UNRECORDED_S,
    WATCHED_ROOM,
    unit_of,
)
from tests.torture.targets import Untried
from tests.torture.targets.process import Process, WallClock
from tests.torture.wires import client, wait_connected

HOME = Path(os.environ.get("TORTURE_HOME_ASSISTANT", ".cache/torture/home-assistant")).resolve()
START_S = 180.0
RELOAD_TOPIC = "torture-admin/reload"
BIRTH_TOPIC = "torture-admin/birth"
PARALLEL_MAX = 400


def _entity(subject: str, kind: str = "") -> str:
    return (kind + subject).replace("-", "_")


def _sensor(name: str, topic: str, value: str, on: str, off: str) -> dict[str, Any]:
    return {
        "name": name, "object_id": name, "unique_id": name, "state_topic": topic, "qos": 1, "value_template": value,
        "payload_on": on, "payload_off": off, "json_attributes_topic": topic,
    }  # fmt: skip


def _jinja(template: str, **values: str) -> str:
    """The template with each `<name>` in it replaced; Jinja has the braces and the percent signs for itself."""
    for name, value in values.items():
        template = template.replace(f"<{name}>", value)
    return template


def _sensors(persons: tuple[str, ...]) -> list[dict[str, Any]]:
    state = "{{ value_json.state }}"
    found = [
        _sensor(_entity(door), f"{ROOT}/{unit_of(door)}/door/{door}", state, "open", "closed")
        for door in (*DOORS, LATE_DOOR)
    ]
    found.append(
        _sensor(_entity(RECORDER), f"{ROOT}/unit-1/recorder/{RECORDER}", state, "running", "stopped")
    )
    for person in persons:
        for room, kind in ((WATCHED_ROOM, ""), (RECORDED_ROOM, "recorded_")):
            value = _jinja(
                "{{ 'in' if value_json.state == 'in' and value_json.room == '<room>' else 'out' }}", room=room
            )
            found.append(_sensor(_entity(person, kind), f"{ROOT}/unit-1/person/{person}", value, "in", "out"))
    return [{"binary_sensor": item} for item in found]


def _say(rule: str, subject: str, state: str) -> dict[str, Any]:
    """An action that tells an alarm; `subject` is a template without braces. One id a subject: it remembers no causes."""
    payload = _jinja(
        "{{ {'v': 1, 'rule': '<rule>', 'subject': <subject>, 'id': '<rule>/' ~ (<subject>), 'state': '<state>'}"
        " | to_json }}",
        rule=rule, subject=subject, state=state,
    )  # fmt: skip
    return {"action": "mqtt.publish", "data": {"topic": ALARM_TOPIC, "qos": 1, "payload": payload}}


def _automation(
    name: str, triggers: list[dict[str, Any]], actions: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    return {
        "id": name, "alias": name, "mode": "parallel", "max": PARALLEL_MAX, "triggers": triggers, "actions": actions,
    } | more  # fmt: skip


SUBJECT = "trigger.entity_id.split('.')[1].replace('_', '-')"


def _state_rule(
    rule: str, entities: list[str], seconds: float, subject: str = SUBJECT
) -> list[dict[str, Any]]:
    """`for:` on the state, and its end."""
    names = [f"binary_sensor.{name}" for name in entities]
    begun = {"trigger": "state", "entity_id": names, "to": "on", "for": {"seconds": seconds}}
    over = {"trigger": "state", "entity_id": names, "to": "off"}
    return [
        _automation(f"{rule}-raise", [begun], [_say(rule, subject, "raised")]),
        _automation(f"{rule}-clear", [over], [_say(rule, subject, "cleared")]),
    ]


def _silence_rule() -> list[dict[str, Any]]:
    """The sensor of a unit's beat goes unavailable after `expire_after`."""
    names = [f"sensor.{_entity(unit)}" for unit in UNITS]
    lost = {"trigger": "state", "entity_id": names, "to": "unavailable"}
    back = {"trigger": "state", "entity_id": names, "from": "unavailable"}
    # What Home Assistant was told before its own start is restored and may expire at once: not a unit's silence.
    return [
        _automation("R3-raise", [lost], [_say("R3", SUBJECT, "raised")]),
        _automation(
            "R3-clear",
            [back],
            [_say("R3", SUBJECT, "cleared")],
        ),
    ]


def _timer_rule(rule: str, entities: list[str]) -> list[dict[str, Any]]:
    """Timers of its own that are restored: begun with the state, cancelled with its end."""
    names = [f"binary_sensor.{name}" for name in entities]
    low = rule.lower()
    timer = _jinja("{{ 'timer.<low>_' ~ trigger.entity_id.split('.')[1] }}", low=low)
    name_of = f"trigger.event.data.entity_id.split('.{low}_')[1]"
    subject = f"{name_of}.replace('_', '-')"
    finished = [
        {
            "trigger": "event",
            "event_type": "timer.finished",
            "event_data": {"entity_id": f"timer.{low}_{name}"},
        }
        for name in entities
    ]
    is_new = _jinja(
        "{{ trigger.from_state.state == 'off' or is_state('timer.<low>_' ~ trigger.entity_id.split('.')[1], 'idle') }}",
        low=low,
    )
    return [
        _automation(
            f"{rule}-begin",
            [{"trigger": "state", "entity_id": names, "to": "on"}],
            [{"action": "timer.start", "target": {"entity_id": timer}}],
            conditions=[{"condition": "template", "value_template": is_new}],
        ),
        _automation(f"{rule}-raise", finished, [_say(rule, subject, "raised")]),
        _automation(
            f"{rule}-clear",
            [{"trigger": "state", "entity_id": names, "to": "off"}],
            [
                {"action": "timer.cancel", "target": {"entity_id": timer}},
                _say(rule, SUBJECT, "cleared"),
            ],
        ),
    ]


class HomeAssistant:
    """The first way."""

    is_by_timers = False

    def __init__(self, folder: Path, port: int, wall: WallClock | None) -> None:
        if wall is not None:
            raise Untried(
                "Home Assistant starts erratically under libfaketime: its score would be that of the tool"
            )
        self._program = HOME / "bin" / "hass"
        if not self._program.exists():
            raise RuntimeError(
                f"expected Home Assistant in {HOME}: make torture TARGET=home-assistant installs it"
            )
        self._folder, self._port, self._http = folder / "home-assistant", port, free_port()
        (self._folder / ".storage").mkdir(parents=True)
        self._process = Process(
            [str(self._program), "--config", str(self._folder), "--skip-pip", "--log-no-color"],
            folder / "home-assistant.log", {},
        )  # fmt: skip

    def prepare(self, persons: int) -> None:
        known = PERSONS[:persons] or PERSONS[:1]
        doors = [_entity(door) for door in (*DOORS, LATE_DOOR)]
        held = [_entity(person) for person in known]
        rules = {"R1": (doors, DOOR_OPEN_S), "R2": (held, PERSON_S), "R5": (held, PERSON_SOON_S)}
        automations = _silence_rule() + _state_rule("R4", ["unrecorded"], UNRECORDED_S, f"'{RECORDED_ROOM}'")
        timers: dict[str, Any] = {}
        for rule, (entities, seconds) in rules.items():
            if self.is_by_timers:
                automations += _timer_rule(rule, entities)
                timers |= {
                    f"{rule.lower()}_{e}": {"duration": int(seconds), "restore": True} for e in entities
                }
            else:
                automations += _state_rule(rule, entities, seconds)
        automations.append(
            _automation(
                "reload", [{"trigger": "mqtt", "topic": RELOAD_TOPIC}], [{"action": "automation.reload"}]
            )
        )
        somebody = " or ".join(f"is_state('binary_sensor.recorded_{name}', 'on')" for name in held)
        config = {
            "homeassistant": {"name": "Torture", "time_zone": "UTC", "unit_system": "metric", "country": "CN"},
            "http": {"server_port": self._http, "server_host": "127.0.0.1"},
            "logger": {"default": "warning", "logs": {"homeassistant.bootstrap": "info"}},
            "mqtt": [*_sensors(known), *_beats()],
            "template": [
                {
                    "binary_sensor": {
                        "name": "unrecorded", "unique_id": "unrecorded",
                        "state": _jinja("{{ is_state('binary_sensor.recorder_2', 'off') and (<held>) }}", held=somebody),
                        "attributes": {"at_ms": "{{ (as_timestamp(now()) * 1000) | int }}"},
                    }
                }
            ],
            "automation": automations,
            "timer": timers,
        }  # fmt: skip
        # YAML holds JSON.
        (self._folder / "configuration.yaml").write_text(json.dumps(config, indent=1))
        birth = {"topic": BIRTH_TOPIC, "payload": "online", "qos": 1, "retain": False}
        entry = {
            "created_at": "2025-01-01T00:00:00+00:00", "modified_at": "2025-01-01T00:00:00+00:00",
            "data": {"broker": "127.0.0.1", "port": self._port, "discovery": False}, "disabled_by": None,
            "discovery_keys": {}, "domain": "mqtt", "entry_id": "torture", "minor_version": 2,
            "options": {"discovery": False, "birth_message": birth, "will_message": {}}, "pref_disable_new_entities": False,
            "pref_disable_polling": False, "source": "user", "subentries": [], "title": "broker", "unique_id": None,
            "version": 1,
        }  # fmt: skip
        (self._folder / ".storage" / "core.config_entries").write_text(
            json.dumps(
                {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
            )
        )

    def start(self) -> None:
        """Ready when it says so and has said at the broker that it is born."""
        births: list[bytes] = []
        ear = client("home-assistant-birth", self._port)
        ear.on_connect = lambda link, *_: link.subscribe(BIRTH_TOPIC, 1)
        ear.on_message = lambda _link, _data, message: births.append(message.payload)
        ear.loop_start()
        try:
            wait_connected(ear)
            self._process.start()
            self._process.wait_for(
                "Home Assistant at the broker",
                lambda: bool(births) and "Home Assistant initialized" in self._process.said(),
                START_S,
            )
        finally:
            ear.disconnect()
            ear.loop_stop()

    def stop(self, *, is_killed: bool) -> None:
        self._process.stop(is_killed=is_killed)

    def redeploy(self) -> None:
        """Automations reloaded, as its developer tools do it, after a change: the unchanged ones go on."""
        file = self._folder / "configuration.yaml"
        config = json.loads(file.read_text())
        for automation in config["automation"]:
            if automation["id"] != "reload":
                automation["description"] = "again"
        file.write_text(json.dumps(config, indent=1))
        publish.single(RELOAD_TOPIC, "", qos=1, hostname="127.0.0.1", port=self._port)
        time.sleep(1.5)

    def close(self) -> None:
        self._process.stop(is_killed=True)

    def version(self) -> str:
        done = subprocess.run([str(self._program), "--version"], capture_output=True, text=True)
        return f"Home Assistant {done.stdout.strip()}"


def _beats() -> list[dict[str, Any]]:
    return [
        {
            "sensor": {
                "name": _entity(unit), "object_id": _entity(unit), "unique_id": _entity(unit),
                "state_topic": f"{ROOT}/{unit}/heartbeat", "value_template": "{{ value_json.at_ms }}",
                "expire_after": int(SILENT_S),
            }
        }
        for unit in UNITS
    ]  # fmt: skip


class HomeAssistantTimers(HomeAssistant):
    """The second way."""

    is_by_timers = True
