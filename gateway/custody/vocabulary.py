"""Closed lists of the field: measures, services, roles, flags, reasons, each with its two names.

docs/glossary.md has the sources. Iterating a list gives its codes.
"""

from collections.abc import Mapping
from typing import Final

from custody.name import Name

Codes = Mapping[str, Name]


def codes(**names: tuple[str, str]) -> Codes:
    """A closed list: code -> its two names."""
    return {code: Name(*name) for code, name in names.items()}


MEASURES: Final = codes(
    criminal_summons=("刑事传唤", "Criminal summons"),  # CPL 119
    coercive_summons=("拘传", "Coercive summons"),  # CPL 119
    public_order_questioning=("询问查证", "Public-order questioning"),  # PSAPL 97
    continued_questioning=("继续盘问", "Continued questioning"),  # POL 9
    criminal_detention=("刑事拘留", "Criminal detention"),  # CPL 82
    arrest=("逮捕", "Arrest"),  # CPL 81
    administrative_detention=("行政拘留", "Administrative detention"),
    voluntary=("自愿到场", "Voluntary"),  # witness, victim, mediation: free to leave
)
SERVICES: Final = codes(
    sworn=("人民警察", "People's police"),
    auxiliary=("警务辅助人员", "Police auxiliary"),
    external=("其他机关", "Another organ"),  # whose written decision an officer enters
)
SEXES: Final = codes(F=("女", "Female"), M=("男", "Male"))
ROLES: Final = codes(
    duty_officer=("值班民警", "duty officer"),
    case_officer=("办案民警", "case officer"),
    area_administrator=("办案区管理员", "area administrator"),
    guard=("看管", "guard"),
    keeper=("保管员", "keeper"),
    legal_reviewer=("法制员", "legal reviewer"),
    supervisor=("督察", "supervisor"),
    station_leader=("所领导", "station leader"),
    system_administrator=("系统管理员", "system administrator"),
    inspector=("检察监督", "inspector"),
    case_department_head=("办案部门负责人", "head of the case-handling department"),
    station_head=("派出所负责人", "police station head"),
    county_duty_head=("县级公安机关值班负责人", "county duty head"),
    county_head=("县级以上公安机关负责人", "county head"),
    procuratorate=("人民检察院", "procuratorate"),
    superintendent=("警司", "superintendent"),
    court=("法院", "court"),
)
RELEASE_REASONS: Final = codes(
    released=("放行", "Released"),
    bail=("取保候审", "Bail"),
    residential_surveillance=("监视居住", "Residential surveillance"),
    detention_centre=("送看守所", "Detention centre"),
    lock_up=("送拘留所", "Lock-up"),
    transferred=("移交", "Handed over"),
    hospital=("就医", "Hospital"),
    fine_or_warning=("罚款或者警告", "Fine or warning"),
    other=("其他", "Other"),
)
# What is stated of a person or a case as far as a rule asks for it. Not stated is not the same as no.
FLAGS: Final = codes(
    under_16=("不满 16 周岁", "Under 16"),
    aged_70=("年满 70 周岁", "70 or over"),
    pregnant_or_nursing=("怀孕或者哺乳不满一周岁婴儿", "Pregnant, or nursing a child under one"),
    drunk=("醉酒", "Drunk"),
    injured=("有伤", "Injured"),
    ill=("患病", "Ill"),
    deaf_mute=("聋哑", "Deaf or mute"),
    blind=("盲", "Blind"),
    foreign_language=("不通晓当地语言", "Does not know the language"),
    mentally_impaired=("精神障碍", "Mentally impaired"),
    acute_infectious=("急性传染病", "Acute infectious illness"),
    at_risk=("重点看管", "Watched closely"),
    dependants=("有需照料的家属", "Has dependants"),
    protected_witness=("未成年被害人、证人", "Minor victim or witness"),
    major_crime=("重大犯罪案件", "Major crime"),
    may_retract=("可能翻供", "Likely to retract"),
    denies_guilt=("不认罪", "Denies guilt"),
    disputed=("案情有争议", "Disputed case"),
    public_attention=("社会关注", "Public attention"),
    caught_at_home_or_work=("从住处、工作单位带来", "Taken from home or workplace"),
    surrendered=("自动投案", "Surrendered"),
    fine_only=("最高处罚为警告、罚款等", "Fine or warning at most"),
    not_checked_on_spot=("未经当场盘问、检查", "Not questioned and checked on the spot"),
    cleared_on_spot=("当场已排除嫌疑", "Cleared on the spot"),
    case_already_filed=("案件已受理或者立案", "Case already accepted or filed"),
    other_jurisdiction=("不属于公安机关管辖", "Not in police jurisdiction"),
    grave_illness=("其他严重疾病", "Another grave illness"),
    detention_from_ten_days=("可能拘留十日以上", "Ten days of detention or more possible"),
    hearing_case=("适用听证程序", "Hearing applies"),
)
BAND_STATES: Final = codes(  # a wristband's way
    free=("可用", "Free"),
    worn=("佩戴中", "Worn"),
    out=("未收回", "Not returned"),
    returned=("待清洁", "To be cleaned"),
    withdrawn=("停用", "Withdrawn"),
)
BAND_CONDITIONS: Final = codes(  # as it was given back
    whole=("完好", "Whole"),
    cut=("被剪断", "Cut"),
    damaged=("损坏", "Damaged"),
)
BAND_ENDS: Final = codes(  # why one is used no more
    lost=("丢失", "Lost"),
    damaged=("损坏", "Damaged"),
    battery=("电池失效", "Battery dead"),
    other=("其他", "Other"),
)
DOOR_ORDERS: Final = codes(  # why an officer has a door released
    entry=("带入", "Bringing in"),
    exit=("带出", "Taking out"),
    medical=("救治", "Medical help"),
    emergency=("紧急情况", "Emergency"),
    test=("检修、测试", "Test of the lock"),
    other=("其他", "Other"),
)
DOOR_FAILURES: Final = codes(  # why an ordered door was not seen to be released
    late=("命令到达太晚", "The order came too late"),
    clock=("时钟失信，不知命令多久", "The clock is in doubt, and how old the order is not known"),
    silent=("节点失联", "The node is silent"),
    unmoved=("锁没有动作", "The lock was not seen to move"),
)
WALKS: Final = codes(  # what came of a walk test at one point
    passed=("通过", "Passed"),
    failed=("未通过", "Failed"),
    absent=("未安装", "Not there"),
)
# What a point can be seen to do; `nothing`: it was not seen to do anything.
SIGHTS: Final = codes(
    open=("打开", "Open"),
    shut=("关上", "Shut"),
    withdrawn=("锁舌缩回", "Bolt drawn back"),
    thrown=("锁舌伸出", "Bolt thrown"),
    released=("放行", "Released"),
    pressed=("按下", "Pressed"),
    recording=("正在录像", "Recording"),
    stopped=("停止录像", "Not recording"),
    active=("触发", "Active"),
    clear=("未触发", "Clear"),
    on=("接通", "On"),
    off=("断开", "Off"),
    read=("读到标签", "Tag read"),
    gone=("标签拿开", "Tag gone"),
    nothing=("未见变化", "Nothing"),
)
RECEPTION_GROUNDS: Final = codes(
    mediation=("调解", "Mediation"),
    hearing=("听证", "Hearing"),
    simplified_procedure=("简易程序", "Simplified procedure"),
)
SAMPLES: Final = codes(
    portrait=("照相", "Portrait"),
    fingerprints=("指纹", "Fingerprints"),
    blood=("血液", "Blood"),
    urine=("尿液", "Urine"),
    dna=("生物样本", "DNA sample"),
    voice=("声纹", "Voice"),
    iris=("虹膜", "Iris"),
    other=("其他", "Other"),
)
NOTICES: Final = codes(
    summons=("传唤", "Summons"),
    continued_questioning=("继续盘问", "Continued questioning"),
    criminal_detention=("刑事拘留", "Criminal detention"),
    arrest=("逮捕", "Arrest"),
    administrative_detention=("行政拘留", "Administrative detention"),
)
NOTICE_EXCUSES: Final = codes(
    cannot_notify=("无法通知", "Cannot be notified"),
    state_security_or_terror=(
        "危害国家安全、恐怖活动犯罪，通知可能有碍侦查",
        "State security or terrorism, would hinder",
    ),
)
GUARDIANS: Final = codes(
    legal_representative=("法定代理人", "Legal representative"),
    suitable_adult=("合适成年人", "Appropriate adult"),
)
INTERVIEWS: Final = codes(
    interrogation=("讯问", "Interrogation"),
    questioning=("询问", "Questioning"),
)
ACTS: Final = codes(
    seizure=("扣押", "Seizure"),
    identification=("辨认", "Identification"),
    mediation=("调解", "Mediation"),
    place_inspection=("检查场所", "Inspection of a place"),
    remote_questioning=("远程视频询问", "Questioning by video"),
    on_the_spot_penalty=("当场处罚", "Penalty on the spot"),
    assisted=("辅警协助事项", "Act with auxiliaries"),
    electronic_signature=("电子签名、捺印", "Electronic signature"),
)
HEALTH: Final = codes(
    well=("未见异常", "Nothing found"),
    injured=("有伤", "Injured"),
    ill=("患病", "Ill"),
)
DEVICES: Final = codes(
    strap=("约束带", "Strap"),
    rope=("警绳", "Police rope"),
    handcuffs=("手铐", "Handcuffs"),
    leg_irons=("脚镣", "Leg irons"),
)
RESTRAINT_GROUNDS: Final = codes(
    drunk=("醉酒", "Drunk"),
    violence=("行凶", "Violence"),
    escape=("逃跑", "Escape"),
    self_harm=("自伤、自杀", "Self-harm"),
    other=("其他", "Other"),
)
COERCIONS: Final = codes(
    liberty=("限制人身自由", "Restriction of liberty"),
    property=("对财物", "On property"),
)
OUTCOMES: Final = codes(
    release=("放行", "Release"),
    bail=("取保候审", "Bail"),
    residential_surveillance=("监视居住", "Residential surveillance"),
    warning=("警告", "Warning"),
    fine=("罚款", "Fine"),
)
DECISIONS: Final = codes(approved=("批准", "Approved"), refused=("不批准", "Refused"))
EXIT_GROUNDS: Final = codes(
    recover_goods=("起赃", "Recover goods"),
    identify_scene=("辨认现场", "Identify a scene"),
    identify_body=("辨认尸体", "Identify a body"),
    hospital=("就医", "Hospital"),
    other=("其他", "Other"),
)
ESCORTS: Final = codes(road=("公路", "Road"), air=("民航", "Air"))
RECEIVERS: Final = codes(
    family=("家属", "Family"),
    guardian=("监护人", "Guardian"),
    escorted_home=("送回", "Escorted home"),
)
REPORTED_TO: Final = codes(
    supervision=("督察部门", "Supervision"),
    station_work_unit=("派出所工作主管部门", "Station-work unit"),
    county_head=("县级公安机关负责人", "County head"),
    procuratorate=("人民检察院", "Procuratorate"),
    family=("家属", "Family"),
)
SUPERVISED: Final = codes(
    approval=("继续盘问审批", "Approval of continued questioning"),
    health=("入区健康检查情况", "Condition on admission"),
)
INCIDENTS: Final = codes(
    illness=("患病", "Illness"),
    injury=("受伤", "Injury"),
    serious_injury=("重伤", "Serious injury"),
    self_harm=("自伤、自杀", "Self-harm"),
    escape=("脱逃", "Escape"),
    overrun=("超时限", "Time limit overrun"),
    death=("死亡", "Death"),
)
REPORTS: Final = codes(
    public_order=("治安", "Public order"),
    administrative=("行政", "Administrative"),
    criminal=("刑事", "Criminal"),
)
REVIEWS: Final = codes(
    administrative=("受案审查", "Administrative intake"),
    administrative_complex=("受案审查（复杂）", "Administrative intake, complex"),
    criminal=("立案审查", "Criminal filing"),
    clue=("线索核实", "Verification of a clue"),
    from_administrative=("行政机关移送", "From an administrative organ"),
)
PROCEDURES: Final = codes(ordinary=("普通程序", "Ordinary"), simplified=("简易程序", "Simplified"))
PARADES: Final = codes(
    persons=("人", "Persons"),
    photos=("照片", "Photographs"),
    objects=("物品", "Objects"),
)
RECORDINGS: Final = codes(
    interview=("讯（询）问录音录像", "Interview"),
    body_camera=("执法记录仪", "Body camera"),
    area=("办案区监控", "Area video"),
)
DAMAGES: Final = codes(
    cut=("剪接、删改", "Cut or altered"),
    damaged=("损毁", "Damaged"),
    lost=("丢失", "Lost"),
    hash_mismatch=("校验不符", "Hash does not match"),
)
EXPORTS: Final = codes(
    biometric=("人体生物识别信息", "Biometric data"),
    video=("视频", "Video"),
    record=("办案记录", "Record"),
)
ERASURE_GROUNDS: Final = codes(
    kept_long_enough=("保存期限届满", "Kept long enough"),
    purpose_served=("不再需要", "No longer needed"),
    unlawful=("依法不该收集", "Should not have been collected"),
    wrong_person=("登记错人", "Entered of the wrong person"),
    ordered=("上级或者有关机关决定", "Ordered by another organ"),
)
QUALIFICATIONS: Final = codes(
    basic=("基本级执法资格", "Basic qualification"),
    legal_exam=("国家统一法律职业资格", "National legal examination"),
    juvenile=("未成年人案件专门培训", "Trained for cases of minors"),
)
INPUTS: Final = codes(
    smoke=("烟感", "smoke"),
    water=("水浸", "water"),
    temperature=("温度", "temperature"),
    duress=("胁迫按钮", "duress button"),
    tamper=("防拆", "tamper"),
    emergency_release=("紧急开门", "emergency release"),
    mains=("市电中断", "mains lost"),
    ups=("UPS 电池", "UPS battery"),
    silence=("消音按钮", "silence button"),
)
SHELF_REASONS: Final = codes(
    chattering=("反复误报", "Chattering"),
    repair=("正在维修", "Being repaired"),
    works=("施工或者清洁", "Works or cleaning"),
    test=("正在测试", "Being tested"),
)
TROUBLES: Final = codes(  # the bits of the wire's Troubles, lowest first
    line_short=("线路短路", "line shorted"),
    line_open=("线路断开", "line cut"),
    line_fault=("线路阻值异常", "line of a wrong resistance"),
    tamper=("外壳被打开", "housing open"),
    battery_low=("电池电量低", "battery low"),
    mains_lost=("断电", "mains lost"),
    silent=("设备无应答", "device silent"),
    jammed=("锁舌未动", "bolt jammed"),
    contradiction=("两个触点矛盾", "contacts contradict"),
    key_refused=("密钥不被接受", "key refused"),
    default_key=("使用公开的出厂密钥", "default key in use"),
    noisy=("通信干扰大", "too much noise"),
)
INSPECTIONS: Final = codes(accepted=("验收合格", "Accepted"), not_accepted=("未验收", "Not accepted"))
GROUNDS: Final = codes(
    grave_or_complex_custody_needed=(
        "案情特别重大、复杂，需要拘留、逮捕",
        "Grave or complex, detention or arrest needed",
    ),
    many_persons_involved=("涉案人数众多", "Many persons involved"),
    identity_unknown=("身份不明", "Identity unknown"),
    complex_and_detention_possible=(
        "情况复杂，可能适用行政拘留",
        "Complex, administrative detention possible",
    ),
    identity_refused=("不讲真实姓名、住址、身份", "Refuses true name, address, identity"),
    hard_to_verify=("违法犯罪嫌疑不能证实或者排除", "Suspicion neither proved nor excluded"),
    special_circumstances=("特殊情况", "Special circumstances"),
    roaming_repeated_or_gang=("流窜作案、多次作案、结伙作案", "Roaming, repeated or gang offences"),
    complex_case=("案情复杂", "Complex case"),
    grave_area_or_gang=(
        "交通不便、集团犯罪、流窜、取证困难的重大复杂案件",
        "Grave complex case of article 158",
    ),
    ten_years_or_more=("可能判处十年有期徒刑以上刑罚", "Ten years of prison or more"),
    major_clue=("重大疑难线索", "Major or difficult clue"),
)
