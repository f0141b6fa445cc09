"""Started by MicroPython at power-up: the node of config.json on this board, by the program whose turn it is."""

import slots

slots.start()
