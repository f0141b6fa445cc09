"""The person's way, first part: brought in, searched, registered, given a room."""

from typing import Final

from custody.catalogue.parts import (
    APPROVER,
    ROOM,
    STAY,
    FactType,
    fact,
    form,
)
from custody.fields import BOOL, INSTANT, REF, REFS, TEXT, Field
from custody.name import Name
from custody.vocabulary import (
    FLAGS,
    HEALTH,
    MEASURES,
    RECEPTION_GROUNDS,
    SAMPLES,
    SEXES,
)

ADMISSION: Final[tuple[FactType, ...]] = (
    fact(
        "person.arrived",
        "officer",
        "A person was brought to the public security organ; the stay begins here.",
        Name("到案", "Arrived"),
        stay=STAY,
    ),
    fact(
        "area.entered",
        "officer",
        "The person passed the gate into the case-handling area.",
        Name("进入办案区", "Entered the area"),
        stay=STAY,
    ),
    form(
        "reception.allowed",
        "A lawful ground on which the person stays in the reception instead of the area.",
        Name("可在接待区办理：{ground}", "May stay in the reception: {ground}"),
        "ground",
        stay=STAY,
        ground=Field(REF, "the lawful exception", choices=RECEPTION_GROUNDS),
    ),
    form(
        "stay.registered",
        "The row of the custody register (台账): legal basis, case, time of arrival.",
        Name("登记台账：{measure}", "Registered: {measure}"),
        stay=STAY,
        measure=Field(REF, "legal basis of the stay", choices=MEASURES),
        case=Field(REF, "random reference of the case"),
        person=Field(
            REF, "random reference of the person, the same in each of the person's stays", required=False
        ),
        arrived_at_us=Field(INSTANT, "time of arrival (到案时间) written on the certificate", required=False),
        entered_at_us=Field(INSTANT, "time of entry into the area on paper", required=False),
        sex=Field(REF, "F or M", required=False, choices=SEXES),
        minor=Field(BOOL, "under 18 at arrival", required=False),
        flags=Field(REFS, "what is stated of the person and the case", required=False, choices=FLAGS),
    ),
    form(
        "person.flagged",
        "Something that rules ask for is stated of the person, or taken back.",
        Name("情况：{flag}", "Stated: {flag}"),
        "flag",
        stay=STAY,
        flag=Field(REF, "what", choices=FLAGS),
        value=Field(BOOL, "true = it is so; false = taken back"),
    ),
    form(
        "certificate.written",
        "The person wrote the arrival time (到案时间) on the certificate, or refused and the officer did.",
        Name("到案时间已写", "Arrival time written"),
        stay=STAY,
        arrived_at_us=Field(INSTANT, "the time written"),
        refused=Field(BOOL, "true = the person refused and the officer noted it", required=False),
    ),
    form(
        "certificate.corrected",
        "The arrival time on the certificate was changed afterwards; both values are kept.",
        Name("到案时间更正", "Arrival time corrected"),
        stay=STAY,
        arrived_at_us=Field(INSTANT, "the time written now"),
        reason=Field(TEXT, "why"),
    ),
    form(
        "certificate.ended",
        "The person wrote the end time on the certificate, or refused and the officer did.",
        Name("结束时间已写", "End time written"),
        stay=STAY,
        ended_at_us=Field(INSTANT, "the time written"),
        refused=Field(BOOL, "true = the person refused and the officer noted it", required=False),
    ),
    form(
        "measure.changed",
        "Another legal basis replaces the one in force: its clock starts (or goes on), the old one stops.",
        Name("改为{measure}", "Changed to {measure}"),
        stay=STAY,
        measure=Field(REF, "new legal basis", choices=MEASURES),
    ),
    form(
        "wristband.bound",
        "A wristband was put on the person of this stay; it replaces one worn before.",
        Name("绑手环 {band}", "Wristband {band} bound"),
        stay=STAY,
        band=Field(REF, "wristband id"),
    ),
    fact(
        "search.signed",
        "officer",
        "The record of the personal safety check (人身安全检查) was signed, by at least one sworn officer.",
        Name("人身安全检查已签：{officers}", "Safety search signed: {officers}"),
        stay=STAY,
        officers=Field(REFS, "officers who made the check"),
    ),
    form(
        "health.checked",
        "Condition on admission: asked, looked at, recorded.",
        Name("健康检查：{result}", "Condition: {result}"),
        "result",
        stay=STAY,
        result=Field(REF, "what was found", choices=HEALTH),
    ),
    form(
        "effects.listed",
        "Personal effects were screened, listed and signed for.",
        Name("随身财物已登记", "Personal effects listed"),
        stay=STAY,
    ),
    form(
        "effects.returned",
        "Personal effects were given back, or handed over with the person.",
        Name("随身财物已交还", "Personal effects returned"),
        stay=STAY,
    ),
    form(
        "sample.approved",
        "Collection of biometric data was approved.",
        Name("批准信息采集", "Booking approved"),
        stay=STAY,
        approver=APPROVER,
    ),
    form(
        "sample.collected",
        "Biometric data were collected (信息采集).",
        Name("信息采集：{kind}", "Collected: {kind}"),
        "kind",
        stay=STAY,
        kind=Field(REF, "what was taken", choices=SAMPLES),
    ),
    form(
        "room.assigned",
        "The person is to be kept in this room.",
        Name("安排到 {room}", "Assigned to {room}"),
        stay=STAY,
        room=ROOM,
    ),
    form(
        "entry.requested",
        "An officer asks to take the person into this room: decided before a door opens.",
        Name("请求进入 {room}", "Asks to enter {room}"),
        stay=STAY,
        room=ROOM,
    ),
)
