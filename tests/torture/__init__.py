"""The torture suite: any system that watches inputs over MQTT and raises alarms at time limits, scored by counting.

Imports nothing of Caseward: our own adapter, targets/caseward.py, is one of several. What it is: docs/torture.md.
"""
