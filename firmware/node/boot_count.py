"""The boot number: a small file on the flash that only ever rises.

(boot, seq) names a message for ever, so a boot number must never be used twice.
A node that cannot write its boot number therefore does not start: silence is
noticed within seconds, a message taken for an old one is never noticed.
"""

import os


def next_boot(path, first_boot=0):
    """Count one boot up in the file at ``path`` and return its number, from 1.

    first_boot is the highest number used by the hardware this node replaces.
    Raises OSError if the file cannot be written, ValueError if it holds no number.
    """
    boot = max(read(path), first_boot) + 1
    write(path, boot)
    return boot


def write(path, number) -> None:
    """Replace the number in the file; after a power cut either stands, whole. Raises OSError."""
    aside = path + ".new"
    with open(aside, "w") as file:
        file.write("%d\n" % number)
    if hasattr(os, "sync"):
        os.sync()
    os.rename(aside, path)


def read(path):
    """Return the number in the file, 0 where there is none; raise OSError, or ValueError if it holds none."""
    try:
        with open(path) as file:
            text = file.read()
    except OSError as error:
        if error.errno == 2:  # ENOENT: a new node
            return 0
        raise
    try:
        return int(text)
    except ValueError:
        raise ValueError("%s: expected the last number, found %r" % (path, text[:20])) from None
