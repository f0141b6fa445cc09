"""The server: witness of the gateways' logs, second evaluator, history, alarms, API, pages, time series.

It imports `custody` and `caselog`, never `casegateway`, and is imported by nobody but the dispatcher. The
way of the data: `link` (MQTT thread) → `inbox` (bounded) → `worker` (one thread: verify, commit, acknowledge,
evaluate) → `station` (what pages and API read) → `events` (server-sent events).
"""
