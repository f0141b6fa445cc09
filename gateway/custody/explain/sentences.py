"""The sentences of explanations, zh and en: why an alarm was raised, and why a rule was silent.

Product instructions and neutral descriptions; what an article says is not repeated here, only cited.
`{fields}` are filled by alarm.py, remedy.py and silence.py.
"""

from collections.abc import Mapping
from typing import Final

from custody.explain.kept import KEPT_REMEDIES, KEPT_SOURCES
from custody.name import Name

BASIS: Final[Mapping[str, Name]] = {
    "law": Name("法律规定", "set by law"),
    "local": Name("本地设定，不是法律规定", "a local setting, not law"),
}
NUMBER: Final[Mapping[str, Name]] = {
    "law": Name("这个数字由法律规定", "this number is set by law"),
    "local": Name("这个数字是本地设定", "this number is a local setting"),
}

# --- what the rule says, since when, which limit ---------------------------------------------------

RULE: Final = Name(
    "规则 {key}“{title}”：{what}。依据：{article}（{basis}）。",
    "Rule {key}, “{title}”: {what}. Source: {article} ({basis}).",
)
OVERLAID: Final = Name("本单位另有更严的设定。", "A local overlay has made this rule stricter.")
SINCE: Final = Name("{subject}：自 {time} 起。", "About {subject}: running since {time}.")
SINCE_FACT: Final = Name(
    "{subject}：自 {time} 起，起点是：{fact}。", "About {subject}: since {time}, beginning with: {fact}."
)
LIMITS: Final[Mapping[str, Name]] = {
    "at_once": Name(
        "不留时间，{due} 即报警（{number}）。", "No time is allowed: it alarmed at {due} ({number})."
    ),
    "after": Name(
        "持续满 {span}，于 {due} 报警（{number}）。",
        "It lasted {span}: the limit was reached at {due} ({number}).",
    ),
    "before": Name(
        "在书面时间之前 {span}，于 {due} 提示（{number}）。",
        "It was told {span} before the time written, at {due} ({number}).",
    ),
    "tier": Name(
        "时限 {limit}，于 {due} 届满（{number}）。", "The limit of {limit} ended at {due} ({number})."
    ),
    "due": Name(
        "期限 {limit}，最后一天自 {due} 开始（{number}）。",
        "Of the limit of {limit} the last day began at {due} ({number}).",
    ),
    "pre": Name(
        "预警：满 {span}时，于 {due} 提示（{number}）；到 {limit} 报警。",
        "A pre-warning after {span}, at {due} ({number}); the alarm follows at {limit}.",
    ),
    "pre_tier": Name(
        "预警：时限 {limit}届满前 {before}，于 {due} 提示（{number}）；{end} 届满。",
        "A pre-warning {before} before the end of {limit}, at {due} ({number}); it ends at {end}.",
    ),
}
CALENDAR: Final = Name("按日计算，开始当日不计。", "Counted in whole days; the day it began is not counted.")
NOT_COUNTED: Final = Name("其间有 {span} 不计入。", "Of that time {span} did not count.")
BY_APPROVAL: Final = Name("这一时限经过批准：{fact}。", "This limit was given by approval: {fact}.")
UNCERTAIN: Final = Name(
    "网关时钟当时不可信，按最早可能的时间提前报警。",
    "The gateway's clock could not be trusted at the time: it alarmed at the earliest possible moment.",
)
SIGHT: Final = Name(
    "{count} 条只说明当时看得见或者看不见，不是行为。",
    "{count} of the facts only say what could be seen; they are no acts.",
)
NOT_REDUCED: Final = Name(
    "有事实来得太晚，放不回原位；这里列出报警本身所依据的事实，没有再缩减。",
    "A fact came too late to be put in its place: these are the facts that the alarm itself names, not reduced further.",
)
LATE: Final = Name("{fact}（{time} 才记录）", "{fact} (recorded only at {time})")

# --- what would have ended it ----------------------------------------------------------------------

REMEDIES: Final[Mapping[str, Name]] = {
    **KEPT_REMEDIES,
    "until": Name(
        "在此之前有下列之一，就不会报警：{steps}。", "One of these by then would have ended it: {steps}."
    ),
    "no_until": Name(
        "只有离区或者重新开始计算才会结束。", "Only leaving the area, or a new beginning, ends it."
    ),
    "clock": Name(
        "在此之前离区或者改变措施，就不会报警。",
        "Leaving the area or another measure by then would have ended it.",
    ),
    "longer": Name(
        "更长的时限须事先批准：{limits}。",
        "A longer limit needs approval beforehand: {limits}.",
    ),
    "longer_limit": Name("{limit}（{approvers}批准{grounds}）", "{limit} (by {approvers}{grounds})"),
    "grounds": Name("，理由：{grounds}", "; on the ground: {grounds}"),
    "no_longer": Name("没有更长的时限。", "There is no longer limit."),
    "before_act": Name(
        "缺少的一步是：{steps}，应在{acts}之前完成。", "The missing step is: {steps}, before: {acts}."
    ),
    "before_place": Name(
        "缺少的一步是：{steps}，应在进入{rooms}之前完成。",
        "The missing step is: {steps}, before being in: {rooms}.",
    ),
    "anywhere": Name("办案区内的房间", "a room of the area"),
    "form_act": Name(
        "这一行为本身就是违反，做了即报警：{acts}。",
        "The act itself is against the rule and is told as it is done: {acts}.",
    ),
    "repeat": Name(
        "同一行为第二次就报警：{acts}。", "The same act a second time is against the rule: {acts}."
    ),
    "same": Name(
        "两项不是同一人时不报警：{fields}。",
        "It would not have alarmed with two different persons as: {fields}.",
    ),
    "within": Name("满 {span} 之后才可以。", "It may be done only after {span}."),
    "outside_area": Name(
        "回到办案区内即结束；出区须先批准。",
        "It ends when the person is back inside; leaving needs approval first.",
    ),
    "in_room": Name("离开这一房间即结束。", "It ends when the person leaves the room."),
    "recused_present": Name(
        "回避的民警离开这一房间即结束。", "It ends when the recused officer leaves the room."
    ),
    "band_cut": Name("绑上新手环即结束。", "It ends when a new wristband is bound."),
    "band_pressed": Name("按下时即告知，不再持续。", "It was told as it was pressed and does not last."),
    "band_leapt": Name(
        "两处之间至少相隔 {span}，就不会报警；不再持续。",
        "With at least {span} between the two places it would not have alarmed; it does not last.",
    ),
    "door_forced": Name(
        "开门前 {span} 内有放行，就不会报警；关门即结束。",
        "A release within {span} before the opening would have kept it silent; it ends when the door is shut.",
    ),
    "refused": Name(
        "这一申请被拒绝，拒绝本身须报告。", "The entry was refused, and the attempt itself is told."
    ),
    "refuse": Name(
        "这一登记或者请求被拒绝，什么也没有改变。", "The form or request was refused: it changed nothing."
    ),
    "below": Name(
        "{field}不低于 {bound} 时不报警（当时为 {value}）。",
        "It would be silent with {field} of at least {bound} (it was {value}).",
    ),
    "above": Name(
        "{field}不高于 {bound} 时不报警（当时为 {value}）。",
        "It would be silent with {field} of at most {bound} (it was {value}).",
    ),
    "certificate_after_entry": Name(
        "到案时间写成 {certificate}，比入区时间 {gate} 晚；相差不超过 {span} 时不报警。",
        "The certificate says {certificate}, the gate {gate}; up to {span} later it would be silent.",
    ),
    "particulars_missing": Name(
        "台账写明性别和是否未成年即结束。", "It ends when the register states sex and whether a minor."
    ),
    "interval": Name(
        "每满 {span} 之前至少一次：{acts}。", "At least once before {span} have passed: {acts}."
    ),
    "each": Name("每个{period}之内至少一次：{acts}。", "At least once within each {period}: {acts}."),
    "hands_role": Name(
        "须由具有这些角色之一的人办理：{roles}。", "It takes one of these roles to do it: {roles}."
    ),
    "hands_never": Name(
        "不得由兼有这些角色的人办理：{roles}。", "Nobody who is also one of these may do it: {roles}."
    ),
    "hands_case": Name(
        "不得由办理过同一案件的人办理：{steps}。",
        "Nobody who did one of these in the same case may do it: {steps}.",
    ),
    "no_police": Name(
        "有民警在：{rooms}，即结束。", "It ends when a people's police officer is in: {rooms}."
    ),
    "nobody": Name("有人看管：{rooms}，即结束。", "It ends when somebody guards from: {rooms}."),
    "head_count": Name(
        "须有{who}至少 {required} 名在场，当时 {present} 名。",
        "At least {required} {who} must be there; there were {present}.",
    ),
    "head_count_form": Name(
        "须有{who}至少 {required} 名，写了 {present} 名。",
        "At least {required} {who} must be named; {present} were.",
    ),
    "coverage": Name("{room}的录像恢复即结束。", "It ends when {room} is recorded again."),
    "coverage_or": Name(
        "{room}的录像恢复，或者补足 {count} 名民警，即结束。",
        "It ends when {room} is recorded again, or with {count} officers.",
    ),
    "separation": Name(
        "与 {others} 不在同一房间即结束。", "It ends when the person is not in the room with {others}."
    ),
    "supervision": Name("恢复正常即结束：{source}。", "It ends when this is as it must be again: {source}."),
    "chain": Name(
        "与上一次（{earlier}）相隔 {span} 以上时不报警；当时相隔 {gap}。",
        "At least {span} after the last one ({earlier}) it would be silent; it was {gap}.",
    ),
}
PERIODS: Final[Mapping[str, Name]] = {
    "month": Name("月", "month"),
    "quarter": Name("季度", "quarter"),
    "year": Name("年", "year"),
}
WHO: Final[Mapping[str, Name]] = {
    "sworn": Name("民警", "police officers"),
    "any": Name("工作人员", "staff"),
    "F": Name("女", "female "),
    "M": Name("男", "male "),
}
SOURCES: Final[Mapping[str, Name]] = {
    **KEPT_SOURCES,
    "door": Name("门磁看得见", "the door contact can be read"),
    "door_held": Name("门关上", "the door is shut"),
    "band_silent": Name("读到手环", "the wristband is read"),
    "band_battery": Name("手环电量不低于 {percent}%", "the wristband's battery is at least {percent} %"),
    "band_twice": Name("只在一处读到手环", "the wristband is read in one place alone"),
    "band_out": Name(
        "手环登记收回、清洁或者停用", "the wristband is entered as given back, cleaned or withdrawn"
    ),
    "tag_unknown": Name(
        "标签有人佩戴，或者离开这些房间", "somebody bears the tag, or it is out of these rooms"
    ),
    "node": Name("收到节点的消息", "the node is heard"),
    "recorder": Name("知道是否在录像", "it is known whether it records"),
    "reader": Name("收到读卡器的消息", "the reader is heard"),
    "input": Name("没有触发：{kinds}", "not active: {kinds}"),
    "input_unknown": Name("看得见：{kinds}", "it can be read: {kinds}"),
    "point": Name("没有故障：{troubles}", "no trouble of these: {troubles}"),
    "port": Name("串口恢复", "the serial port is back"),
    "server": Name("服务器应答", "the server answers"),
    "storage": Name("证据日志存储恢复", "the storage of the log is sound"),
    "gateway": Name("收到网关的消息", "the gateway is heard"),
    "clock": Name("时钟可信", "the clock is trusted"),
}
APART: Final[Mapping[str, Name]] = {
    "sex": Name("异性", "persons of the other sex"),
    "case": Name("同案人员", "persons of the same case"),
    "age": Name("未成年与成年", "minors and adults"),
    "anyone": Name("其他人员", "anyone else"),
}

# --- how it ended ----------------------------------------------------------------------------------

ENDS: Final[Mapping[str, Name]] = {
    "open": Name("到现有记录为止仍在持续。", "It still stands at the end of the record."),
    "fact": Name("{time} 结束：{fact}。", "It ended at {time}: {fact}."),
    "moment": Name(
        "行为发生时即告知，不再持续；报警留到处置完毕。",
        "It was told as the act was done and does not last; the alarm stays until it is handled.",
    ),
    "time": Name("{time} 结束（{reason}）。", "It ended at {time} ({reason})."),
    "law": Name(
        "{time} 起适用另一时期的规则，随之结束。",
        "It ended at {time}, when the rules of another period came into force.",
    ),
    "late": Name(
        "后来的事实表明没有发生过，已撤销：{fact}。",
        "A later fact shows that it never was, and it was withdrawn: {fact}.",
    ),
    "moved": Name("{time} 起不再适用：{fact}。", "It no longer held from {time}: {fact}."),
}

# --- why a rule was silent -------------------------------------------------------------------------

VERDICTS: Final[Mapping[str, Name]] = {
    "silent": Name(
        "规则 {key}“{title}”对{subject} 在 {time} 没有报警。",
        "Rule {key}, “{title}”, was silent about {subject} at {time}.",
    ),
    "running": Name(
        "规则 {key}“{title}”对{subject} 在 {time} 正在计时，还没有报警。",
        "Rule {key}, “{title}”, was running for {subject} at {time}, and had not alarmed yet.",
    ),
    "held": Name(
        "规则 {key}“{title}”对{subject} 在 {time} 看不清，既不开始也不结束。",
        "Rule {key}, “{title}”, could not see {subject} at {time}: it neither begins nor ends.",
    ),
    "sounding": Name(
        "规则 {key}“{title}”对{subject} 在 {time} 已经报警。",
        "Rule {key}, “{title}”, does alarm about {subject} at {time}.",
    ),
}
RUNS: Final = Name("条件自 {since} 起成立。", "Its condition has held since {since}.")
NEXT: Final[Mapping[str, Name]] = {
    "alarm": Name(
        "再不改变，{due} 报警（{severity}）。", "Unless it changes, it alarms at {due} ({severity})."
    ),
    "prewarning": Name(
        "再不改变，{due} 预警，{limit} 报警。", "Unless it changes, it warns at {due} and alarms at {limit}."
    ),
    "suspended": Name("计时已暂停。", "Its time is suspended."),
    "none": Name("没有更高的级别。", "There is no higher step."),
}
REACHED: Final = Name("{due} 已达到 {stage}（{severity}）。", "It reached {stage} ({severity}) at {due}.")
LAST_ACT: Final = Name(
    "只在行为发生时判断。最近一次：{time} {fact}。",
    "It is judged only as the act is done. The last time: {time} {fact}.",
)
NO_ACT: Final = Name(
    "只在行为发生时判断；到这时还没有：{acts}。",
    "It is judged only as the act is done; by then there was none: {acts}.",
)
ACT_ALARMED: Final = Name("这一次已经报警。", "That time it did alarm.")
HELD: Final = Name(
    "看不见的是：{what}。之前成立的继续成立，之前没有的不新开始。",
    "What cannot be seen: {what}. What stood before goes on standing; nothing new begins.",
)
UNSEEN: Final[Mapping[str, Name]] = {
    "reader": Name(
        "{room}的读卡器（节点 {node} 没有消息）", "the reader of {room} (node {node} is not heard)"
    ),
    "recorder": Name("{recorder}是否在录像", "whether {recorder} records"),
    "door": Name("{door}的门磁", "the contact of {door}"),
}

LOOKS: Final[Mapping[str, Name]] = {
    "flags_any": Name("有其一：{flags}", "any of {flags}"),
    "flags_all": Name("全有：{flags}", "all of {flags}"),
    "flags_none": Name("没有：{flags}", "none of {flags}"),
    "officers": Name("{count} 名{who}", "{count} {who}"),
    "below": Name("{field}低于 {bound}", "{field} below {bound}"),
    "above": Name("{field}高于 {bound}", "{field} above {bound}"),
    "not_rooms": Name("不在{rooms}", "anywhere but {rooms}"),
    "fact": Name("{time} {fact}", "{time}, {fact}"),
    "field": Name("{field}：{values}", "{field}: {values}"),
    "between": Name("{begin} 至 {end}", "{begin} to {end}"),
}
