"""What wallets will say to those whom they warn, for officers to read before."""

from collections.abc import Iterable
from datetime import tzinfo

from schemas.catalogues import sentence
from schemas.languages import Language
from shell.times import local_time, spans


def warning_texts(hours: Iterable[int], zone: tzinfo) -> dict[Language, str]:
    """What a wallet says to somebody who was there all the time, in local times."""
    told = spans(hours)
    begins, ends = local_time(told[0][0], zone), local_time(told[-1][1], zone)
    return {
        language: sentence("notice_title", language, begins=begins, ends=ends)
        + "\n"
        + sentence("notice_advice", language)
        for language in Language
    }
