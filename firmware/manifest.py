# Freezes casewire, node and micropython-lib's logging and ssd1306 into a firmware image:
#   make -C ports/rp2 BOARD=RPI_PICO FROZEN_MANIFEST=<this file>
# neopixel is in the port's own manifest.
# Board files (boards/*/main.py, pins.py) and config.json go on the flash: they differ per node.
metadata(description="Caseward node and its wire", version="0.1.0", license="Apache-2.0")
include("$(PORT_DIR)/boards/manifest.py")
require("logging")
require("ssd1306")
package("casewire")
package("node")
