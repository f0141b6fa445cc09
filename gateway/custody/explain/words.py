"""Words for what the catalogue and the rulebooks name by code: fields, steps, kinds of room, units of time.

Neutral descriptions of the product, zh and en; no wording of the law stands here.
"""

from collections.abc import Mapping
from typing import Final

from custody.explain.kept import KEPT_FIELDS, KEPT_STEPS, KEPT_UNSPOKEN
from custody.name import Name

YES: Final = Name("是", "yes")
NO: Final = Name("否", "no")
OR: Final = Name("或者", " or ")

UNITS: Final[Mapping[str, Name]] = {
    "mo": Name("个月", "months"),
    "wd": Name("个工作日", "working days"),
    "d": Name("天", "d"),
    "h": Name("小时", "h"),
    "min": Name("分钟", "min"),
    "s": Name("秒", "s"),
    "ms": Name("毫秒", "ms"),
}

ROOM_KINDS: Final[Mapping[str, Name]] = {
    "reception": Name("接待区", "reception"),
    "search": Name("人身安全检查室", "search room"),
    "booking": Name("信息采集室", "booking room"),
    "waiting": Name("候问室", "waiting room"),
    "interview": Name("询问室", "interview room"),
    "interrogation": Name("讯问室", "interrogation room"),
    "identification": Name("辨认室", "identification room"),
    "sobering": Name("醒酒室", "sobering room"),
    "property_store": Name("涉案财物室", "property store"),
    "dossier": Name("案管室", "dossier room"),
    "guard": Name("看管值班室", "guard room"),
    "handover": Name("送押区", "handover area"),
    "corridor": Name("走廊", "corridor"),
    "outside": Name("区外", "outside the area"),
}
DOOR_KINDS: Final[Mapping[str, Name]] = {
    "area_gate": Name("区门", "area gate"),
    "exit": Name("出口", "exit"),
    "room": Name("房门", "room door"),
}
FITTINGS: Final[Mapping[str, Name]] = {
    "patrol_point": Name("巡查点", "patrol point"),
    "guard_motion": Name("看管动作感应", "guard motion sensor"),
}
PLACES: Final[Mapping[str, Name]] = {
    "nowhere": Name("位置不明", "an unknown place"),
}
SUBJECTS: Final[Mapping[str, Name]] = {
    "stay": Name("人员 {ref}", "stay {ref}"),
    "case": Name("案件 {ref}", "case {ref}"),
    "dossier": Name("案卷 {ref}", "dossier {ref}"),
    "recording": Name("录音录像 {ref}", "recording {ref}"),
    "incident": Name("事件 {ref}", "incident {ref}"),
    "item": Name("财物 {ref}", "item {ref}"),
    "stocktaking": Name("清点 {ref}", "count {ref}"),
    "compartment": Name("柜格 {ref}", "compartment {ref}"),
    "cabinet": Name("柜 {ref}", "cabinet {ref}"),
    "officer": Name("民警 {ref}", "officer {ref}"),
    "room": Name("{ref}", "{ref}"),
    "recorder": Name("{ref}", "{ref}"),
    "door": Name("{ref}", "{ref}"),
    "node": Name("节点 {ref}", "node {ref}"),
    "reader": Name("读卡器 {ref}", "reader {ref}"),
    "input": Name("{ref}", "{ref}"),
    "point": Name("点位 {ref}", "point {ref}"),
    "tag": Name("标签 {ref}", "tag {ref}"),
    "band": Name("手环 {ref}", "wristband {ref}"),
    "port": Name("串口 {ref}", "serial port {ref}"),
    "server": Name("服务器", "the server"),
    "storage": Name("证据日志存储", "the storage of the log"),
    "gateway": Name("网关 {ref}", "gateway {ref}"),
    "clock": Name("网关时钟", "the gateway's clock"),
}
WORN_BY: Final[Mapping[str, Name]] = {
    "stay": Name("人员 {ref}", "stay {ref}"),
    "officer": Name("民警 {ref}", "officer {ref}"),
}

# Steps that are no type of fact of their own, or that are said better than by their fact's sentence.
STEPS: Final[Mapping[str, Name]] = {
    **KEPT_STEPS,
    "arrived": Name("到案", "arrived"),
    "entered": Name("进入办案区", "entered the area"),
    "registered": Name("登记台账", "entered in the register"),
    "searched": Name("人身安全检查", "safety search"),
    "released": Name("离区", "left the area"),
    "arrival_written": Name("到案时间已写明", "arrival time written"),
    "measure": Name("开始适用“{measure}”", "“{measure}” in force"),
    "in": Name("进入{kind}", "into the {kind}"),
    "left": Name("离开{kind}", "out of the {kind}"),
    "@": Name("{step}：{field}", "{step}: {field}"),
    "officer.qualified": Name("登记资格", "Qualification entered"),
    "arrest.decided": Name("检察院决定", "Procuratorate's decision"),
    "health.checked": Name("健康检查", "Condition on admission"),
    "measure.changed": Name("改变措施", "Measure changed"),
    "recorder.measured": Name("录像机自检", "Recorder self-check"),
    "release.handed_over": Name("交给家属等", "Handed over"),
    "sample.collected": Name("信息采集", "Data collected"),
    "officer.withdrawn": Name("收回胸牌", "Badge withdrawn"),
    "training.recorded": Name("登记训练课时", "Class hours entered"),
    "escort.formed": Name("组成押解", "Escort formed"),
    "extension.approved": Name("批准延长", "Extension approved"),
    "dossier.closed": Name("结卷", "Dossier closed"),
    "case.sent": Name("移送案卷", "Case file sent"),
    "rest.recorded": Name("休息", "Rest"),
    "room.inspected": Name("房间验收", "Room inspected"),
    "guard.moved": Name("看管人有动作", "Guard moved"),
    "patrol.tapped": Name("巡查", "Patrol"),
    "wristband.bound": Name("绑手环", "Wristband bound"),
}

# How a step of a ladder is called.
STAGES: Final[Mapping[str, Name]] = {
    "at_once": Name("立即报警", "at once"),
    "after": Name("满 {span}", "after {span}"),
    "before": Name("书面时间前 {span}", "{span} before the time written"),
    "limit": Name("时限 {limit} 届满", "the end of {limit}"),
    "due": Name("期限 {limit} 的最后一天", "the last day of {limit}"),
    "pre": Name("预警：{stage}", "pre-warning: {stage}"),
    "pre_tier": Name("预警：{limit} 届满前 {span}", "pre-warning: {span} before the end of {limit}"),
}

# What a field says where the sentence of its fact leaves it out.
FIELDS: Final[Mapping[str, Name]] = {
    **KEPT_FIELDS,
    "reason": Name("原因：{value}", "reason: {value}"),
    "source": Name("来源：{value}", "source: {value}"),
    "gateway": Name("网关 {value}", "gateway {value}"),
    "active": Name("接通：{value}", "on: {value}"),
    "seen": Name("系统看到：{value}", "the system saw: {value}"),
    "seen_at_us": Name("看到时刻 {value}", "seen at {value}"),
    "note": Name("备注：{value}", "note: {value}"),
    "cause": Name("原因：{value}", "cause: {value}"),
    "badge": Name("胸牌 {value}", "badge {value}"),
    "disk_free_percent": Name("磁盘剩余 {value}%", "free disk {value} %"),
    "days_left": Name("可存 {value} 天", "{value} days left"),
    "drift_ms": Name("时钟相差 {value} 毫秒", "clock off by {value} ms"),
    "area_dm2": Name("面积 {value} 平方分米", "area {value} dm²"),
    "height_cm": Name("净高 {value} 厘米", "height {value} cm"),
    "floor": Name("第 {value} 层", "storey {value}"),
    "service": Name("{value}", "{value}"),
    "roles": Name("角色：{value}", "roles: {value}"),
    "sex": Name("性别：{value}", "sex: {value}"),
    "until_at_us": Name("有效期至 {value}", "valid until {value}"),
    "case": Name("案件 {value}", "case {value}"),
    "person": Name("人 {value}", "person {value}"),
    "arrived_at_us": Name("到案时间 {value}", "arrival {value}"),
    "entered_at_us": Name("入区时间 {value}", "entry {value}"),
    "ended_at_us": Name("结束时间 {value}", "end {value}"),
    "minor": Name("未成年：{value}", "minor: {value}"),
    "flags": Name("情况：{value}", "stated: {value}"),
    "value": Name("是否如此：{value}", "it is so: {value}"),
    "refused": Name("本人拒写：{value}", "refused by the person: {value}"),
    "approver": Name("批准人 {value}", "approved by {value}"),
    "of": Name("事由：{value}", "of: {value}"),
    "room": Name("地点：{value}", "in: {value}"),
    "officers": Name("民警：{value}", "officers: {value}"),
    "rule": Name("规则 {value}", "rule {value}"),
    "ground": Name("理由：{value}", "ground: {value}"),
    "mode": Name("方式：{value}", "by: {value}"),
    "female": Name("其中女性 {value} 名", "women among them: {value}"),
    "return_by_at_us": Name("应返回时间 {value}", "due back {value}"),
    "document": Name("文书 {value}", "document {value}"),
    "certified": Name("通过法律职业资格：{value}", "legally qualified: {value}"),
    "purpose": Name("用途：{value}", "purpose: {value}"),
    "dossier": Name("案卷 {value}", "dossier {value}"),
    "recording": Name("编号 {value}", "reference {value}"),
    "incident": Name("事件 {value}", "incident {value}"),
    "handler": Name("办案人 {value}", "handled by {value}"),
    "keeper": Name("保管人 {value}", "kept by {value}"),
    "by_case_team": Name("办案人员调阅：{value}", "by the case team: {value}"),
    "device": Name("器具：{value}", "device: {value}"),
    "measure": Name("措施：{value}", "measure: {value}"),
    "node": Name("节点 {value}", "node {value}"),
    "officer": Name("民警 {value}", "officer {value}"),
    "tag": Name("标签 {value}", "tag {value}"),
    "band": Name("手环 {value}", "wristband {value}"),
    "door": Name("门 {value}", "door {value}"),
    "recorder": Name("录像机 {value}", "recorder {value}"),
    "reader": Name("读卡器 {value}", "reader {value}"),
    "input": Name("输入 {value}", "input {value}"),
    "point": Name("点位 {value}", "point {value}"),
    "trouble": Name("故障：{value}", "trouble: {value}"),
    "output": Name("输出 {value}", "output {value}"),
    "kind": Name("种类：{value}", "kind: {value}"),
    "act": Name("行为：{value}", "act: {value}"),
    "relation": Name("监护人等：{value}", "guardian: {value}"),
    "count": Name("数量 {value}", "count {value}"),
    "hours": Name("课时 {value}", "hours {value}"),
    "sworn": Name("民警 {value} 名", "officers {value}"),
    "detained": Name("被押解 {value} 人", "persons {value}"),
    "exhibit_lists": Name("清单 {value} 份", "exhibit lists {value}"),
    "missing": Name("缺 {value} 件", "missing {value}"),
    "percent": Name("电量 {value}%", "battery {value} %"),
}
# What a field is called without its value, where that is not the sentence above with the value left out.
FIELD_NAMES: Final[Mapping[str, Name]] = {
    "disk_free_percent": Name("磁盘剩余百分比", "free disk in percent"),
    "days_left": Name("可存天数", "days left"),
    "drift_ms": Name("时钟相差毫秒", "clock drift in ms"),
    "area_dm2": Name("面积（平方分米）", "floor area in dm²"),
    "height_cm": Name("净高（厘米）", "height in cm"),
    "floor": Name("楼层", "storey"),
    "percent": Name("电量百分比", "battery in percent"),
    "exhibit_lists": Name("清单份数", "copies of the exhibit list"),
    "missing": Name("缺少件数", "documents missing"),
    "count": Name("数量", "number"),
    "hours": Name("课时", "class hours"),
    "sworn": Name("民警人数", "officers"),
    "detained": Name("被押解人数", "detained persons"),
    "female": Name("其中女性人数", "women among them"),
}
# Fields that explain nothing: who typed it in, hashes, numbers of a wire, and the stay, which heads the page.
UNSPOKEN: Final = KEPT_UNSPOKEN | frozenset(
    (
        "stay",
        "reader",
        "config_hash",
        "rulebook_hash",
        "node_boot",
        "command_id",
        "valid_ms",
        "order",
        "alarm",
        "fields",
    )
)
