"""The tests repeat the source tree: tests/wire for firmware/casewire, tests/custody for gateway/custody, ..."""
