"""A whole station in one process, by the day: real node, log, gateway core, ingest and second evaluator on virtual
lines, disks, clocks and a virtual broker. One seed gives one run, to the byte. docs/simulation.md."""
