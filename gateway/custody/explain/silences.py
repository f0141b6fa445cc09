"""Why a rule was silent, in words: a sentence for each code of Silence, and what it expected and found where that is no code."""

from collections.abc import Mapping
from typing import Final

from custody.name import Name

# One for each code of Silence in kinds/ and view.py. `{expected}`, `{found}` are what the rule looked for and what it saw.
SILENCE: Final[Mapping[str, Name]] = {
    "alone": Name(
        "房间里没有须与其分开的人（{expected}）。", "Nobody in the room has to be kept apart ({expected})."
    ),
    "different": Name(
        "要求不同的两项确实不同：{expected}。", "The two that must differ do differ: {expected}."
    ),
    "done_before": Name(
        "要求的一步已经完成：{expected}；{found}。", "The step asked for was done: {expected}; {found}."
    ),
    "done_in_time": Name("已经完成：{expected}；{found}。", "It was done: {expected}; {found}."),
    "door": Name(
        "规则只管这类门：{expected}；这扇是：{found}。",
        "The rule is about these doors: {expected}; this one is: {found}.",
    ),
    "input": Name("只管这类输入：{expected}；这是：{found}。", "Only inputs of: {expected}; not {found}."),
    "near": Name(
        "两处相邻，不算快：{expected}，{found}。",
        "The two places are side by side, which is not fast: {expected}, {found}.",
    ),
    "tag_room": Name(
        "规则只管这些房间：{expected}；标签在：{found}。",
        "The rule is about these rooms: {expected}; the tag is in: {found}.",
    ),
    "walked": Name("两处之间的时间够走过去。", "There was time to walk from one place to the other."),
    "empty": Name(
        "规则所指的房间（{expected}）里没有人。", "Nobody is in a room that the rule is about ({expected})."
    ),
    "enough": Name(
        "人数足够：要求 {expected}，在场 {found}。",
        "There are enough: asked for {expected}, there are {found}.",
    ),
    "excepted": Name("正处于例外期间：{expected}。", "It is in a time that is excepted: {expected}."),
    "field": Name("规则只管：{expected}；当时是：{found}。", "The rule is about {expected}; it was {found}."),
    "first_time": Name(
        "第一次不违反，再次才违反：{expected}。", "The first time is allowed; it was the first: {expected}."
    ),
    "flags": Name(
        "规则要求的情况：{expected}；登记的情况：{found}。",
        "The rule asks for what is stated: {expected}; stated is: {found}.",
    ),
    "guarded": Name("有人看管：{found} 在 {expected}。", "It is guarded: {found} is in {expected}."),
    "long_ago": Name("与上一次相隔足够长。", "The last one ended long enough before."),
    "item_kind": Name(
        "规则只管：{expected}；这是：{found}。", "The rule is about: {expected}; this is: {found}."
    ),
    "no_item": Name("账上没有这件财物。", "The ledger has no such thing."),
    "not_stored": Name("财物不在柜格里。", "The thing lies in no compartment."),
    "nothing_kept": Name("没有仍在保管的财物。", "Nothing of it is kept any more."),
    "right_cabinet": Name("存放在合适的柜里：{expected}。", "It lies where it may: {expected}."),
    "state_excepted": Name(
        "仍在保管的财物都处于例外状态（{expected}）：{found}。",
        "All that is still kept is in a state that is excepted ({expected}): {found}.",
    ),
    "trait": Name(
        "规则不管：{expected}；这件财物正是：{found}。",
        "The rule is not about: {expected}; this thing is: {found}.",
    ),
    "traits": Name(
        "规则只管：{expected}；登记的是：{found}。", "The rule is about: {expected}; stated is: {found}."
    ),
    "with": Name("已经写明：{found}。", "It was stated: {found}."),
    "may": Name(
        "由可以办理的人办理：{expected} {found}。", "It was done by somebody who may: {expected} {found}."
    ),
    "measure": Name(
        "规则只管这些措施：{expected}；当时是：{found}。",
        "The rule is about these measures: {expected}; in force was: {found}.",
    ),
    "minor": Name(
        "规则要求是否未成年为“{expected}”，登记为“{found}”。",
        "The rule asks for minor: {expected}; stated is: {found}.",
    ),
    "no_act": Name("没有这样的行为：{expected}。", "There is no such act: {expected}."),
    "no_earlier": Name("此人此前没有同类措施。", "This person had no such measure before."),
    "no_room": Name("没有读到此人在哪个房间。", "No reader has seen the person in a room."),
    "not_after": Name(
        "规则在这一步之后才适用，还没有：{expected}。",
        "The rule speaks only after this step, which was not done: {expected}.",
    ),
    "not_at_night": Name(
        "不在规则所指的时段（{expected}）。", "It was not within the hours of the rule ({expected})."
    ),
    "not_begun": Name("起点还没有出现：{expected}。", "What it counts from has not happened: {expected}."),
    "not_during": Name(
        "规则只在这期间适用，当时不在其中：{expected}。",
        "The rule speaks only during this, and it was not so: {expected}.",
    ),
    "not_first": Name(
        "规则只管第一次，这不是第一次：{expected}。",
        "The rule is about the first time only, and this was a later one: {expected}.",
    ),
    "not_fitted": Name("{found}没有装 {expected}。", "{found} has no {expected}."),
    "not_in_force": Name("当时适用的规则里没有这一条。", "The law in force then does not have this rule."),
    "not_stated": Name("没有登记：{expected}。", "It was not stated: {expected}."),
    "on_the_right_side": Name(
        "违反的情形是：{expected}；当时：{found}。", "Wrong would be: {expected}; it was: {found}."
    ),
    "particulars": Name("不认识这一人员。", "The stay is not known."),
    "recorded": Name("正在录像。", "It is being recorded."),
    "released": Name("开门前有放行。", "The door had been released by right."),
    "room": Name(
        "规则只管：{expected}；当时在：{found}。",
        "The rule is about: {expected}; the person was in: {found}.",
    ),
    "seen": Name("一切正常：{expected}。", "It is as it must be: {expected}."),
    "sex": Name(
        "规则要求性别为“{expected}”，登记为“{found}”。",
        "The rule asks for sex: {expected}; stated is: {found}.",
    ),
    "span_over": Name(
        "规定的时间（{expected}）已过，可以这样做。",
        "The time asked for ({expected}) is over: it may be done.",
    ),
    "stated": Name("性别和是否未成年都已写明。", "Sex and whether a minor are both stated."),
    "stay_over": Name(
        "规则只管仍在区内的人员：{found}。", "The rule is about a stay that has not ended: {found}."
    ),
    "unless": Name("已有例外：{expected}。", "There is an exception: {expected}."),
}
PHRASES: Final[Mapping[str, Name]] = {
    "a measure in force": Name("适用的措施", "a measure in force"),
    "the person": Name("人的编号，或者措施何时开始", "the person, or when the measure began"),
    "certificate and entry": Name("到案时间和入区时间", "both arrival and entry"),
    "a controlled door open": Name("受控的门打开", "a controlled door open"),
    "a recused officer in the room": Name("回避的民警在同一房间", "a recused officer in the room"),
    "a strap cut or opened": Name("手环被剪断或打开", "a strap cut or opened"),
    "a wristband in another room": Name("手环换了房间", "a wristband in another room"),
    "sooner than a walk": Name("快于步行", "sooner than a walk"),
    "time to walk": Name("够走过去", "time to walk"),
    "the button of a wristband": Name("按下手环的按钮", "the button of a wristband"),
    "read outside the area": Name("在区外读到", "read outside the area"),
    "something that lasts": Name("持续的事由", "something that lasts"),
    "inside the area": Name("办案区内", "inside the area"),
    "a thing that is known": Name("账上的财物", "a thing that is known"),
    "a thing that is still kept": Name("仍在保管的财物", "a thing that is still kept"),
    "in a compartment": Name("在柜格里", "in a compartment"),
    "a compartment not as it must be": Name("柜格不正常", "a compartment not as it must be"),
    "a person in the room": Name("任何房间", "any room"),
    "certificate later than the gate": Name("到案时间晚于入区时间", "certificate later than the gate"),
    "not stated": Name("未登记", "not stated"),
    "none stated": Name("未登记", "none stated"),
    "no measure": Name("没有措施", "no measure"),
    "not so": Name("没有", "not so"),
    "none": Name("没有", "none"),
    "ended": Name("已经离区", "it has ended"),
    "not opened": Name("没有这一人员的记录", "nothing is known of it"),
    "enough": Name("足够", "enough"),
    "true": Name("是", "yes"),
    "false": Name("否", "no"),
    "True": Name("是", "yes"),
    "False": Name("否", "no"),
    "None": Name("未登记", "not stated"),
}
