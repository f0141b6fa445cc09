"""Closed lists of cabinets and their compartments, each with its two names."""

from typing import Final

from custody.vocabulary import codes

LOCKER_PURPOSES: Final = codes(  # what a compartment is opened for
    **{
        "store": ("放入", "Putting in"),
        "take_out": ("取出", "Taking out"),
        "lend": ("借出", "Lending"),
        "give_back": ("还入", "Giving back"),
        "return": ("发还", "Handing back to the person"),
        "count": ("盘点", "Stock-taking"),
        "inspect": ("查验", "Inspection"),
    }
)
LOCKER_WAITS: Final = codes(  # why nothing was ordered, though somebody had been waited for
    nobody=("申请人没有刷胸牌", "The badge of who asked was not read"),
    no_second=("没有第二人刷卡", "No second badge was read, nor the person's band"),
    restart=("网关重新启动", "The gateway started anew"),
)
LOCKER_FAILURES: Final = codes(  # why a compartment was not opened
    late=("请求到达太晚", "The request came too late"),
    clock=("时钟失信，不知请求多久", "The clock is in doubt, and how old the request is not known"),
    silent=("锁板或者节点失联", "The lock board or its node is silent"),
    ajar=("柜格没有关好", "It is not shut"),
    unmoved=("锁没有动作", "The lock was not seen to move"),
)
LOCKER_BREAKS: Final = codes(  # why it is not known any more how an opened compartment stands
    restart=("网关重新启动", "The gateway started anew"),
    silent=("锁板或者节点失联", "The lock board or its node is silent"),
)
OVERRIDES: Final = codes(  # why a compartment is opened with the mechanical key
    power=("停电", "Power is out"),
    broken=("锁或者锁板故障", "Lock or board does not work"),
    medical=("急需药品", "Medicine is needed at once"),
    search=("依法检查", "Inspection by right"),
    other=("其他", "Other"),
)
