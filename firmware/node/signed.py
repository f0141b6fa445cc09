"""A node's configuration as its station signs it: the JSON, then a line with its HMAC-SHA-256 under the node's key.

    {"node": 7, "version": 3, "points": [...]}
    # hmac-sha256 <64 hex digits>

The key stands in a file of its own, written once, when the node is adopted. So a configuration that was changed by
hand, made for another node, or is older than the last one that ran, does not run. It is an HMAC because MicroPython
has no Ed25519: the station can sign, and so can whoever has read the flash of this board.
"""

from binascii import hexlify

from casewire.mac import same, whole_mac
from node import boot_count
from node.config import ConfigError

MARK = "\n# hmac-sha256 "
_PURPOSE = b"caseward-config-v1\n"  # under the same key as the frames, which begin with N or G


def sealed(text, key):
    """Return ``text`` with the line that signs it."""
    text = text.rstrip("\n")
    return text + MARK + _mac(text, key) + "\n"


def opened(path, text, key):
    """Return the JSON of a signed configuration; raise ConfigError where it is not this node's."""
    at = text.rfind(MARK)
    if at < 0:
        raise ConfigError("%s: expected a signed configuration, found no line '# hmac-sha256'" % path)
    body, found = text[:at], text[at + len(MARK) :].strip()
    if not same(found.encode(), _mac(body, key).encode()):
        raise ConfigError("%s: expected it signed with this node's key, found another signature" % path)
    return body


def advance(path, version) -> None:
    """Refuse a version below the one in the file, else write it there. Raises ConfigError, OSError, ValueError."""
    last = boot_count.read(path)
    if version < last:
        raise ConfigError("version: expected %d or above, found %d" % (last, version))
    if version > last:
        boot_count.write(path, version)


def _mac(text, key):
    return hexlify(whole_mac(key, _PURPOSE + text.encode())).decode()
