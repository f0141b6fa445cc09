"""Who the detained persons are: values and salts encrypted beside the log, keys in a directory of their own, and their
erasure. The log holds commitments only (docs/evidence.md section 8); why it is so: docs/adr/0024.
"""
