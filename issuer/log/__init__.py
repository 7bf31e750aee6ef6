"""The public log of bundles: what the issuer has published, in an order that it cannot change.

The form is docs/formats.md, "The log". Entries are on disk before a checkpoint is signed, and a
checkpoint before it is handed out, so that whatever is interrupted, no second tree is ever signed.
"""
