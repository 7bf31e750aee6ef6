"""A witness: somebody who signs that a log only grew, for whoever trusts them (C2SP tlog-witness).

It learns checkpoints, which are public, and notes nothing about who asks.
"""
