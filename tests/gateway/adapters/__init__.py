"""Tests of the shells around serial ports, GPIO and broker."""
