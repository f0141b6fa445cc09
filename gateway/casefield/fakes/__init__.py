"""Devices that behave, as processes of their own: for tests, the demo and a bench without hardware."""
