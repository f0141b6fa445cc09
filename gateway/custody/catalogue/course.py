"""What follows the person beyond the area: decisions, and what has to come after them."""

from typing import Final

from custody.catalogue.parts import (
    APPROVER,
    OFFICERS,
    STAY,
    FactType,
    form,
)
from custody.fields import BOOL, REF, TEXT, Field
from custody.name import Name
from custody.vocabulary import (
    COERCIONS,
    DECISIONS,
    EXPORTS,
    OUTCOMES,
    PROCEDURES,
)

# Decisions and what has to follow them; many come after the person has left the area.
COURSE: Final[tuple[FactType, ...]] = (
    form(
        "coercion.applied",
        "A coercive measure was taken on the spot, before approval.",
        Name("当场强制措施：{kind}", "Coercive measure on the spot: {kind}"),
        "kind",
        stay=STAY,
        kind=Field(REF, "on what", choices=COERCIONS),
    ),
    form(
        "coercion.approved",
        "The measure taken on the spot was reported and approved.",
        Name("补办批准", "Approved afterwards"),
        stay=STAY,
        approver=APPROVER,
    ),
    form(
        "jurisdiction.transferred",
        "Jurisdiction passed to another organ: the questioning clock starts again, with the document.",
        Name("移送管辖", "Jurisdiction transferred"),
        stay=STAY,
        document=Field(REF, "reference of the transfer document", required=False),
    ),
    form(
        "expedited.chosen",
        "The case is handled by the expedited procedure (快速办理).",
        Name("快速办理", "Expedited procedure"),
        stay=STAY,
    ),
    form(
        "outcome.decided",
        "How the matter ends for the person was decided: the person is to leave.",
        Name("处理结果：{outcome}", "Outcome: {outcome}"),
        "outcome",
        stay=STAY,
        outcome=Field(REF, "what was decided", choices=OUTCOMES),
    ),
    form(
        "legal_aid.requested",
        "The person asked for legal aid.",
        Name("申请法律援助", "Legal aid requested"),
        stay=STAY,
    ),
    form(
        "legal_aid.forwarded",
        "The request was passed on.",
        Name("法律援助申请已转交", "Request passed on"),
        stay=STAY,
    ),
    form(
        "legal_aid.family_told",
        "Family or agent were told to bring the papers.",
        Name("法律援助已告知家属", "Family told of the request"),
        stay=STAY,
    ),
    form(
        "detention_centre.received",
        "The detention centre (看守所) received the person.",
        Name("看守所收押", "Received by the detention centre"),
        stay=STAY,
    ),
    form(
        "detention_centre.interrogated",
        "The person was interrogated in the detention centre.",
        Name("看守所内讯问", "Interrogated in the detention centre"),
        stay=STAY,
    ),
    form(
        "lock_up.received",
        "The lock-up (拘留所) received the person.",
        Name("拘留所收拘", "Received by the lock-up"),
        stay=STAY,
    ),
    form(
        "person.freed",
        "The person was set free where they were held after the area.",
        Name("已释放", "Set free"),
        stay=STAY,
    ),
    form(
        "arrest.requested",
        "Approval of arrest was requested of the procuratorate.",
        Name("提请批准逮捕", "Arrest requested"),
        stay=STAY,
    ),
    form(
        "arrest.decided",
        "The procuratorate decided on the request.",
        Name("检察院决定：{decision}", "Procuratorate: {decision}"),
        "decision",
        stay=STAY,
        decision=Field(REF, "approved or refused", choices=DECISIONS),
    ),
    form(
        "arrest.executed",
        "The arrest was carried out.",
        Name("执行逮捕：{officers}", "Arrest carried out: {officers}"),
        stay=STAY,
        officers=OFFICERS,
    ),
    form(
        "release.reported",
        "The procuratorate got the receipt of the release.",
        Name("释放回执已送检察院", "Release reported"),
        stay=STAY,
    ),
    form(
        "custody_extension.requested",
        "A longer investigative custody was asked for.",
        Name("提请延长羁押", "Longer custody requested"),
        stay=STAY,
    ),
    form(
        "investigation.ended",
        "The investigation ended; the case went on to the procuratorate.",
        Name("侦查终结", "Investigation ended"),
        stay=STAY,
    ),
    form(
        "measure_change.requested",
        "The person's side asked to change the coercive measure.",
        Name("申请变更强制措施", "Change of measure requested"),
        stay=STAY,
    ),
    form(
        "measure_change.answered",
        "The request was decided and answered.",
        Name("已答复变更申请", "Request answered"),
        stay=STAY,
    ),
    form(
        "hearing.informed",
        "The person was told of the right to a hearing.",
        Name("告知听证权利", "Told of the hearing"),
        stay=STAY,
    ),
    form(
        "hearing.requested",
        "The person asked for a hearing.",
        Name("要求听证", "Hearing requested"),
        stay=STAY,
    ),
    form(
        "hearing.waived",
        "The person gave up the hearing in writing.",
        Name("放弃听证", "Hearing waived"),
        stay=STAY,
    ),
    form(
        "penalty.reviewed",
        "A legal reviewer reviewed the penalty.",
        Name("处罚已审核", "Penalty reviewed"),
        stay=STAY,
        certified=Field(BOOL, "the reviewer has passed the national legal examination"),
    ),
    form("penalty.decided", "The penalty was decided.", Name("作出处罚决定", "Penalty decided"), stay=STAY),
    form(
        "decision.delivered",
        "The decision was delivered to the person.",
        Name("决定已送达", "Decision delivered"),
        stay=STAY,
    ),
    form(
        "administrative_review.accepted",
        "An administrative review of the penalty was accepted.",
        Name("受理行政复议：{procedure}", "Review accepted: {procedure}"),
        "procedure",
        stay=STAY,
        procedure=Field(REF, "by which procedure", choices=PROCEDURES),
    ),
    form(
        "administrative_review.decided",
        "The administrative review was decided.",
        Name("行政复议决定", "Review decided"),
        stay=STAY,
    ),
    form(
        "complaint.received",
        "Somebody complained about this stay: it is kept, whole, until the hold is lifted.",
        Name("收到投诉", "Complaint received"),
        stay=STAY,
    ),
    form(
        "complaint.traced",
        "The complaint was traced back and answered.",
        Name("投诉已倒查", "Complaint traced back"),
        stay=STAY,
    ),
    form(
        "hold.lifted",
        "The legal hold on this stay was lifted.",
        Name("解除保全", "Hold lifted"),
        stay=STAY,
        approver=APPROVER,
    ),
    form(
        "data_export.approved",
        "An export of data of this stay was approved, for a named purpose.",
        Name("批准导出", "Export approved"),
        stay=STAY,
        approver=APPROVER,
        purpose=Field(TEXT, "what for"),
    ),
    form(
        "data.exported",
        "Data of this stay were exported.",
        Name("导出：{kind}", "Exported: {kind}"),
        "kind",
        stay=STAY,
        kind=Field(REF, "what", choices=EXPORTS),
    ),
)
