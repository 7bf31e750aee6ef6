"""The authority's pages: for registrars in laboratories, health officers and auditors."""
