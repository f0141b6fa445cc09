"""Explanations: why an alarm was raised (alarm.py), and why a rule was silent (silence.py).

`explain(area, rulebook, facts, alarm_id, stage=None) -> Explanation` and
`why_silent(area, rulebook, facts, rule_key, subject, at_us) -> SilenceExplanation`; both raise
ExplainError with what was expected and what was found. `Wording` words single facts and steps.
"""

from custody.explain.alarm import ExplainedFact, ExplainError, Explanation, explain
from custody.explain.silence import SilenceExplanation, why_silent
from custody.explain.wording import Wording

__all__ = [
    "ExplainError",
    "ExplainedFact",
    "Explanation",
    "SilenceExplanation",
    "Wording",
    "explain",
    "why_silent",
]
