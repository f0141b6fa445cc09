"""`caseward <command>`: a thin dispatcher; each program is imported only when it is called."""

import sys
from collections.abc import Callable

USAGE = """caseward: controller for case-handling areas

  caseward demo [--speed N]           a simulated station on this machine
  caseward gateway --config F --data D   the area's controller (Raspberry Pi)
  caseward gateway key new|show --data D   the signing key, in a file or sealed by a TPM
  caseward gateway rotate-key --data D   a new key takes over at the next start
  caseward server --data D            the station's server
  caseward server init --data D       first run: keys, database, two administrators
  caseward node --config F            a further Pi, or a PC, as a node
  caseward node adopt|configure|update|slots --port P   a board on USB as a node
  caseward bundle --data D --stay ID …   one stay for a court, with proofs
  caseward replay FILE --rulebook N   play a log or a scenario against a rulebook
  caseward whatif FILE --from N --to N   what another rulebook would say of the same facts
  caseward log scrub|repair DIR       read a log's folder through, or make it whole from a copy
  caseward explain FILE ALARM         why an alarm was raised, or a rule was silent
  caseward certificate LOGDIR -o FILE  no limit of a period passed unjudged
  caseward witness --data D --from URL   a second witness, in other hands (or --usb DIR)
  caseward watchdog --config F        elsewhere: raises the alarm when the server falls silent
  caseward config check FILE          check area.toml
  caseward rulebook check FILE|NAME   what is wrong with a rulebook, each with a story

Each command explains itself with --help.
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command; exit codes: 0 good, 1 it failed, 2 it was called or fed wrongly."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        return 0 if arguments else 2
    program = _PROGRAMS.get(arguments[0])
    if program is None:
        sys.stderr.write(f"caseward: expected a command ({', '.join(_PROGRAMS)}), found {arguments[0]!r}\n")
        return 2
    return program(arguments[1:])


def _gateway(argv: list[str]) -> int:
    from casegateway.commands import COMMANDS
    from casegateway.commands import main as command

    if argv and argv[0] in COMMANDS:
        return command(argv)
    from casegateway.main import main as run
    from caseward import sweeping
    from caseward.clock import gateway_clock

    sweeping.start()
    return run(argv, gateway_clock)


def _server(argv: list[str]) -> int:
    from caseserver.main import main as run
    from caseward import sweeping
    from caseward.clock import clock_from_environment

    sweeping.start()
    return run(argv, clock_from_environment)


def _node(argv: list[str]) -> int:
    from casefield.board_commands import STEPS
    from casefield.board_commands import main as board

    if argv and argv[0] in STEPS:
        return board(argv)
    from casefield.main import main as run

    return run(argv)


def _demo(argv: list[str]) -> int:
    from caseward.demo import main as run

    return run(argv)


def _bundle(argv: list[str]) -> int:
    from caseward.bundle import main as run
    from caseward.clock import clock_from_environment

    return run(argv, clock_from_environment(0))


def _replay(argv: list[str]) -> int:
    from caseward.replay import main as run

    return run(argv)


def _whatif(argv: list[str]) -> int:
    from caseward.whatif import main as run

    return run(argv)


def _log(argv: list[str]) -> int:
    from caseward.logs import main as run

    return run(argv)


def _explain(argv: list[str]) -> int:
    from caseward.explain import main as run

    return run(argv)


def _certificate(argv: list[str]) -> int:
    from caseward.certificate import main as run

    return run(argv)


def _watchdog(argv: list[str]) -> int:
    from caseserver.watchdog import main as run

    return run(argv)


def _witness(argv: list[str]) -> int:
    from caseward.clock import clock_from_environment
    from caseward.witness import main as run

    return run(argv, clock_from_environment())


def _config(argv: list[str]) -> int:
    from caseward.check import config_main as run

    return run(argv)


def _rulebook(argv: list[str]) -> int:
    from caseward.rulebook import main as run

    return run(argv)


_PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "demo": _demo,
    "gateway": _gateway,
    "server": _server,
    "node": _node,
    "bundle": _bundle,
    "replay": _replay,
    "log": _log,
    "explain": _explain,
    "whatif": _whatif,
    "certificate": _certificate,
    "witness": _witness,
    "watchdog": _watchdog,
    "config": _config,
    "rulebook": _rulebook,
}

if __name__ == "__main__":
    sys.exit(main())
