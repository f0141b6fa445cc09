"""Which of the two programs on the flash runs. Copied to the board's root beside main.py, and replaced by no update.

    a/, b/   a program each: casewire/ and node/, and hashes, the SHA-256 of each of its files and how many they are
    slot     the program that is good, "a" or "b"; without this file the one on the path (mip, frozen) runs
    try      a program that was just written whole: it gets one start
    tried    had its start; good only once confirmed, when its gateway has answered. Else the next start runs the good one
    hold     the next start does not run a node: somebody at the USB port wants the flash

Each step is one file renamed, so wherever the power goes a whole program that has run before is there to run.
"""

import os
import sys
from binascii import hexlify
from hashlib import sha256

SLOTS = ("a", "b")
CONFIRM_MS = 10000  # a new program has to hear its gateway after running for this long
TRIAL_MS = 300000  # and is given up after this


def start() -> None:
    """Run the node of the slot whose turn it is; called by main.py at power-up."""
    if held():
        sys.stdout.write("held: no node runs until the next start\n")
        return
    slot, is_trial = pick()
    try:
        if slot is not None:
            sys.path.insert(0, slot)
        import pins

        from node.board import run

        if is_trial:
            run("config.json", "boot_count.txt", pins, Trial(slot))
        else:
            run("config.json", "boot_count.txt", pins)
    except Exception as error:  # noqa: BLE001 - whatever it is, the way back must be found
        # A program that cannot even be imported: the next start runs the good one.
        if hasattr(sys, "print_exception"):
            sys.print_exception(error)
        restart()


def restart() -> None:
    import time

    import machine

    time.sleep(1)
    machine.reset()


def held():
    """Return whether this start is to leave the flash alone; the one after it is not."""
    if read("hold") is None:
        return False
    os.remove("hold")
    return True


def pick():
    """Return the slot to run, None where there are none, and whether this is its trial."""
    good = read("slot")
    new = read("try")
    if new is not None:
        # Before it runs: whatever ends this start, the next one finds nothing to try.
        os.rename("try", "tried")
        if new in SLOTS and new != good and not wrong(new):
            return new, True
        sys.stdout.write("try: expected a whole program in the other slot, found %r\n" % new)
    return (good if good in SLOTS else None), False


def confirm(slot) -> None:
    """The program of ``slot`` is good from now on."""
    write("slot", slot)
    forget("tried")


def offer(slot) -> None:
    """The program of ``slot`` gets its trial at the next start."""
    forget("tried")
    write("try", slot)


def wrong(slot):
    """Return which files of a slot are missing or not what its hashes say."""
    try:
        with open(slot + "/hashes") as file:
            lines = file.read().rstrip().split("\n")
    except OSError:
        return ["hashes"]
    if lines[-1] != "%d files" % (len(lines) - 1):
        return ["hashes"]  # cut off
    found = []
    for line in lines[:-1]:
        digest, _, name = line.partition("  ")
        if digest_of(slot + "/" + name) != digest:
            found.append(name)
    return found


def digest_of(path):
    """Return the SHA-256 of a file in hexadecimal digits, None where it cannot be read."""
    digest = sha256()
    try:
        with open(path, "rb") as file:
            data = file.read(512)
            while data:
                digest.update(data)
                data = file.read(512)
    except OSError:
        return None
    return hexlify(digest.digest()).decode()


def wipe(folder) -> None:
    """Remove a folder and all in it; its hashes first, so that what is left is no program."""
    forget(folder + "/hashes")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            wipe(path)
        else:
            os.remove(path)
    os.rmdir(folder)


def read(name):
    """Return the word in a file, None where there is no such file."""
    try:
        with open(name) as file:
            return file.read().strip()
    except OSError:
        return None


def write(name, word) -> None:
    with open(name + ".new", "w") as file:
        file.write(word + "\n")
    if hasattr(os, "sync"):
        os.sync()
    os.rename(name + ".new", name)


def forget(name) -> None:
    try:
        os.remove(name)
    except OSError:
        pass


class Trial:
    """A new program at its first start; see node.board.run."""

    def __init__(self, slot) -> None:
        self._slot = slot

    def step(self, is_heard, uptime_ms):
        """Return True once the program is confirmed; raise OSError when it has to go. is_heard: the gateway answers."""
        if is_heard and uptime_ms >= CONFIRM_MS:
            confirm(self._slot)
            return True
        if uptime_ms >= TRIAL_MS:
            raise OSError("expected the gateway within %d ms of a new program's start" % TRIAL_MS)
        return False
