"""What crosses a boundary: formats, JSON Schemas, refusal reasons and retention periods.

Nothing in this package does I/O or reads the time. The issuer, the verifier and the wallet never
import each other; they meet here.
"""
