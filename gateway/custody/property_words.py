"""Closed lists about things that are kept: kinds, states, destinations, each with its two names.

docs/glossary.md has the sources. Iterating a list gives its codes.
"""

from collections.abc import Mapping
from typing import Final

from custody.vocabulary import codes

ITEM_KINDS: Final = codes(
    exhibit=("涉案财物", "Exhibit"),  # APR 187, CPR 227
    effects=("随身财物", "Personal effects"),  # CQ 32
    dossier=("案卷", "Dossier"),
    specimen=("检材", "Specimen"),  # CPR 250, APR 88
)
ITEM_STATES: Final = codes(  # where an item stands on its way; docs/property.md has the moves
    taken=("已提取，待移交", "Taken, not yet with the keeper"),
    kept=("保管员持有", "With the keeper"),
    stored=("在柜", "In its compartment"),
    lent=("调用中", "Lent"),
    sent=("在途", "In transit"),
    away=("在外单位", "At another place"),
    ended=("已处理", "Disposed of"),
)
HOLDERS: Final = codes(
    person=("本人", "The person"),
    officer=("民警", "Officer"),
    keeper=("保管员", "Keeper"),
    compartment=("柜格", "Compartment"),
    laboratory=("鉴定机构", "Laboratory"),
    procuratorate=("人民检察院", "Procuratorate"),
    court=("法院", "Court"),
    detention_centre=("看守所、拘留所", "Detention centre or lock-up"),
    owner=("权利人", "Owner"),
    treasury=("国库", "Treasury"),
    in_transit=("在途", "In transit"),
    outside=("区外", "Outside"),
)
TRAITS: Final = codes(  # what is stated of an item and rules ask for
    valuable=("贵重", "valuable"),
    dangerous=("危险", "dangerous"),
    cash=("现金", "cash"),
    remote=("在异地", "at another place"),
)
PROCEDURES_OF_SEIZURE: Final = codes(
    criminal=("刑事", "Criminal"),  # CPR 230: list in three copies
    public_order=("治安", "Public order"),  # PSAPL 105: list in two copies
    administrative=("其他行政", "Other administrative"),
)
SEIZED_FROM: Final = codes(
    person=("本人持有", "The person"),
    place=("场所", "A place"),
    other=("他人", "Somebody else"),
)
NO_PHOTO: Final = codes(  # why there is no photo of an item
    camera_failed=("相机故障", "The camera failed"),
    unsafe=("拍摄不安全", "Not safe to photograph"),
    sealed=("已密封", "Sealed"),
    private=("涉及隐私", "Private"),
    other=("其他", "Other"),
)
KEEPING_GROUNDS: Final = codes(  # why the police keep effects that a receiver could collect: PE12 5
    state_security_or_terror=("危害国家安全、恐怖活动犯罪", "State security or terrorism"),
    cannot_notify=("无法通知", "Nobody can be notified"),
    refuses=("本人拒绝他人代领", "The person refuses collection"),
    receiver_absent=("代领人未到", "The receiver does not come"),
    other=("其他", "Other"),
)
SIGNED_ACTS: Final = codes(
    listing=("登记清单", "The inventory"),  # CQ 32
    seizure=("扣押清单", "The seizure list"),  # CPR 230, APR 111
    receipt=("接收", "The receipt"),
    returning=("领回", "The return"),
)
SIGNERS: Final = codes(
    person=("本人", "The person"),
    holder=("持有人", "Whoever held it"),
    owner=("权利人", "The owner"),
    family=("家属", "Family"),
    witness=("见证人", "The witness"),
    officer=("民警", "An officer"),
    receiver=("接收人", "The receiver"),
)
SIGNED_FOR_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "listing": ("person", "holder", "family"),  # CQ 32
    "seizure": ("person", "holder", "owner", "family", "witness"),  # CPR 230, APR 111
    "receipt": ("receiver", "person", "owner", "family"),
    "returning": ("person", "owner", "family", "receiver"),  # CQ 32
}
"""Whose signature is asked for, by what is signed: an officer's stands beside it and is none of these."""
WITNESSES: Final = ("witness", "officer")
"""Who may sign that somebody refused to: never who refused."""
ITEM_CONDITIONS: Final = codes(  # as it was given back, or found when looked at: CP10 11
    whole=("完好", "Whole"),
    damaged=("损毁", "Damaged"),
    short=("短少", "Short"),
    swapped=("调换", "Swapped"),
)
LOAN_PURPOSES: Final = codes(  # APR 190: for the case work alone
    identification=("辨认", "Identification"),
    appraisal=("鉴定、检验", "Appraisal or test"),
    evidence=("核实证据", "Checking evidence"),
    interview=("讯问、询问出示", "To be shown in an interview"),
    court=("移送、出庭", "For the court"),
    other=("其他办案需要", "Other work on the case"),
)
DESTINATIONS: Final = codes(
    laboratory=("鉴定机构", "Laboratory"),
    procuratorate=("人民检察院", "Procuratorate"),
    court=("法院", "Court"),
    detention_centre=("看守所、拘留所", "Detention centre or lock-up"),
    outside=("其他单位", "Another organ"),
    keeper=("退回保管", "Back to the keeper"),
)
DISPOSALS: Final = codes(  # APR 193 to 195, CPR 231 to 236
    restore=("返还", "Restore"),
    transfer=("移送", "Transfer"),
    forfeit=("没收、追缴", "Forfeit"),
    auction=("拍卖、变卖", "Auction"),
    destroy=("销毁", "Destroy"),
)
COLLECTORS: Final = codes(
    person=("本人", "The person"),
    family=("家属等代领人", "Family or another receiver"),
)
HEADS_TOLD: Final = codes(  # CP10 11: who is told of an overdue loan
    case_department_head=("办案部门负责人", "Head of the case department"),
    property_department_head=("保管部门负责人", "Head of the property department"),
)
