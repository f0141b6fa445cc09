"""Keys of the demo, made fresh in its data folder: none is in the tree, none is shared with another run."""

import secrets
from collections.abc import Iterable
from pathlib import Path

from caselog.keys import SoftKey

NODE_KEY_BYTES = 32


def node_keys(path: Path, nodes: Iterable[str]) -> dict[str, bytes]:
    """Keys of the nodes of a gateway, kept in its keys/nodes.toml; made when the file is not there."""
    if path.exists():
        found = {}
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" = ")
            found[name] = bytes.fromhex(value.strip('"'))
        return found
    keys = {node: secrets.token_bytes(NODE_KEY_BYTES) for node in nodes}
    private(path, "".join(f'{node} = "{key.hex()}"\n' for node, key in keys.items()))
    return keys


def gateway_key(path: Path) -> SoftKey:
    """The key a gateway signs with; made when the file is not there."""
    if path.exists():
        return SoftKey.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = SoftKey.generate()
    key.save(path)
    return key


def private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
