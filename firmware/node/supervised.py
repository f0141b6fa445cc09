"""A contact with end-of-line resistors on an ADC: five states, so that a cut or shorted wire is no contact.

The loop is fed by 2.2 kOhm from 3.3 V; 1 kOhm stands in series with the contact and 1 kOhm across it. So a
closed contact is a loop of 1 kOhm, an open one of 2 kOhm, whatever is near 0 is a short and whatever is far
above is a cut wire. Anything between is a fault: a resistor added to the loop, a corroded terminal.
"""

from casewire import LINE_FAULT, LINE_OPEN, LINE_SHORT, UNKNOWN
from node.inputs import Input

PULL_UP_OHM = 2200
SERIES_OHM = 1000
ACROSS_OHM = 1000

# Bounds of the states, in loop resistance. 5 % resistors, 100 m of thin wire (20 Ohm) and the ADC's error fit inside.
SHORT_OHM_MAX = 300
CLOSED_OHM_MIN, CLOSED_OHM_MAX = 800, 1250
OPEN_OHM_MIN, OPEN_OHM_MAX = 1650, 2500
CUT_OHM_MIN = 8000

READING_MAX = 65535  # of ADC.read_u16()

# What a loop shows beside the two levels of its contact, and the trouble each is.
_SHORT, _CUT, _FAULT = 3, 4, 5
TROUBLES = {_SHORT: LINE_SHORT, _CUT: LINE_OPEN, _FAULT: LINE_FAULT}


def reading_of(ohm):
    """Return the ADC reading (0..65535) of a loop of ``ohm``."""
    return READING_MAX * ohm // (PULL_UP_OHM + ohm)


_SHORT_MAX = reading_of(SHORT_OHM_MAX)
_CLOSED_MIN, _CLOSED_MAX = reading_of(CLOSED_OHM_MIN), reading_of(CLOSED_OHM_MAX)
_OPEN_MIN, _OPEN_MAX = reading_of(OPEN_OHM_MIN), reading_of(OPEN_OHM_MAX)
_CUT_MIN = reading_of(CUT_OHM_MIN)


class Supervised(Input):
    """One supervised loop. ``kind`` is what it tells as: contact or feedback; ``trouble`` a LINE_* bit or 0.

    config.active_level: 1 when the open contact is the active state, as with a plain contact to ground.
    """

    is_supervised = True

    def __init__(self, config, adc, now_ms) -> None:
        Input.__init__(self, config, adc, now_ms)
        self.kind = config.tells

    def _read(self):
        reading = self._pin.read_u16()
        if reading <= _SHORT_MAX:
            return _SHORT
        if reading >= _CUT_MIN:
            return _CUT
        if _CLOSED_MIN <= reading <= _CLOSED_MAX:
            return self._of_level(0)
        if _OPEN_MIN <= reading <= _OPEN_MAX:
            return self._of_level(1)
        return _FAULT

    def _become(self, state, since_ms):
        trouble = TROUBLES.get(state, 0)
        has_trouble_changed = trouble != self.trouble
        self.trouble = trouble
        return Input._become(self, UNKNOWN if trouble else state, since_ms) or has_trouble_changed
