"""The steps of the tasks, by name (tasks.py)."""

from collections.abc import Mapping
from typing import Final

from casekiosk.steps.base import Step
from casekiosk.steps.choosing import Choose
from casekiosk.steps.counting import Count
from casekiosk.steps.done import End
from casekiosk.steps.listing import List
from casekiosk.steps.looking import Look
from casekiosk.steps.opening import Open
from casekiosk.steps.signing import Sign
from casekiosk.steps.where import Where
from casekiosk.steps.who import Who

STEPS: Final[Mapping[str, Step]] = {
    "who": Who(),
    "list": List(),
    "choose": Choose(),
    "sign": Sign(),
    "open": Open(),
    "where": Where(),
    "look": Look(),
    "count": Count(),
    "done": End(),
}
