"""Tests of the gateway: the core against the real node and the real ingest, adapters against real ptys and a real broker."""
