"""The ladder that server.toml describes."""

from __future__ import annotations

from caseserver.notify.ladder import Rung
from caseserver.notify_settings import Notify


def rungs_of(settings: Notify) -> list[Rung]:
    """Its steps, in order."""
    return [
        Rung(
            step.post,
            {severity: after_s * 1_000_000 for severity, after_s in step.after_s.items()},
            tuple(step.receivers),
            step.needs_turn,
        )
        for step in settings.steps
    ]
