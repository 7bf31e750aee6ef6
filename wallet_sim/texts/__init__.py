"""What the wallet says to its holder, in Kazakh, Russian and English."""

from schemas.catalogues import load_catalogue

_CATALOGUE = load_catalogue("wallet_sim")

text, knows = _CATALOGUE.say, _CATALOGUE.knows
