"""From a venue's sealed export to the list of hours that every wallet fetches.

The forms are docs/formats.md, "From the venue to the authority" and "The list of notices".

Somebody brings the export and another officer agrees to it; what waits in between stays sealed.
Published hours are records of the perishable store, so each dies 14 days after its date began.
"""
