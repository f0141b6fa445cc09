"""What nodes tell of bolts, of the inputs of the house, of readers apart from their node, and of what is wrong with a point."""

from typing import Final

from custody.catalogue.parts import FactType, fact, form
from custody.fields import INSTANT, INT, REF, TEXT, Field
from custody.name import Name
from custody.vocabulary import SIGHTS, TROUBLES, WALKS

_INPUT: Final = Field(REF, "input id of area.toml")
_POINT: Final = {
    "node": Field(REF, "node id"),
    "point": Field(INT, "its number on the node", span=(0, 255)),
    "of": Field(REF, "what the point belongs to in area.toml: a door, a reader, an input …"),
}
_TROUBLE: Final = Field(REF, "which", choices=TROUBLES)

POINTS: Final[tuple[FactType, ...]] = (
    fact(
        "bolt.withdrawn",
        "sensor",
        "The bolt's own contact shows it drawn back: the door can be opened. By whose right it does not say.",
        Name("{door} 锁舌缩回", "The bolt of {door} is drawn back"),
        door=Field(REF, "door id"),
    ),
    fact(
        "bolt.thrown",
        "sensor",
        "The bolt's own contact shows it thrown: the door is locked.",
        Name("{door} 锁舌伸出", "The bolt of {door} is thrown"),
        door=Field(REF, "door id"),
    ),
    fact(
        "bolt.unknown",
        "sensor",
        "It is unknown whether the bolt is thrown.",
        Name("{door} 锁舌看不见", "The bolt of {door} can no longer be read"),
        door=Field(REF, "door id"),
    ),
    fact(
        "input.activated",
        "sensor",
        "A detector, button or contact of the house went active; what that is, its kind in area.toml says.",
        Name("{input} 触发", "{input} went active"),
        input=_INPUT,
    ),
    fact(
        "input.cleared",
        "sensor",
        "It is not active, or no longer.",
        Name("{input} 正常", "{input} is clear"),
        input=_INPUT,
    ),
    fact(
        "input.lost",
        "sensor",
        "It can no longer be read: unknown, not clear.",
        Name("{input} 看不见", "{input} can no longer be read"),
        input=_INPUT,
    ),
    fact(
        "point.troubled",
        "sensor",
        "A node tells what keeps a point from being believed, or its device from doing its work.",
        Name("节点 {node} 点位 {point}（{of}）：{trouble}", "Node {node}, point {point} ({of}): {trouble}"),
        **_POINT,
        trouble=_TROUBLE,
    ),
    fact(
        "point.cleared",
        "sensor",
        "That trouble is over.",
        Name(
            "节点 {node} 点位 {point}（{of}）不再：{trouble}",
            "Node {node}, point {point} ({of}), no longer: {trouble}",
        ),
        **_POINT,
        trouble=_TROUBLE,
    ),
    fact(
        "reader.lost",
        "sensor",
        "The reader itself is not heard, though its node is: who is in its room is not known.",
        Name("读卡器 {reader} 看不见", "Reader {reader} is not heard"),
        reader=Field(REF, "reader id"),
    ),
    fact(
        "reader.restored",
        "sensor",
        "The reader is heard again; what lies there is told anew.",
        Name("读卡器 {reader} 恢复", "Reader {reader} is heard again"),
        reader=Field(REF, "reader id"),
    ),
    form(
        "point.walked",
        "An officer at the sensor tried a point and says what came of it; beside it what the system saw.",
        Name(
            "节点 {node} 点位 {point}（{of}）步行测试：{result}",
            "Walk test of node {node}, point {point} ({of}): {result}",
        ),
        **_POINT,
        result=Field(REF, "what came of it", choices=WALKS),
        seen=Field(
            REF, "the point's newest change of the last minutes; nothing, if there was none", choices=SIGHTS
        ),
        seen_at_us=Field(INSTANT, "when that change happened", required=False),
        note=Field(TEXT, "what was wrong", required=False),
    ),
)
