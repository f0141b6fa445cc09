"""`caseward witness`: a second witness, in other hands than the server it watches.

It keeps of each log the newest checkpoint it cosigned, and cosigns only what goes on from there. By the network it calls
the station's server; without one a stick is carried to and fro (`carry` on the server's side fills and empties it).
"""

from __future__ import annotations

import argparse
import secrets
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from caselog import checkpoint
from caselog.errors import CaselogError
from caselog.filedisk import read_private, write_private
from caselog.keys import SoftKey, Verifier
from caselog.witness import Request, parse
from caseserver.witness import NAME_PREFIX
from caseward.witness_line import Line, Offer, Stick, Unreachable
from caseward.witness_memory import Memory, Said

KEY_FILE: Final = "witness.key"
TOKEN_FILE: Final = "token"
NAME_FILE: Final = "name"

EPILOG: Final = """\
caseward witness init --name NAME --data DIR       once: key and token, and what goes into the station's server.toml
caseward witness trust --data DIR KEY...           a log to witness, as `caseward server log --keys` prints it
caseward witness carry --usb DIR --from URL --token FILE    beside the server: fill the stick, hand back what is on it
"""


class WitnessError(ValueError):
    """The command cannot be carried out; the message says what was expected and what came."""


def main(argv: list[str], clock: Any) -> int:
    """Run one command. 0: everything offered was cosigned; 1: something was not; 2: called or fed wrongly."""
    commands = {"init": _init, "trust": _trust, "carry": _carry}
    try:
        if argv and argv[0] in commands:
            return commands[argv[0]](argv[1:])
        return _run(argv, clock)
    except (WitnessError, CaselogError, Unreachable, OSError) as error:
        sys.stderr.write(f"caseward witness: {error}\n")
        return 2


def _init(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="caseward witness init")
    parser.add_argument("--name", required=True, help="as in [witnesses.NAME] of server.toml: a-z 0-9 -")
    parser.add_argument("--data", type=Path, required=True, help="directory for key and memory")
    arguments = parser.parse_args(argv)
    name: str = arguments.name
    if not 1 <= len(name) <= 32 or not all(c.isdigit() or c == "-" or "a" <= c <= "z" for c in name):
        raise WitnessError(f"expected a name of 1 to 32 characters a-z 0-9 -, found {name!r}")
    folder: Path = arguments.data
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, token = SoftKey.generate(), secrets.token_urlsafe(32)
    key.save(folder / KEY_FILE)
    write_private(folder / TOKEN_FILE, token.encode() + b"\n")
    write_private(folder / NAME_FILE, name.encode() + b"\n")
    _say(f"[witnesses.{name}]")
    _say(f'public_key = "{key.public.hex()}"')
    _say(f'token_sha256 = "{sha256(token.encode()).hexdigest()}"')
    return 0


def _trust(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="caseward witness trust")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "keys", nargs="+", metavar="KEY", help="name+id+base64, got by another way than the line"
    )
    arguments = parser.parse_args(argv)
    memory = Memory(arguments.data)
    for text in arguments.keys:
        verifier = Verifier.from_vkey(text)
        memory.trust(verifier)
        _say(f"{verifier.name}: {verifier.key_id().hex()}")
    return 0


def _run(argv: list[str], clock: Any) -> int:
    parser = argparse.ArgumentParser(
        prog="caseward witness", description="Cosign what is new, or say why not.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--data", type=Path, required=True, help="directory that `init` made")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--from", dest="url", help="the station's server, https://…")
    way.add_argument("--usb", type=Path, help="a stick that `carry` has filled")
    way.add_argument(
        "--from-file", type=Path, nargs="+", help="requests or notes in files; the answer beside each"
    )
    parser.add_argument("--token", type=Path, help="file with the token; DIR/token when left out")
    arguments = parser.parse_args(argv)
    data: Path = arguments.data
    if not (data / NAME_FILE).exists():
        raise WitnessError(
            f"expected {data} to be made by `caseward witness init`, found no {NAME_FILE} in it"
        )
    name = (data / NAME_FILE).read_text(encoding="utf-8").strip()
    signer = SoftKey.load(data / KEY_FILE).named(NAME_PREFIX + name)
    memory = Memory(data)
    now_s = clock.now().earliest_us // 1_000_000
    if arguments.url is not None:
        line = Line(arguments.url, _token(arguments.token or data / TOKEN_FILE))
        said = [_by_line(memory, line, origin, signer, now_s) for origin in memory.origins()]
    elif arguments.usb is not None:
        stick = Stick(arguments.usb)
        said = [memory.judge(offer, signer, now_s) for offer in stick.offers()]
        stick.answer(said, memory)
    else:
        said = [memory.judge(_from_file(path, memory), signer, now_s) for path in arguments.from_file]
        for path, one in zip(arguments.from_file, said, strict=True):
            if one.note is not None:
                path.with_name(path.name + ".cosigned").write_bytes(one.note)
    for one in said:
        _say(one.text)
    if not said:
        _say("expected logs to witness (`caseward witness trust`, `carry`), found none")
    return 0 if said and all(one.note is not None for one in said) else 1


def _by_line(memory: Memory, line: Line, origin: str, signer: Any, now_s: int) -> Said:
    answer = line.offer(origin, memory.size(origin))
    if isinstance(answer, str):
        return Said(origin, None, f"{origin}: not offered: {answer}")
    said = memory.judge(answer, signer, now_s)
    handed = said.note or memory.note(origin)  # what was refused: they shall see what we hold instead
    problem = line.hand_back(handed) if handed is not None else ""
    return said if not problem else Said(origin, None, f"{said.text}; not taken back: {problem}")


def _carry(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="caseward witness carry")
    parser.add_argument("--usb", type=Path, required=True, help="the stick")
    parser.add_argument("--from", dest="url", required=True, help="the station's server, https://…")
    parser.add_argument("--token", type=Path, required=True, help="file with the witness's token")
    arguments = parser.parse_args(argv)
    line, stick = Line(arguments.url, _token(arguments.token)), Stick(arguments.usb)
    problems = 0
    for note in stick.cosigned():
        problem = line.hand_back(note)
        problems += bool(problem)
        _say(f"{checkpoint.parse(note).origin}: handed back" + (f", not taken: {problem}" if problem else ""))
    for origin in line.origins():
        answer = line.offer(origin, stick.size(origin))
        if isinstance(answer, str):
            problems += 1
            _say(f"{origin}: not offered: {answer}")
        else:
            stick.put(answer)
            _say(f"{origin}: on the stick, from {answer.request.old} on")
    return 1 if problems else 0


def _from_file(path: Path, memory: Memory) -> Offer:
    """A request, or a bare note: that is a request without a proof."""
    data = path.read_bytes()
    if data.startswith(b"old "):
        return Offer(parse(data), None)
    return Offer(Request(memory.size(checkpoint.parse(data).origin), (), data), None)


def _token(path: Path) -> str:
    return read_private(path).decode("ascii", "replace").strip()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
