"""Visits that their owner cannot read back, and the warnings that come of them.

Formats and rules are docs/formats.md, "Presence tracing" and "Rules for a wallet".

This package knows no pass, and what has passes knows none of it. ``wallet_sim.both`` opens both
files; the contracts in pyproject.toml keep the two apart.

>>> from schemas.check_in import CheckInCode
>>> from schemas.hour_keys import public_half
>>> from wallet_sim.presence.state import Visits
>>> from wallet_sim.presence.check_in import seal_hours
>>> venue, authority = bytes(range(32)), bytes(range(32, 64))
>>> code = CheckInCode(492_777, (public_half(venue),), bytes(16), "Baiterek")
>>> keys = {492_777: public_half(authority)}
>>> visits = seal_hours(Visits(), code, authority=keys, now=1_774_000_000)
>>> [(day.date, len(day.records)) for day in visits.days]
[('2026-03-20', 8)]

Only with both private keys is the visit found:

>>> from schemas.notices import Notice
>>> from wallet_sim.presence.matching import match
>>> match(visits.days, (Notice(492_777, venue, authority),))
(HourOfStay(hour=492777, arrive=1773999900, leave=1774000800),)
>>> match(visits.days, (Notice(492_777, venue, venue),))
()
"""
