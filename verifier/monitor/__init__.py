"""A monitor: it reads an authority's whole log and tells what an honest authority would not do.

It trusts nothing but the anchor, and judges every bundle, also those that no venue ever fetched.
"""
