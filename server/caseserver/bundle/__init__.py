"""Bundles: one stay for a court, chosen out of the store, with proofs, texts, statements and a report.

* `texts`       every configuration and rulebook the server ever ran, by hash
* `selection`   which leaves, and the proof that they are of the checkpoint
* `statements`  what whoever holds the whole log can make again
* `disclosed`   values of commitments, where asked for
* `picture`     what the report shows, as plain data; `report` sets it as PDF; `words` in both languages
* `maker`       all of it joined, checked and signed
"""
