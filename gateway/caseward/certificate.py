"""`caseward certificate LOGDIR --from T --to T -o FILE`: no limit of the period passed unjudged, or which one did.

LOGDIR is a log folder; a gateway may be writing to it. The certificate is checked without our code by
`server/verify/deadlines.py`; what its lines mean: docs/ledger.md. Exit 0, 1 when a limit was missed, 2 when the log or
the call is wrong.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from caselog.canonical import dumps
from caseward.logfolder import LogFolder, LogFolderError
from custody.ledger.certificate import certificate
from custody.ledger.deadlines import terms
from custody.times import TimeFormatError, parse_instant_us

FOREVER_US: Final = 2**53 - 1  # the largest integer of a leaf: no end was asked for

_WORDS: Final = {
    "zh": (
        "期限 {terms} 个：已报警 {fired}，依法结束 {closed}，改期 {moved}，仍在进行 {running}，规则已更换 {law_changed}。",
        "按时判定 {in_time}，网关停机之后判定 {blind}，迟判 {late}。",
        "漏判 {missed}。",
    ),
    "en": (
        "{terms} limits: {fired} alarmed, {closed} over, {moved} moved, {running} running, {law_changed} by other rules.",
        "Judged in time {in_time}, after a stop of the gateway {blind}, late {late}.",
        "Missed {missed}.",
    ),
}


def main(argv: list[str]) -> int:
    """Entry point of the command."""
    options = _parser().parse_args(argv)
    try:
        from_us = parse_instant_us(options.from_) if options.from_ else 0
        to_us = parse_instant_us(options.to) if options.to else FOREVER_US
        log = LogFolder(Path(options.log))
        lines = list(certificate(terms(log), log.size, log.last.hex(), log.suite.number, from_us, to_us))
        Path(options.output).write_bytes(b"".join(dumps(line) + b"\n" for line in lines))
    except (TimeFormatError, LogFolderError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    languages = ("zh", "en") if options.lang == "both" else (options.lang,)
    sys.stdout.writelines(line + "\n" for language in languages for line in said(lines[-1], language))
    return 1 if lines[-1]["missed"] else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="caseward certificate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", help="log folder")
    parser.add_argument("--from", dest="from_", help="beginning of the period, ISO 8601 with offset")
    parser.add_argument("--to", help="its end; left out: the end of the log")
    parser.add_argument("-o", dest="output", required=True, help="where to write the certificate")
    parser.add_argument(
        "--lang", choices=["zh", "en", "both"], default="both", help="language of the summary"
    )
    return parser


def said(summary: dict[str, Any], language: str) -> list[str]:
    """The summary as sentences, and which limits were missed."""
    numbers = {**summary["outcomes"], **summary["punctual"], **summary}
    lines = [words.format(**numbers) for words in _WORDS[language]]
    return lines + [f"  {obligation} (#{leaf})" for obligation, leaf in summary["missed_terms"]]
