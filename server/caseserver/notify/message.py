"""What a receiver is told: where, what, what to do now, and where to answer. Never a name, never the offence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CALL: Final = "alarm.called"
ANSWER: Final = "alarm.answered"


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` stays the same however often it is tried; `data` is what a program reads."""

    id: str
    title: str
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    type: str = CALL

    def body(self, time_s: int) -> bytes:
        """The body of a webhook: type, timestamp, data, as the Standard Webhooks scheme has it."""
        value = {
            "type": self.type,
            "timestamp": time_s,
            "data": {**self.data, "title": self.title, "text": self.text},
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
