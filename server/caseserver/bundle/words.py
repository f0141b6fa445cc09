"""The words of a bundle's report and of what it cannot show, in both languages. No wording of the law stands here."""

from __future__ import annotations

from typing import Final

from custody.name import Name

LANES: Final = {
    "place": Name("所在房间", "Room"),
    "guarded": Name("看管", "Guarded"),
    "recorded": Name("录像", "On video"),
    "acts": Name("登记的事项", "Acts"),
    "clocks": Name("时限", "Clocks"),
    "alarms": Name("报警", "Alarms"),
}
STATES: Final = {
    "before": Name("到案至入区", "arrival to entry"),
    "inside": Name("在区内", "inside the area"),
    "unsearched": Name("入区未检查", "in the area, not searched"),
    "searched": Name("已检查", "searched"),
    "away": Name("区外", "outside the area"),
    "guarded": Name("有人看管", "guarded"),
    "unguarded": Name("无人看管", "not guarded"),
    "recorded": Name("有录像", "recorded"),
    "unrecorded": Name("无录像", "not recorded"),
    "unknown": Name("无从得知", "not known"),
}
MUSTS: Final = {
    "straight_in": Name("一律直接带入", "Taken straight in"),
    "searched_first": Name("先行安全检查", "Searched first"),
    "guarded": Name("有人看管", "Guarded"),
    "recorded": Name("有视频监控并记录", "On video, recorded"),
}
OUTCOMES: Final = {
    "fired": Name("到时报警", "alarmed when due"),
    "closed": Name("期限内结束", "ended before it was due"),
    "moved": Name("期限变更", "moved"),
    "law_changed": Name("规则变更", "another law in force"),
    "running": Name("进行中", "running"),
    "missed": Name("漏报", "missed"),
}
TITLE: Final = Name("一次在区记录", "Record of one stay")
HEADINGS: Final = {
    "what": Name("概要", "In short"),
    "timeline": Name("经过", "Course"),
    "musts": Name("四个一律（秒）", "The four musts, in seconds"),
    "alarms": Name("报警", "Alarms"),
    "terms": Name("时限", "Legal clocks"),
    "acts": Name("登记的事项", "What was recorded"),
    "unproved": Name("本记录不能证明的", "What this cannot show"),
    "check": Name("如何核对", "How to check it"),
}
LABELS: Final = {
    "stay": Name("编号", "Stay"),
    "area": Name("办案区", "Area"),
    "from": Name("首条记录", "First record"),
    "to": Name("末条记录", "Last record"),
    "leaves": Name("记录数", "Records"),
    "log": Name("日志", "Log"),
    "size": Name("日志总条数", "Records in the log"),
    "root": Name("树根", "Root"),
    "cosigned": Name("见证签名", "Cosigned"),
    "made": Name("制作", "Made"),
    "time": Name("时间", "Time"),
    "record": Name("内容", "Record"),
    "leaf": Name("序号", "No."),
    "raised": Name("发出", "Raised"),
    "cleared": Name("解除", "Cleared"),
    "due": Name("到期", "Due"),
    "rule": Name("规则", "Rule"),
    "outcome": Name("结果", "Outcome"),
    "state": Name("状态", "State"),
    "seconds": Name("秒", "Seconds"),
    "none": Name("无", "none"),
    "open": Name("未解除", "still on"),
    "times": Name("时间均为办案区当地时间 {zone}。", "All times are local to the area, {zone}."),
}
WHOLE: Final = Name(
    "共 {count} 条，日志第 {leaf} 条处清点无缺", "{count}, counted without a gap at record {leaf}"
)
UNCOUNTED: Final = Name("{count} 条，末尾未清点", "{count}, not counted at the end")
CHECK: Final = Name(
    "本文件是证据包的可读部分，不是证据本身。请用核验程序核对证据包文件；程序不依赖本系统，可离线运行。",
    "This page is the readable part of a bundle, not the evidence itself. Check the bundle with the verifier: a separate "
    "program that needs neither this system nor a network.",
)
KEYS: Final = {
    "soft-key": Name(
        "日志密钥存放在文件中：掌握该机器管理权限者即掌握密钥。",
        "The log's key is a file: whoever is root on that machine has it.",
    ),
    "tpm2-sealed": Name(
        "日志密钥由 TPM 密封：仅有磁盘副本者没有密钥，掌握运行中机器管理权限者仍有。",
        "The log's key is sealed by a TPM: a copy of the disk does not have it, but whoever is root on the running machine does.",
    ),
}
"""What each `kind` of key leaves open."""
UNPROVED: Final = {
    "truth": Name(
        "传感器和民警所报内容是否属实，以及是否全部上报。",
        "That what a sensor or an officer reported was true, or that all of it was reported.",
    ),
    "clock": Name(
        "记录时间为网关自称；见证签名的时间为见证者自称。",
        "The recorded times are the gateway's word; the time of a cosignature is the witness's.",
    ),
    "takeover": Name(
        "接管网关者只能伪造见证者尚未签署的末段和此后的记录：本日志前 {size} 条已于办案区当地时间 {time} 签署，"
        "此后未经见证者配合无法改写；制作本文件时其上另有 {above} 条，不在本检查点之内。",
        "Whoever takes over the gateway can forge only what no witness had cosigned yet, and what is recorded from then on: "
        "the first {size} records of this log were cosigned at {time} local to the area, and cannot be rewritten since without the witness; "
        "{above} more were at hand when this was made, and are not under this checkpoint.",
    ),
    "uncounted": Name(
        "只能证明到本次在区的最后一条记录为止无缺；其后是否还有记录，未经清点。",
        "Completeness is shown up to the last record of the stay only; whether more followed was not counted.",
    ),
    "counted": Name(
        "日志第 {leaf} 条之后是否还有本次在区的记录。",
        "Whether more about this stay was recorded after record {leaf}.",
    ),
    "tail": Name(
        "没有独立见证者签署本检查点：网关被接管者可重写尚未签署的末段。",
        "No witness has cosigned this checkpoint: whoever takes over the gateway can write its tail anew.",
    ),
    "server_only": Name(
        "见证签名仅来自本单位服务器，没有其他单位的见证者。",
        "The only witness is this station's own server; none is in other hands.",
    ),
    "others": Name(
        "记录中出现其他在区编号（第 {leaves} 条）：编号为随机数，不含个人信息，删去则无法核对。",
        "Records {leaves} name other stays by their random references; without them the proof would not hold.",
    ),
}
