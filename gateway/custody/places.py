"""What an area has, one record each: rooms, doors, recorders, readers, inputs, panels, outputs, and the nodes and points they hang on."""

from dataclasses import dataclass
from typing import Final

from custody.name import Name

ROOM_KINDS: Final = (
    "reception",  # 接待区 / 登记
    "search",  # 人身安全检查室
    "booking",  # 信息采集室
    "waiting",  # 候问室
    "interview",  # 询问室
    "interrogation",  # 讯问室
    "identification",  # 辨认室
    "sobering",  # 醒酒室
    "property_store",  # 涉案财物室
    "dossier",  # 案管室
    "guard",  # 看管值班室
    "handover",  # 送押区
    "corridor",  # 走廊
    "outside",  # not part of the area
)
DOOR_KINDS: Final = ("area_gate", "exit", "room")
OUTPUT_KINDS: Final = ("sounder", "lamp", "lock")
ON_LOST: Final = ("hold", "off", "on")
LOCK_ON_LOST: Final = ("hold", "off")  # nothing is released because somebody is no longer heard


@dataclass(frozen=True, slots=True)
class Room:
    """A room: its kind, where it lies on the plan, from where it is guarded."""

    id: str
    kind: str
    name: Name
    guarded_from: tuple[str, ...] = ()
    fitted: tuple[str, ...] = ()  # equipment that rules may rest on: patrol_point, guard_motion
    plan: tuple[int, int, int, int] | None = None  # x, y, width, height in plan units


@dataclass(frozen=True, slots=True)
class Door:
    """A door between two rooms. `controlled`: opening without release is forcing it."""

    id: str
    kind: str
    name: Name
    between: tuple[str, str]
    controlled: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """A recorder and the rooms whose picture and sound it keeps."""

    id: str
    name: Name
    rooms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """A tag reader that senses who is in a room."""

    id: str
    room: str


@dataclass(frozen=True, slots=True)
class Input:
    """A detector, button or contact of the house. `room` None: it is of the whole area."""

    id: str
    kind: str
    name: Name
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A display or lamp beside the door of a room that shows the picture of it: a point of a node."""

    id: str
    room: str


@dataclass(frozen=True, slots=True)
class Node:
    """A board on a serial port. `number` is its id on the wire, 1 to 65535."""

    id: str
    number: int
    port: str


@dataclass(frozen=True, slots=True)
class Point:
    """One input or output of a node, and what it belongs to."""

    node: str
    point: int
    kind: str
    of: str

    @property
    def ref(self) -> str:
        """What the point is called where one word has to name it: `n3.7`."""
        return f"{self.node}.{self.point}"


@dataclass(frozen=True, slots=True)
class Output:
    """A sounder, lamp or lock; by node point or by a GPIO line of the gateway itself. A lock has its door, nothing else one."""

    id: str
    kind: str
    room: str | None
    on_lost: str
    gpio_line: int | None = None
    door: str | None = None


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port of the gateway."""

    id: str
    path: str
    baud: int
