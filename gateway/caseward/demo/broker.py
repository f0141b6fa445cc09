"""The demo's own mosquitto: own port, own users, each gateway held to its own topics."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

INSTALL_HINT = "apt-get install --no-install-recommends mosquitto (or mosquitto from your system's packages)"


class MissingProgram(RuntimeError):
    """A program the demo cannot run without; says how to get it."""


def find_program(name: str, hint: str) -> Path:
    """Path of a program. Debian keeps daemons in /usr/sbin, which a user's PATH lacks."""
    path = os.environ.get("PATH", os.defpath) + os.pathsep + "/usr/sbin"
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingProgram(f"expected the program {name!r} on PATH, found none. Install it: {hint}")
    return Path(found)


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_of_listeners(port: int) -> bool:
    """Whether nobody listens on this TCP port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def next_free(port: int, besides: Container[int]) -> int:
    """This port, or the next above it that nobody listens on and that is not one of `besides`."""
    while port in besides or not free_of_listeners(port):
        port += 1
    return port


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker listens and how it is started. `passwords`: user -> password."""

    port: int
    argv: tuple[str, ...]
    passwords: Mapping[str, str]


def _acl(server: str, gateways: tuple[str, ...]) -> str:
    """A gateway writes its own `up` and reads its own `down`; the server the other way round."""
    lines = [f"user {server}"]
    for gateway in gateways:
        lines += [f"topic read caseward/v1/{gateway}/up/#", f"topic write caseward/v1/{gateway}/down/#"]
    for gateway in gateways:
        lines += [
            "",
            f"user {gateway}",
            f"topic write caseward/v1/{gateway}/up/#",
            f"topic read caseward/v1/{gateway}/down/#",
        ]
    return "\n".join(lines) + "\n"


def prepare(folder: Path, passwords: Mapping[str, str], port: int | None = None) -> Broker:
    """Write configuration, users and access list. The first user is the server, the rest gateways.

    Raises MissingProgram when mosquitto is not installed.
    """
    mosquitto = find_program("mosquitto", INSTALL_HINT)
    passwd = find_program("mosquitto_passwd", INSTALL_HINT)
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    users, acl, config = folder / "users", folder / "acl", folder / "mosquitto.conf"
    users.unlink(missing_ok=True)
    users.touch(mode=0o600)
    for user, password in passwords.items():
        subprocess.run([passwd, "-b", users, user, password], check=True, capture_output=True)
    server, *gateways = passwords
    acl.write_text(_acl(server, tuple(gateways)))
    acl.chmod(0o600)
    # Started as root mosquitto would change to a user that cannot read our files.
    user = pwd.getpwuid(os.geteuid()).pw_name
    config.write_text(
        f"user {user}\n"
        f"listener {port} 127.0.0.1\n"
        "allow_anonymous false\n"
        f"password_file {users}\n"
        f"acl_file {acl}\n"
        "persistence false\n"
        "set_tcp_nodelay true\n"
        "max_inflight_messages 1000\n"
        "max_queued_messages 100000\n"
        "log_dest stdout\n"
        "log_type error\n"
        "log_type warning\n"
        "log_type notice\n"
        "connection_messages true\n"
    )
    return Broker(port, (str(mosquitto), "-c", str(config)), dict(passwords))
