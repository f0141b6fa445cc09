"""The full figures: `python -m tests.prove [name…]` writes docs/proof/<name>.json."""
