"""The top layer: one console command over all parts, the clocks, the bundled resources."""
