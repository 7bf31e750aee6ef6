"""The perishable store: every record has a day on which it is deleted, with the key that opens it.

The bytes are docs/formats.md, "Records", the promises "The end of a day".
"""
