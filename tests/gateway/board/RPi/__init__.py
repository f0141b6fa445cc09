# ruff: noqa: N999 - the name of the library
"""In the place of the library that a gateway's board has: put `tests/gateway/board` on PYTHONPATH and ask for `--gpio rpi`."""
