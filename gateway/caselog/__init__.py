"""The evidence log: canonical leaves, a hash chain, an RFC 6962 tree, signed checkpoints, segments on disk.

Pure but for the `Disk` port: nothing here reads a clock, a socket or a random source on its own (making a
key and `filedisk` are the exceptions, and say so). It knows neither rooms nor rules. The format is set
down to the byte in docs/evidence.md.

Modules, in the order they build on each other:

* `errors`      every exception of the package, by who is at fault
* `canonical`   the one JSON text of a value
* `clock`       `Instant` and the `Clock` port
* `leaf`        one record of the log, its fields and its place in the chain
* `suite`, `tree`   which hash, and RFC 6962 roots and proofs over it; `cover`, one proof of many leaves
* `keys`, `note`, `checkpoint`   Ed25519 keys, C2SP signed notes, checkpoints and cosignatures
* `records`, `keychain`   what the log says of itself, and whose key signs it
* `bundle`, `bundlecheck`   one stay for a court: written, and read back
* `disk`, `filedisk`, `memorydisk`   the port to storage, the real one, and one that loses power on demand
* `segment`     lines in a file, and what a damaged one looks like
* `store`, `recovery`   durable leaves on a disk, and reading them back
* `log`         all of it put together
"""
