"""Started by MicroPython at power-up: the node of config.json on this board."""

import pins

from node.board import run

run("config.json", "boot_count.txt", pins)
