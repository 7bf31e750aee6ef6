"""The perishable store: no record without a day to die on (design section 8)."""
