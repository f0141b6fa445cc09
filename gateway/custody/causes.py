"""Root causes: an alarm that says that something cannot be seen lies under the alarm of what carries it.

A reader, recorder, door contact or input hangs on a node, a node on a line, a line on the gateway. One dead line is
one alarm, with what it makes unseen under it. Nothing is taken out of the record: what lies under a cause is raised,
logged, counted and shown under it. A function of the alarms alone; nothing is kept.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from custody.area import Area
from custody.rules import Rulebook
from custody.times import MINUTE_US

SLACK_US: Final = MINUTE_US  # a line is missed a little after the first of its nodes
_POINT_KINDS: Final[Mapping[str, str]] = {
    "reader": "reader",
    "recorder": "recorder_contact",
    "door": "door_contact",
    "input_unknown": "input",
}


class Alarmed(Protocol):
    """What is asked of an alarm; both the engine's record and the server's have it. Times are microseconds UTC."""

    @property
    def id(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def since_us(self) -> int: ...
    @property
    def cleared_us(self) -> int | None: ...
    @property
    def is_prewarning(self) -> bool: ...


class Causes:
    """What lies under what in one area."""

    def __init__(self, area: Area, rulebook: Rulebook) -> None:
        """`rulebook` says what each rule watches."""
        self._area = area
        self._rulebook = rulebook
        self._watches: dict[tuple[str, str], tuple[str, str]] = {}  # (rule, variant) -> kind, watched source

    def kind(self, alarm: Alarmed) -> str:
        """The kind of its rule; "" of one that the rulebook has not."""
        return self._watch(alarm)[0]

    def watched(self, alarm: Alarmed) -> str:
        """What source its rule watches, such as `node` or `door`; "" for every other kind of rule."""
        return self._watch(alarm)[1]

    def _watch(self, alarm: Alarmed) -> tuple[str, str]:
        key = (alarm.rule, alarm.variant)
        known = self._watches.get(key)
        if known is None:
            versions = self._rulebook.versions.get(f"{alarm.rule}/{alarm.variant}", ())
            kind = versions[0].kind if versions else ""
            source = str(versions[0].params["source"]) if kind == "supervision" else ""
            known = self._watches[key] = (kind, source)
        return known

    def under(self, alarms: Iterable[Alarmed]) -> dict[str, str]:
        """Alarm id -> id of its root cause, for those that have one. The highest cause that explains it counts."""
        roots: dict[tuple[str, str], list[Alarmed]] = {}
        members: list[tuple[Alarmed, str]] = []
        for alarm in alarms:
            watched = self.watched(alarm)
            if watched in ("node", "port", "gateway"):
                roots.setdefault((watched, _ref(alarm)), []).append(alarm)
            if watched:
                members.append((alarm, watched))
        if not roots:
            return {}
        found = {}
        for alarm, watched in members:
            carriers = self._carriers(watched, _ref(alarm))
            root = next((r for c in carriers for r in roots.get(c, ()) if _explains(r, alarm)), None)
            if root is not None:
                found[alarm.id] = root.id
        return found

    def carried(self, alarm: Alarmed) -> tuple[str, ...]:
        """The nodes that cannot be heard while this cause stands; none when it is no cause."""
        watched, ref = self.watched(alarm), _ref(alarm)
        if watched == "node":
            return (ref,)
        nodes = self._area.nodes.values()
        return tuple(n.id for n in nodes if watched == "gateway" or (watched == "port" and n.port == ref))

    def _carriers(self, watched: str, ref: str) -> list[tuple[str, str]]:
        """What carries a source, the highest first."""
        node = self._area.node_of(_POINT_KINDS[watched], ref) if watched in _POINT_KINDS else None
        if watched == "point":
            node = ref.rpartition(".")[0]
        if watched == "node":
            node = ref
        carriers = [] if watched == "gateway" else [("gateway", self._area.gateway)]
        known = self._area.nodes.get(node or "")
        if known is not None:
            carriers.append(("port", known.port))
            if watched != "node":
                carriers.append(("node", known.id))
        return carriers


def _ref(alarm: Alarmed) -> str:
    """What it is about, without its kind."""
    _, _, ref = alarm.subject.partition(":")
    return ref


def _explains(root: Alarmed, alarm: Alarmed) -> bool:
    """The cause came first and was not over before; one that is over explains nothing that still stands."""
    if root.is_prewarning or root.since_us - SLACK_US > alarm.since_us:
        return False
    if root.cleared_us is None:
        return True
    return alarm.cleared_us is not None and alarm.since_us <= root.cleared_us
