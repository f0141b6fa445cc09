"""The kiosk at a cabinet: what its screen shows and takes. Served by the gateway's process; works while the server is away.

The core (`kiosk`, `desk`, tasks) is sans-IO and runs in the gateway's main loop alone; `web` carries requests to it and
screens back, and does nothing by itself (docs/kiosk.md, docs/adr/0038).
"""
