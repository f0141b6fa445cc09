"""Cases and dossiers, recordings, incidents."""

from typing import Final

from custody.catalogue.parts import (
    APPROVER,
    CASE,
    DOSSIER,
    INCIDENT,
    RECORDING,
    STAY_KNOWN,
    FactType,
    form,
)
from custody.fields import BOOL, INSTANT, INT, REF, Field
from custody.name import Name
from custody.vocabulary import (
    DAMAGES,
    INCIDENTS,
    RECORDINGS,
    REPORTED_TO,
    REPORTS,
    REVIEWS,
)

CASES: Final[tuple[FactType, ...]] = (
    form(
        "case.reported",
        "A report or complaint of an offence came in.",
        Name("接报案：{kind}", "Reported: {kind}"),
        "kind",
        case=CASE,
        kind=Field(REF, "what kind of case it seems", choices=REPORTS),
    ),
    form(
        "case.registered",
        "The report was registered online.",
        Name("网上登记", "Registered online"),
        case=CASE,
    ),
    form(
        "case.receipted",
        "The reporter got a receipt with the way to ask and to complain.",
        Name("出具回执", "Receipt given"),
        case=CASE,
    ),
    form(
        "case_review.started",
        "The review began: accept, file, or not.",
        Name("审查开始：{kind}", "Review began: {kind}"),
        "kind",
        case=CASE,
        kind=Field(REF, "which review", choices=REVIEWS),
    ),
    form(
        "case_review.ended", "The review ended with a decision.", Name("审查结束", "Review ended"), case=CASE
    ),
    form(
        "case.filed",
        "The case was filed: the investigation is open.",
        Name("立案：{kind}", "Filed: {kind}"),
        "kind",
        case=CASE,
        kind=Field(REF, "what kind of case", choices=REPORTS),
    ),
    form("case.not_filed", "It was decided not to file.", Name("不予立案", "Not filed"), case=CASE),
    form(
        "accuser.notified",
        "The accuser was told that the case is not filed.",
        Name("已通知控告人", "Accuser told"),
        case=CASE,
    ),
    form(
        "jurisdiction.found_wrong",
        "Another organ has jurisdiction.",
        Name("不属本单位管辖", "Wrong jurisdiction"),
        case=CASE,
    ),
    form("case.passed_on", "The case was passed on.", Name("已移送", "Passed on"), case=CASE),
    form(
        "appraisal.started",
        "An appraisal began: its time is not counted.",
        Name("鉴定开始", "Appraisal began"),
        case=CASE,
    ),
    form("appraisal.ended", "The appraisal ended.", Name("鉴定结束", "Appraisal ended"), case=CASE),
    form(
        "hearing.opened",
        "A hearing began: its time is not counted.",
        Name("听证开始", "Hearing began"),
        case=CASE,
    ),
    form("hearing.closed", "The hearing ended.", Name("听证结束", "Hearing ended"), case=CASE),
    form("case.decided", "The case was decided.", Name("案件办结", "Case decided"), case=CASE),
    form(
        "filing_review.applied",
        "The accuser applied for review of the decision not to file.",
        Name("申请复议", "Review applied for"),
        case=CASE,
    ),
    form("filing_review.decided", "The review was decided.", Name("复议决定", "Review decided"), case=CASE),
    form(
        "filing_rereview.applied",
        "The accuser applied for re-review by the organ above.",
        Name("申请复核", "Re-review applied for"),
        case=CASE,
    ),
    form(
        "filing_rereview.decided",
        "The re-review was decided.",
        Name("复核决定", "Re-review decided"),
        case=CASE,
    ),
    form(
        "case.sent",
        "The case file was sent to the procuratorate with the exhibit list.",
        Name("移送案卷，清单 {exhibit_lists} 份", "Sent with {exhibit_lists} exhibit lists"),
        case=CASE,
        exhibit_lists=Field(INT, "copies of the exhibit list", span=(0, 100)),
    ),
    form(
        "dossier.closed",
        "The dossier was closed and its contents checked.",
        Name("结卷，缺 {missing} 件", "Dossier closed, {missing} missing"),
        dossier=DOSSIER,
        missing=Field(INT, "required documents that are missing", span=(0, 10_000)),
    ),
    form(
        "dossier.borrow_approved",
        "Borrowing of the dossier was approved.",
        Name("批准借卷", "Borrowing approved"),
        dossier=DOSSIER,
        approver=APPROVER,
    ),
    form(
        "dossier.taken",
        "The dossier left the dossier room.",
        Name("案卷借出", "Dossier taken"),
        dossier=DOSSIER,
        return_by_at_us=Field(INSTANT, "when it is due back"),
    ),
    form("dossier.returned", "The dossier is back.", Name("案卷归还", "Dossier returned"), dossier=DOSSIER),
)

RECORDINGS_FACTS: Final[tuple[FactType, ...]] = (
    form(
        "recording.made",
        "A recording was made and its place is known.",
        Name("录音录像：{kind}", "Recording: {kind}"),
        "kind",
        recording=RECORDING,
        stay=STAY_KNOWN,
        kind=Field(REF, "of what", choices=RECORDINGS),
        handler=Field(REF, "officer who handled the case", required=False),
    ),
    form(
        "recording.marked_evidence",
        "The recording is evidence: it is kept for good.",
        Name("录音录像作为证据", "Recording is evidence"),
        recording=RECORDING,
    ),
    form(
        "recording.copied",
        "A second copy was handed to its keeper.",
        Name("第二份已交保管", "Second copy handed over"),
        recording=RECORDING,
        keeper=Field(REF, "who keeps it"),
        handler=Field(REF, "officer who handled the case"),
    ),
    form(
        "recording.export_approved",
        "Opening or export of the recording was approved.",
        Name("批准调阅", "Opening approved"),
        recording=RECORDING,
        approver=APPROVER,
    ),
    form(
        "recording.exported",
        "The recording was opened or exported.",
        Name("调阅录音录像", "Recording opened"),
        recording=RECORDING,
        by_case_team=Field(BOOL, "by an officer of the case"),
    ),
    form(
        "recording.deleted",
        "The recording was deleted.",
        Name("删除录音录像", "Recording deleted"),
        recording=RECORDING,
        stay=STAY_KNOWN,
    ),
    form(
        "recording.damaged",
        "The recording was found cut, altered, damaged or lost.",
        Name("录音录像{how}", "Recording {how}"),
        "how",
        recording=RECORDING,
        how=Field(REF, "what was found", choices=DAMAGES),
    ),
)

INCIDENTS_FACTS: Final[tuple[FactType, ...]] = (
    form(
        "incident.occurred",
        "Illness, injury, escape, self-harm, overrun or death.",
        Name("事件：{kind}", "Incident: {kind}"),
        "kind",
        incident=INCIDENT,
        stay=STAY_KNOWN,
        kind=Field(REF, "what happened", choices=INCIDENTS),
    ),
    form(
        "incident.treated",
        "Treatment began, or a doctor took over.",
        Name("已救治", "Treated"),
        incident=INCIDENT,
    ),
    form(
        "incident.reported",
        "The incident was reported.",
        Name("已报{receiver}", "Reported: {receiver}"),
        "receiver",
        incident=INCIDENT,
        receiver=Field(REF, "to whom", choices=REPORTED_TO),
    ),
    form(
        "supervision.on_site",
        "Supervision (督察) is on the spot.",
        Name("督察到场", "Supervision on site"),
        incident=INCIDENT,
    ),
    form(
        "death.appraised",
        "The cause of death was appraised.",
        Name("死因鉴定完成", "Cause of death appraised"),
        incident=INCIDENT,
    ),
    form(
        "death.family_told",
        "The family was told the result of the appraisal.",
        Name("死因已告知家属", "Family told the cause"),
        incident=INCIDENT,
    ),
    form("incident.closed", "The incident is over.", Name("事件结束", "Incident over"), incident=INCIDENT),
)
