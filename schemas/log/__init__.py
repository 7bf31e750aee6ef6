"""An append-only log that anybody can check: Merkle trees, signed checkpoints, carried proofs.

Every trust bundle is an entry of such a log (docs/formats.md, "The log"). The forms are those of
C2SP: signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles and tlog-proof; the tree is that of
RFC 6962.
"""
