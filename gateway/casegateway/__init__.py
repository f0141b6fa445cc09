"""The gateway of one area: readings in, log first, engine second, effects third.

The parts that decide (core, links, outbox, orders) are plain objects without threads, sockets
or clocks of their own; `adapters` and `runtime` are the thin shell around them.
"""
