"""Scenes for the rendering tests and for pictures of states that are hard to reach: plain views, fixed at one moment.

14:22:08 on 18 March 2026 in Asia/Shanghai, a bad afternoon: fourteen persons, two red, one not seen, two amber, one blue.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from caseserver.web.reader import Reader
from caseserver.web.views import (
    AlarmCard,
    AlarmsView,
    AlarmTail,
    AreaPlan,
    Asked,
    Choice,
    ClockLane,
    Count,
    FormChoice,
    FormLink,
    HealthStrip,
    LastAlarm,
    LawQuote,
    LimitBar,
    Mark,
    MustShare,
    Note,
    PeopleView,
    PersonRow,
    Pill,
    PlanDoor,
    RecordFact,
    RoomTile,
    Source,
    Span,
    Stamp,
    StayDrawing,
    StayPage,
    Stem,
    TopView,
    WallView,
)
from caseserver.web.views_alarms import AlarmPage, Step, WhyFact
from caseserver.web.views_ledger import (
    BlindLane,
    BlindPage,
    BlindRow,
    BlindSum,
    CoverageCell,
    CoveragePlot,
    CoverageRow,
    FourMusts,
    MustBar,
    MustPart,
)
from caseserver.web.views_proof import LogView, OwnLogPage, OwnRow, ProofPage, SecondView
from caseserver.web.views_rules import RuleCard, RuleGroup, RuleNumber, RulesPage
from caseserver.web.views_whatif import RefusalRow, RuleRow, SubjectRow, WhatIfPage
from custody.name import Name
from custody.whatif import Totals, WhatIf

ZONE = "Asia/Shanghai"
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000


def at(text: str, day: int = 18) -> int:
    """Microseconds UTC of a local time of March 2026: ``at("14:22:08")``."""
    hour, minute, second = (text.split(":") + ["0"])[:3]
    local = datetime(2026, 3, day, int(hour), int(minute), int(second), tzinfo=ZoneInfo(ZONE))
    return int(local.timestamp()) * SECOND


NOW = at("14:22:08")


def reader(language: str = "zh", theme: str = "day", **changes: object) -> Reader:
    base = Reader(now_us=NOW, zone=ZONE, language=language, theme=theme, badge="0312", csrf="token")  # type: ignore[arg-type]
    return replace(base, **changes)  # type: ignore[arg-type]


OK4 = ("ok", "ok", "ok", "ok")


def row(
    stay: str, room: str, duty: str, end: str, basis: str, start: str, hours: int, **extra: object
) -> PersonRow:
    start_us = at(start)
    bar = LimitBar(
        start_us,
        start_us + hours * HOUR,
        start_us + hours * HOUR - hours * 10 * MINUTE,
        level=extra.pop("level", ""),
    )  # type: ignore[arg-type]
    values: dict[str, object] = {"musts": OK4, "seal": "site", "count": Count("left", at(end))}
    values |= extra
    return PersonRow(stay, f"/stays/a1/{stay}", room, duty=duty, basis=basis, bar=bar, **values)  # type: ignore[arg-type]


def people() -> tuple[PersonRow, ...]:
    return (
        row(
            "0412",
            "讯问室 2",
            "停止讯问，重启录像",
            "14:22",
            "刑事传唤 12 小时",
            "8:05",
            12,
            seal="law",
            mark=Mark("act", "plug"),
            untaken=True,
            count=Count("gone", at("14:21:56")),
            musts=("ok", "ok", "ok", "bad"),
        ),
        row(
            "0415",
            "候问室 2",
            "派民警到岗看管",
            "14:22",
            "继续盘问 12 小时",
            "9:40",
            12,
            seal="law",
            mark=Mark("act", "figure"),
            count=Count("gone", at("14:19")),
            musts=("ok", "ok", "bad", "ok"),
        ),
        replace(
            row(
                "0419",
                "醒酒室",
                "派人当面看守",
                "14:22",
                "约束至酒醒",
                "13:00",
                8,
                mark=Mark("blind", "query"),
                untaken=True,
                count=Count("gone", at("14:19:54")),
                musts=("ok", "ok", "blind", "blind"),
            ),
            bar=None,
            paused="不计时",
        ),
        row(
            "0420",
            "安全检查室",
            "完成安全检查",
            "14:27",
            "询问查证 8 小时",
            "14:17",
            8,
            musts=("ok", "todo", "ok", "ok"),
        ),
        row(
            "0421",
            "登记台",
            "登记台账",
            "14:34",
            "询问查证 8 小时",
            "14:19",
            8,
            musts=("ok", "todo", "ok", "ok"),
        ),
        row("0418", "询问室 1", "8 小时届满", "20:41", "询问查证 8 小时", "12:41", 8, seal="law"),
        row(
            "0403",
            "候问室 1",
            "8 小时届满",
            "15:00",
            "询问查证 8 小时",
            "7:00",
            8,
            seal="law",
            mark=Mark("soon", "clock"),
            level="soon",
        ),
        row("0409", "讯问室 1", "24 小时届满", "20:10", "刑事传唤 24 小时", "0:10", 20, seal="law"),
        row("0401", "送押区", "送看守所", "16:00", "刑拘送所 24 小时", "11:20", 24, seal="law"),
    )


def plan() -> AreaPlan:
    def room(
        name: str, x: int, y: int, w: int, h: int, stays: str = "", note: str = "", **extra: object
    ) -> RoomTile:
        level = str(extra.get("level", ""))
        pills = tuple(Pill(stay, level) for stay in stays.split())  # type: ignore[arg-type]
        values: dict[str, object] = {"guard": "ok" if stays else "", "recorder": "ok" if stays else "idle"}
        return RoomTile(name, x, y, w, h, people=pills, note=Note(note) if note else None, **values | extra)  # type: ignore[arg-type]

    rooms = (
        room("讯问室 1", 0, 0, 40, 16, "0409", "2 名民警"),
        room("讯问室 2", 0, 16, 40, 16, "0412", "2 名民警", level="act", recorder="bad"),
        room("询问室 1", 0, 32, 40, 16, "0418", "1 名民警"),
        room("信息采集室", 0, 48, 40, 16, "", "空"),
        room("安全检查室", 0, 64, 40, 16, "0420", "2 名民警"),
        room("登记台", 0, 80, 58, 20, "0421"),
        room("看管值班室", 40, 0, 18, 16, "", "", recorder="ok"),
        room("走廊", 40, 16, 18, 64, "", "", recorder="", passage=True),
        room("候问室 1", 58, 0, 42, 16, "0411 0403 0404 0405", level="soon"),
        room("候问室 2", 58, 16, 42, 16, "0415", level="act", guard="bad"),
        room("女候问室", 58, 32, 42, 16, "0414"),
        room(
            "醒酒室",
            58,
            48,
            42,
            16,
            "0419",
            level="blind",
            guard="blind",
            recorder="blind",
            blind_since_us=at("14:19:54"),
        ),
        room("财物室", 58, 64, 42, 16),
        room("送押区", 58, 80, 42, 20, "0401", "1 名民警"),
    )
    doors = (
        PlanDoor("候问室 2门", (9, 7), "open", "act"),
        PlanDoor("讯问室 1门", (0, 6), "shut"),
        PlanDoor("讯问室 2门", (1, 7), "shut"),
        PlanDoor("醒酒室门", (11, 7), "blind"),
        PlanDoor("出口", (13, None), "shut"),
        PlanDoor("车辆入口", (5, None), "shut"),
    )
    return AreaPlan("一号办案区", rooms, doors)


def cards() -> tuple[AlarmCard, ...]:
    return (
        AlarmCard(
            "a1",
            "/alarms/a1/x1",
            Mark("act", "plug"),
            "new",
            "讯问室 2",
            "0412",
            "录像已停，讯问仍在进行",
            "停止讯问，重启录像",
            "law",
            "刑诉法 第123条",
            Count("gone", at("14:21:56")),
            sound="equip-act",
        ),
        AlarmCard(
            "a2",
            "/alarms/a1/x2",
            Mark("act", "figure"),
            "taken",
            "候问室 2",
            "0415",
            "室内有人，无民警看管",
            "派民警到岗看管",
            "law",
            "继续盘问规定 第29条",
            Count("gone", at("14:19")),
            taken_by="1187",
            taken_us=at("14:21:28"),
        ),
        AlarmCard(
            "a3",
            "/alarms/a1/x3",
            Mark("blind", "query"),
            "new",
            "醒酒室",
            "0419",
            "看不见：节点 3 失联",
            "派人当面看守，报修",
            "site",
            "本地 30 秒 · 未知不等于正常",
            Count("gone", at("14:19:54")),
            sound="equip-soon",
        ),
        AlarmCard(
            "a4",
            "/alarms/a1/x4",
            Mark("soon", "clock"),
            "new",
            "候问室 1",
            "0403",
            "8 小时将满，无延长审批",
            "结束询问，或报批延长",
            "law",
            "治安处罚法 第97条",
            Count("left", at("15:00")),
            sound="law-soon",
            late_s=4,
        ),
        AlarmCard(
            "a5",
            "/alarms/a1/x5",
            Mark("soon", "plug"),
            "fixed",
            "财物室",
            "柜 12",
            "随身财物柜门未关",
            "关门，核对清单",
            "site",
            "本地 2 分",
            Count("gone", at("14:19:28")),
            taken_by="0866",
            taken_us=at("14:21:50"),
        ),
        AlarmCard(
            "a6",
            "/alarms/a1/x6",
            Mark("know", "plug"),
            "acknowledged",
            "录像机 2",
            "",
            "磁盘余 9%，约 6 天",
            "本班内报运维扩容",
            "site",
            "本地 10%",
            None,
            taken_by="0312",
        ),
    )


def health(lost: int = 1, total: int = 41) -> HealthStrip:
    sources = tuple(Source(f"节点 {n}", n > lost) for n in range(1, total + 1))
    return HealthStrip(sources, 200_000, ("节点 3", 134), at("14:21:58"), (("gw-a1", NOW - SECOND),))


def wall() -> WallView:
    stems = (
        Stem("0420", at("14:27")),
        Stem("0421", at("14:34")),
        Stem("0403", at("15:00"), "soon"),
        Stem("0405", at("15:01")),
        Stem("0414", at("15:05")),
        Stem("0409", at("15:10")),
    )
    top = TopView("示范分局", (("一号办案区", "/", True),), 14, 3, len(stems))
    return WallView(top, PeopleView(people(), stems), (plan(),), AlarmsView(cards(), 0, 41), health())


def wall_calm() -> WallView:
    view = wall()
    rows = tuple(
        replace(r, mark=None, untaken=False, musts=OK4)
        for r in view.people.rows
        if r.count and r.count.kind == "left"
    )
    calm_rooms = tuple(
        replace(
            r,
            level="",
            blind_since_us=None,
            people=tuple(Pill(p.stay) for p in r.people),
            guard="ok" if r.people else "",
            recorder="ok",
        )
        for r in view.plan[0].rooms
    )
    last = LastAlarm(at("11:06"), "候问室 2 巡查迟 2 分", "0866 · 11:09", "0312 · 11:15")
    return WallView(
        replace(view.top, untaken=0),
        replace(view.people, rows=rows),
        (replace(view.plan[0], rooms=calm_rooms, doors=()),),
        AlarmsView((), 0, 41, last=last),
        health(0),
    )


def wall_full(count: int = 40) -> WallView:
    view = wall()
    extra = tuple(
        row(f"{300 + n:04d}", "候问室 3", "8 小时届满", "20:00", "询问查证 8 小时", "12:00", 8)
        for n in range(count - len(view.people.rows))
    )
    return replace(
        view,
        people=replace(view.people, rows=view.people.rows + extra),
        alarms=replace(
            view.alarms, cards=view.alarms.cards + (replace(view.alarms.cards[4], id="a7"),), beyond=2
        ),
    )


def wall_empty() -> WallView:
    view = wall_calm()
    return replace(
        view,
        top=replace(view.top, held=0, due_next_hour=0),
        people=PeopleView((), ()),
        alarms=AlarmsView((), 0, 41),
    )


def wall_reading() -> WallView:
    return replace(wall_empty(), people=PeopleView((), (), reading=(12_400, 18_233)))


def alarm() -> AlarmPage:
    facts = (
        WhyFact(1_283_611, at("12:40:51"), "人", "0412 在 讯问室 2", "节点 2"),
        WhyFact(1_284_498, at("14:21:56"), "录像", "录像 讯问室 2 停止录像", "节点 2", bad=True),
    )
    steps = (
        Step("done", "发生", at("14:21:56"), "录像 讯问室 2 停止录像"),
        Step("done", "报警", at("14:22:01"), "满本地 5 秒"),
        Step("now", "未接", NOW),
        Step("path", "接单 → 处置 → 待核对 → 关闭", None, "核对人不能是处置人"),
    )
    return AlarmPage(
        card=cards()[0],
        todo=(("停止讯问", "人留在原处，民警不离开"), ("重启录像", "门口灯转白再继续")),
        facts=facts,
        raised_us=at("14:22:01"),
        ended_us=None,
        law=LawQuote(
            "《刑事诉讼法》第一百二十三条第二款", "cn-2026", "录音或者录像应当全程进行，保持完整性。"
        ),
        site=(("触发", "5 秒"),),
        steps=steps,
        moves=("take", "acknowledge"),
        causes=(
            ("power", "断电"),
            ("storage", "存储满"),
            ("person", "人为"),
            ("mistaken", "误报"),
            ("other", "其他"),
        ),
        actions=(
            ("stopped", "已停讯问"),
            ("restarted", "已重启录像"),
            ("moved", "已换房间"),
            ("repaired", "已报修"),
        ),
        rule="M4",
        who_href="/stays/a1/0412",
        area="a1",
    )


def stay() -> StayPage:
    start, end = at("18:42", 17), at("13:55")
    drawing = StayDrawing(
        from_us=start,
        to_us=end,
        clocks=(
            ClockLane(
                start, end, ((start + 12 * HOUR, "12 小时"), (start + 24 * HOUR, "24 小时")), "刑事传唤"
            ),
        ),
        way=(
            (start, "登记台"),
            (at("18:49", 17), "安全检查室"),
            (at("19:20", 17), "候问室 2"),
            (at("20:10", 17), "讯问室 3"),
            (at("22:25", 17), "候问室 2"),
            (at("8:05"), "讯问室 3"),
            (at("10:12"), "候问室 2"),
            (at("13:31"), "送押区"),
        ),
        rooms=("登记台", "安全检查室", "候问室 2", "讯问室 3", "送押区"),
        ended=True,
        guard=(
            Span(start, at("2:00"), ""),
            Span(at("2:00"), at("2:00:21"), "缺 21 秒", "gap"),
            Span(at("2:00:21"), end),
        ),
        recorder=(
            Span(start, at("3:12")),
            Span(at("3:12"), at("3:26:03"), "看不见 14 分 03 秒", "blind"),
            Span(at("3:26:03"), at("9:14")),
            Span(at("9:14"), at("9:14:38"), "停 38 秒", "gap"),
            Span(at("9:14:38"), end),
        ),
        stamps=(
            Stamp(at("18:44", 17), "登", "登记台账"),
            Stamp(at("18:49", 17), "检", "安全检查"),
            Stamp(at("5:58"), "批", "延长至 24 小时"),
            Stamp(at("13:55"), "放", "送看守所"),
        ),
        alarms=(
            AlarmTail(at("2:00"), at("2:14"), Mark("soon", "figure"), "接班迟到岗"),
            AlarmTail(at("9:14"), at("9:15"), Mark("act", "plug"), "录像停 38 秒"),
        ),
    )
    facts = tuple(
        RecordFact(
            n,
            start + n * 40 * MINUTE,
            f"事实 {n}",
            "候问室 2",
            "1187",
            "gap" if n == 9 else "blind" if n == 11 else "",
        )
        for n in range(1, 21)
    )
    whole = (end - start) // SECOND
    musts = (
        MustShare("in", seconds=72, detail="到案至进区"),
        MustShare("search", done=True, detail="讯问、候问之前"),
        MustShare("guard", whole_s=whole, short_s=21, blind_s=843),
        MustShare("record", whole_s=whole, short_s=38, blind_s=843),
    )
    return StayPage(
        "0331",
        "刑事传唤",
        start,
        end,
        "送看守所",
        None,
        drawing,
        musts,
        facts,
        412,
        True,
        1_284_512,
        "9f3a1c77…e204",
        "13:56:10",
        (),
    )


def asked() -> tuple[Asked, ...]:
    links = (FormLink("通知家属", "/stays/a1/0412/record/family.notified"), FormLink("不通知家属", "/x"))
    return (
        Asked("通知家属", "law", "行政案件程序规定 第55条", links, Count("left", at("16:17"))),
        Asked("信息采集", "site", "本地设定", (FormLink("信息采集", "/y"),)),
        Asked("人身安全检查", "law", "第53条", (FormLink("检查", "/z"),), Count("gone", at("14:10"))),
    )


def form_choice() -> FormChoice:
    groups = (
        ("到案", (FormLink("写到案时间", "/a"), FormLink("登记财物", "", "先办：人身安全检查"))),
        ("离区", (FormLink("写结束时间", "/b"),)),
    )
    rest = (("约束", (FormLink("解除约束", "/c"),)),)
    return FormChoice("办理", "选一张表", asked(), groups, rest, (("编号", "0412"),), "/stays/a1/0412")


def proof() -> ProofPage:
    """Two logs, a second witness that is behind, and a fork."""
    seconds = (
        SecondView("bureau", "14:20", "其后还有 3 条未见证", False),
        SecondView("court", "还没有", "", False),
    )
    return ProofPage(
        (
            LogView("一号办案区", 12_345, "14:22:07", "没有未见证的尾部", True, seconds),
            LogView("服务器自身日志", 6, "", "其后还有 6 条未见证", False, ()),
        ),
        ("gw-a1-1.json",),
        True,
        "/own-log",
    )


def own_log() -> OwnLogPage:
    rows = (
        OwnRow("14:22", "0312", "查阅", "a1/0409", (("what", "stay"),), 7),
        OwnRow("14:21", "服务器", "登录被拒", "", (), None),
    )
    return OwnLogPage(rows, "0409", "", (("record.read", "查阅"),), "/own-log?before=3", 8, "14:20", 1)


def rules() -> RulesPage:
    clock = Mark("act", "clock")
    card = RuleCard(
        "T5-questioning", "T5/questioning", clock, "询问查证时限", "询问查证时限已到", "结束询问", "law",
        "治安管理处罚法 第97条", "条文未核实", True, "2026-01-01 起", "从措施开始起计时",
        (("措施", "询问查证"),),
        (RuleNumber(clock, "满 8 小时", "law"), RuleNumber(clock, "满 12 小时", "law", "负责人批准"), RuleNumber(clock, "最后一天", "")),
        "到案 · 延长审批", "没有登记：当作没有办",
    )  # fmt: skip
    plain = replace(
        card,
        anchor="T6-stop",
        key="T6/stop",
        confidence="",
        is_overlaid=False,
        period="",
        about=(),
        unknown="",
    )
    return RulesPage(
        (("一号办案区", "/rules?area=a1", True), ("二号办案区", "/rules?area=a2", False)),
        (("cn-2026", "办案区规则", "2026-01-01 起"),), "",
        (("M", "/rules?letter=M", 13, False), ("T", "/rules?letter=T", 2, True)), "/rules", 15, 0,
        (RuleGroup("T", "期限", (card, plain)),),
    )  # fmt: skip


def whatif() -> WhatIfPage:
    totals = Totals(8, 6, 0, 1, 1, 0, 3 * HOUR, 7 * MINUTE)
    result = WhatIf(
        "a1", "cn-2012", "cn-2026", Name("旧", "old"), Name("新", "new"), at("6:30"), NOW, (), (), (), (), totals,
        Totals(0, 0, 0, 0, 0, 0, 0, 0),
    )  # fmt: skip
    row = RuleRow(
        "I2", "/rules?letter=I", "询问不得少于二人", "law", "第52条", "第108条", 0, 1, 0, "3 小时", "0 秒"
    )
    return WhatIfPage(
        (Choice("a1", "一号办案区"), Choice("a2", "二号办案区")), "a1", (Choice("cn-2012", "cn-2012", "旧"), Choice("cn-2026", "cn-2026", "新")),
        "cn-2012", "cn-2026", result=result, scope="比较了 189 条事实", totals=(("停留", "8"), ("转为合法", "1")),
        rules=(row,), local=(replace(row, seal="site"),),
        subjects=(SubjectRow("0418", "/stays/a1/0418", "转为合法", "3 小时（1 次）", "—", "I2"), SubjectRow("案件 c-1", "", "转为违法", "—", "1 次", "T21")),
        more=3, refusals=(RefusalRow("3月18日 09:00", "0418", "批准延长", "cn-2026", "理由不对", "第97条"),),
    )  # fmt: skip


def coverage() -> CoveragePlot:
    first = at("2:00")

    def cells(holes: dict[int, int]) -> tuple[CoverageCell, ...]:
        return tuple(
            CoverageCell(first + h * HOUR, 3600 - holes.get(h, 0), holes.get(h, 0)) for h in range(12)
        ) + (CoverageCell(first + 12 * HOUR, 1328, 0),)

    rows = (
        CoverageRow("节点 n1", cells({})),
        CoverageRow("节点 n2", cells({1: 843})),
        CoverageRow("节点 n3", cells({6: 1, 7: 3600})),
        CoverageRow("录像 东侧", cells({})),
    )
    return CoveragePlot(first, NOW, rows)


def blind() -> BlindPage:
    """Two rooms, one of them blind for a while, for four rules."""
    rules = ("M3 有人看管", "M4 有录像", "G4 巡查", "Q4 回避")
    lanes = (
        BlindLane("候问室 1", (), 0),
        BlindLane("醒酒室", ((at("13:00"), at("13:07")),), 7 * MINUTE),
    )
    return BlindPage(
        "一号办案区", "3月18日 周三", at("6:30"), NOW, lanes,
        (BlindSum("醒酒室", rules, 7 * MINUTE),),
        (BlindRow("醒酒室", "节点 n4", "节点失联", rules, at("13:00"), at("13:07"), 7 * MINUTE),
         BlindRow("全部房间", "网关时钟", "时钟失信", ("全部规则",), at("14:00"), None, 22 * MINUTE)),
        3, (("候问室 1", "巡查点", ("G4 巡查",)),), "/blind?area=a1&day=2026-03-17", "/blind?area=a1&day=2026-03-19",
        (("一号办案区", "/blind?area=a1", True), ("二号办案区", "/blind?area=a2", False)), at("6:30"),
    )  # fmt: skip


def musts() -> FourMusts:
    """An hour: guarded but for a second, recorded as far as it is known."""
    start, end = at("13:00"), at("14:00")
    gap = MustPart("short", end - SECOND, end, "无人看管")
    guarded = MustBar(
        "guard", (MustPart("kept", start, end - SECOND, "有人看管"), gap),
        (("有人看管", "kept", end - start - SECOND), ("无人看管", "short", SECOND)),
    )  # fmt: skip
    recorded = MustBar(
        "record", (MustPart("blind", start, end, "看不见"),), (("看不见", "blind", end - start),)
    )
    return FourMusts(start, end, (guarded, recorded))
