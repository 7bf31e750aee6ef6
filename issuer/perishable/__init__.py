"""The perishable store: every record has a day on which it is deleted, with the key that opens it.

Bytes and promises are docs/formats.md, "Records" and "The end of a day".
"""
