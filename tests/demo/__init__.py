"""Tests of the demo station."""
