"""What a node writes, on a real littlefs over a flash in memory that loses its power; started by path under MicroPython.

    micropython -X heapsize=8m littlefs_on_device.py

The power goes in each write and each erase of the flash in turn, in the middle of it. Afterwards the file system is mounted anew
and what stands there must be what was before or what was to come. Prints one line a scene, and what a save costs.
"""

import os
import sys

import slots

from casewire import FROM_NODE, Contact, Frame, Kept, encode
from node import boot_count
from node.keep import Keep, load
from node.send_queue import SendQueue

BLOCK_BYTES = 4096  # of an RP2040's flash, as its port gives it to littlefs
BLOCKS = 64
PROGRAM_BYTES = 256
SAVES = 200
KEY = bytes(32)


class PowerCutError(OSError):
    pass


class Flash:
    """Blocks that are erased to 0xFF and written once; after `left` writes and erases the power is gone.

    Without power nothing changes any more, and nobody is told: what is left of the program is no longer there.
    """

    def __init__(self, data=None):
        self.data = data if data is not None else bytearray(b"\xff" * (BLOCK_BYTES * BLOCKS))
        self.erases = [0] * BLOCKS
        self.left = -2  # never
        self.is_dead = False

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK_BYTES + offset
        for index in range(len(buffer)):
            buffer[index] = self.data[start + index]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK_BYTES + offset
        for index in range(
            self._lasting(len(buffer))
        ):  # no slices: it may be called while the heap is locked
            self.data[start + index] = buffer[index]
        self._tell()

    def ioctl(self, what, block):
        if what == 4:
            return BLOCKS
        if what == 5:
            return BLOCK_BYTES
        if what == 6:
            for index in range(self._lasting(BLOCK_BYTES)):
                self.data[block * BLOCK_BYTES + index] = 0xFF
            self.erases[block] += 1
            self._tell()
        return 0

    def _lasting(self, count):
        """How many of the bytes get there: all, half where the power goes in this, none afterwards."""
        if self.is_dead:
            return 0
        self.left -= 1
        return count if self.left != -1 else count // 2

    def _tell(self):
        if self.left == -1 and not self.is_dead:
            self.is_dead = True
            raise PowerCutError(5)


def mounted(flash):
    os.mount(os.VfsLfs2(flash, progsize=PROGRAM_BYTES), "/flash")
    os.chdir("/flash")


def unmounted():
    os.chdir("/")
    os.umount("/flash")


def queue_of(count, first=1):
    queue = SendQueue(64)
    for seq in range(first, first + count):
        frame = Frame(Contact.KIND, 7, 4, seq, seq * 1000, Contact(1, seq % 2))
        queue.add(seq, 1, encode(frame, KEY, FROM_NODE))
    return queue


def cut_everywhere(prepare, act, judge):
    """Return how many writes and erases the power went in; judge(is_done) is called on the file system mounted anew."""
    flash = Flash()
    os.VfsLfs2.mkfs(flash, progsize=PROGRAM_BYTES)
    mounted(flash)
    prepare()
    unmounted()
    before = bytes(flash.data)
    count = 0
    while True:
        flash = Flash(bytearray(before))
        mounted(flash)
        flash.left = count
        try:  # noqa: SIM105 - no contextlib there
            act()
        except OSError:
            pass
        is_done = not flash.is_dead
        unmounted()
        mounted(Flash(flash.data))
        judge(is_done)
        unmounted()
        if is_done:
            return count
        count += 1


def expect(what, found, allowed):
    if found not in allowed:
        raise AssertionError(f"{what}: expected one of {allowed!r}, found {found!r}")


def scene_boot_count():
    def judge(is_done):
        expect("boot", boot_count.read("boot"), [42] if is_done else [41, 42])

    return cut_everywhere(lambda: boot_count.write("boot", 41), lambda: boot_count.next_boot("boot"), judge)


def scene_keep():
    def save(count):
        keep = Keep("kept", 4, 64)
        keep.save_now(queue_of(count), 9000)

    def judge(is_done):
        saves, messages = load("kept")
        if is_done or saves == 2:
            expect("kept", (saves, len(messages)), [(2, 40)])
        else:
            expect("kept", (saves, len(messages)), [(1, 30)])
        expect("last", messages[-1], [Kept(4, len(messages), len(messages) * 1000, Contact(1, 0))])

    return cut_everywhere(lambda: save(30), lambda: save(40), judge)


def two_programs():
    for slot in slots.SLOTS:
        os.mkdir(slot)
        with open(slot + "/x", "w") as file:
            file.write(slot * 3000)
        with open(slot + "/hashes", "w") as file:
            file.write(slots.digest_of(slot + "/x") + "  x\n1 files\n")
    slots.write("slot", "a")


def offered():
    two_programs()
    slots.offer("b")


def tried():
    offered()
    slots.pick()


def scene_offer():
    def judge(is_done):
        expect("pick", slots.pick(), [("b", True)] if is_done else [("a", False), ("b", True)])
        expect("next", slots.pick(), [("a", False)])

    return cut_everywhere(two_programs, lambda: slots.offer("b"), judge)


def scene_pick():
    def judge(is_done):
        expect("pick", slots.pick(), [("a", False)] if is_done else [("a", False), ("b", True)])
        expect("next", slots.pick(), [("a", False)])

    return cut_everywhere(offered, slots.pick, judge)


def scene_confirm():
    def judge(is_done):
        expect("pick", slots.pick(), [("b", False)] if is_done else [("a", False), ("b", False)])

    return cut_everywhere(tried, lambda: slots.confirm("b"), judge)


def scene_wipe():
    def judge(is_done):
        expect("pick", slots.pick(), [("a", False)])
        expect("a", slots.wrong("a"), [[]])
        expect("b", bool(slots.wrong("b")), [True] if is_done else [True, False])

    return cut_everywhere(two_programs, lambda: slots.wipe("b"), judge)


def wear():
    """Erases of SAVES saves of a full queue, and of the block that had most."""
    flash = Flash()
    os.VfsLfs2.mkfs(flash, progsize=PROGRAM_BYTES)
    mounted(flash)
    keep = Keep("kept", 4, 64)
    flash.erases = [0] * BLOCKS
    for number in range(SAVES):
        keep.save_now(queue_of(64, 1 + number * 64), 9000)
    unmounted()
    return sum(flash.erases), max(flash.erases)


def main():
    for name, scene in (
        ("boot_count", scene_boot_count),
        ("keep", scene_keep),
        ("offer", scene_offer),
        ("pick", scene_pick),
        ("confirm", scene_confirm),
        ("wipe", scene_wipe),
    ):
        print("SCENE", name, "CUTS", scene())
    total, most = wear()
    print("WEAR", SAVES, "SAVES", total, "ERASES", most, "MOST")


if __name__ == "__main__":
    main()
    sys.exit(0)
