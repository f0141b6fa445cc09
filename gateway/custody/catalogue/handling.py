"""What officers do about alarms: to take them and see them through, to put them aside for a time."""

from typing import Final

from custody.alarm_limits import OUT_OF_SERVICE_HOURS_MAX, SHELF_MINUTES_MAX
from custody.catalogue.parts import ALARM, OFFICER, FactType, fact
from custody.fields import INT, REF, TEXT, Field
from custody.name import Name
from custody.vocabulary import SHELF_REASONS

HANDLING: Final[tuple[FactType, ...]] = (
    fact(
        "alarm.taken",
        "officer",
        "A named officer is on the way.",
        Name("{officer} 接单", "{officer} took the alarm"),
        alarm=ALARM,
        officer=OFFICER,
    ),
    fact(
        "alarm.acknowledged",
        "officer",
        "A named officer has seen the alarm; the sounder stops, the alarm stands.",
        Name("{officer} 已看到", "{officer} has seen the alarm"),
        alarm=ALARM,
        officer=OFFICER,
    ),
    fact(
        "alarm.rectified",
        "officer",
        "Cause and action are stated; another person may now verify.",
        Name("{officer} 处置：{cause}，{action}", "{officer} handled it: {cause}, {action}"),
        alarm=ALARM,
        officer=OFFICER,
        cause=Field(TEXT, "what caused it"),
        action=Field(TEXT, "what was done"),
    ),
    fact(
        "alarm.verified",
        "officer",
        "A second officer has checked the rectification; the alarm is closed.",
        Name("{officer} 核对", "{officer} verified"),
        alarm=ALARM,
        officer=OFFICER,
    ),
    fact(
        "alarm.shelved",
        "officer",
        "The source of the alarm is put aside for some minutes, with a reason. It ends by itself.",
        Name("{officer} 搁置 {minutes} 分钟：{reason}", "{officer} shelved it for {minutes} min: {reason}"),
        alarm=ALARM,
        officer=OFFICER,
        reason=Field(REF, "why", choices=SHELF_REASONS),
        minutes=Field(INT, "for how long; area.toml sets the most", span=(1, SHELF_MINUTES_MAX)),
    ),
    fact(
        "alarm.unshelved",
        "officer",
        "A shelf is ended before its time.",
        Name("{officer} 取消搁置", "{officer} unshelved it"),
        alarm=ALARM,
        officer=OFFICER,
    ),
    fact(
        "alarm.removed_from_service",
        "officer",
        "The source of the alarm is out of service for some hours, with a reason: it is being repaired.",
        Name(
            "{officer} 停用 {hours} 小时：{reason}",
            "{officer} took it out of service for {hours} h: {reason}",
        ),
        alarm=ALARM,
        officer=OFFICER,
        reason=Field(REF, "why", choices=SHELF_REASONS),
        hours=Field(INT, "for how long; area.toml sets the most", span=(1, OUT_OF_SERVICE_HOURS_MAX)),
    ),
    fact(
        "alarm.returned_to_service",
        "officer",
        "The source is in service again.",
        Name("{officer} 恢复使用", "{officer} returned it to service"),
        alarm=ALARM,
        officer=OFFICER,
    ),
    fact(
        "alarm.silenced",
        "officer",
        "The sounder is silent for a while about what sounds now; the alarms stand, and a new one sounds.",
        Name("{officer} 消音", "{officer} silenced the sounder"),
        officer=OFFICER,
    ),
)
