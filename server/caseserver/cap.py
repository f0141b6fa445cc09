"""An alarm as a message of the Common Alerting Protocol 1.2 (OASIS, 2010), so that a bureau's centre takes it without us.

Restricted, and with the stay number and the room in it: never a name, never the offence. The same alarm in the same state gives the
same bytes. CAP writes UTC as -00:00 and takes no Z (section 3.3.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from caseserver.alarms import Alarm
from custody.area import Area
from custody.name import Name

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
RESTRICTION: Final = "police internal / 公安内部"
_SEVERITY: Final = {"S1": "Extreme", "S2": "Severe", "S3": "Moderate", "S4": "Minor"}
_CATEGORY: Final = {"person": "Safety", "clock": "Security", "equipment": "Infra"}
_LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}


def message(alarm: Alarm, area: Area, sender: str) -> bytes:
    """UTF-8 with its declaration. `sender`: the server's name; no blanks, commas, < and & (section 3.2.1)."""
    root = ET.Element("alert", xmlns=NAMESPACE)
    at_us, word = _newest(alarm)
    _put(root, "identifier", _identifier(alarm, word, at_us))
    _put(root, "sender", sender)
    _put(root, "sent", written(at_us))
    _put(root, "status", "Actual")
    _put(root, "msgType", "Alert" if word == "raised" else "Cancel" if word == "closed" else "Update")
    _put(root, "source", area.gateway)
    _put(root, "scope", "Restricted")
    _put(root, "restriction", RESTRICTION)
    if word != "raised":
        first = _identifier(alarm, "raised", alarm.raised_us)
        _put(root, "references", f"{sender},{first},{written(alarm.raised_us)}")
    if alarm.group:
        _put(root, "incidents", "_".join(alarm.group.split()))
    for language in _LANGUAGES:
        root.append(_info(alarm, area, language))
    ET.indent(root, " ")
    return ET.tostring(root, "utf-8", xml_declaration=True)


def _identifier(alarm: Alarm, word: str, at_us: int) -> str:
    """One for each thing that happened to it: a receiver leaves out what it has already under the same one."""
    return f"{alarm.ref}.{word}.{at_us}"


def written(at_us: int) -> str:
    """An instant as CAP takes it, to the second."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def _newest(alarm: Alarm) -> tuple[int, str]:
    """(when, what) of the last thing that happened to it."""
    told = [(alarm.raised_us, "raised")]
    told += [
        (at_us, word)
        for at_us, word in (
            (alarm.graver_us, "graver"), (alarm.taken_us, "taken"), (alarm.acknowledged_us, "acknowledged"), (alarm.cleared_us, "cleared"),
            (alarm.rectified_us, "rectified"), (alarm.verified_us, "verified"), (alarm.closed_us, "closed"),
        )
        if at_us is not None
    ]  # fmt: skip
    return (
        max(told, key=lambda one: one[0]) if alarm.is_open else (alarm.closed_us or alarm.raised_us, "closed")
    )


def _info(alarm: Alarm, area: Area, language: str) -> ET.Element:
    words = alarm.text.get(language, {})
    what = words.get("soon" if alarm.is_prewarning else "what") or words.get("what") or alarm.rule
    info = ET.Element("info")
    _put(info, "language", _LANGUAGES[language])
    _put(info, "category", _CATEGORY.get(alarm.family, "Other"))
    _put(info, "event", what)
    _put(info, "responseType", "Prepare" if alarm.is_prewarning else "Execute")
    _put(
        info, "urgency", "Past" if not alarm.is_active else "Expected" if alarm.is_prewarning else "Immediate"
    )
    _put(info, "severity", _SEVERITY.get(alarm.severity, "Unknown"))
    _put(info, "certainty", _certainty(alarm))
    code = ET.SubElement(info, "eventCode")
    _put(code, "valueName", "caseward:rule")
    _put(code, "value", f"{alarm.rule}/{alarm.variant}")
    _put(info, "onset", written(alarm.since_us or alarm.raised_us))
    _put(info, "senderName", _said(area.station, language))
    _put(info, "headline", what)
    if words.get("do"):
        _put(info, "instruction", words["do"])
    for name, value in _parameters(alarm, language):
        entry = ET.SubElement(info, "parameter")
        _put(entry, "valueName", f"caseward:{name}")
        _put(entry, "value", value)
    room = area.rooms.get(alarm.room or "")
    place = _said(area.name, language) + (f" · {_said(room.name, language)}" if room is not None else "")
    _put(ET.SubElement(info, "area"), "areaDesc", place)
    return info


def _certainty(alarm: Alarm) -> str:
    if alarm.is_prewarning:
        return "Likely"
    return "Observed" if alarm.is_certain else "Possible"


def _parameters(alarm: Alarm, language: str) -> Iterator[tuple[str, str]]:
    yield "state", alarm.state
    yield "due", written(alarm.due_us)
    if alarm.stay is not None:
        yield "stay", alarm.stay
    if alarm.article.get(language):
        yield "article", alarm.article[language]
    if alarm.taken_by is not None:
        yield "taken_by", alarm.taken_by


def _said(name: Name, language: str) -> str:
    return name.zh if language == "zh" else name.en


def _put(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
