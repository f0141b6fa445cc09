# Freezes casewire, node and micropython-lib's logging into a firmware image:
#   make -C ports/rp2 BOARD=RPI_PICO FROZEN_MANIFEST=<this file>
# Board files (boards/*/main.py, pins.py) and config.json go on the flash: they differ per node.
metadata(description="Caseward node and its wire", version="0.1.0", license="Apache-2.0")
include("$(PORT_DIR)/boards/manifest.py")
require("logging")
package("casewire")
package("node")
