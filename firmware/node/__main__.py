"""``python -m node CONFIG [BOOT_COUNT]``, with a ``machine`` module on the path.

A board starts from boards/*/main.py instead.
"""

import sys

from node.board import run


def main(arguments) -> int:
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write(
            "usage: python -m node CONFIG [BOOT_COUNT]\nexpected 1 or 2 files, found %d\n" % len(arguments)
        )
        return 2
    run(arguments[0], arguments[1] if len(arguments) == 2 else arguments[0] + ".boot")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
