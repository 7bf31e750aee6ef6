"""A laboratory's export of this morning, with made-up people: what intake gets to read."""

from datetime import UTC, datetime
from pathlib import Path

from issuer.registration.iin import parse_iin
from schemas.kinds import HOUR

NAME = "Сейткали Айгерим"
PHONE = "+7 700 0000001"
BIRTH = "880317"
"""The birthday of the person whose pass the demo follows."""

_HEADER = "ИИН;ФИО;Телефон;Вид исследования;Результат;Дата забора;Лаборатория"
_RESULTS = (
    ("ПЦР SARS-CoV-2", "отрицательный"),
    ("ПЦР SARS-CoV-2", "отрицательный"),
    ("Вакцинация", "2 доза"),
    ("Выписка", "выздоровел"),
    ("ПЦР SARS-CoV-2", "положительный"),
    ("Антитела IgG", "обнаружены"),
    ("ПЦР SARS-CoV-2", "отрицательный"),
)
_BIRTHS = (BIRTH, "750602", "030911", "671230", "920214", "810808", "990105")


def make_iin(birth: str, number: int, *, now: int) -> str:
    """A number with a right check digit for someone born on ``birth`` (YYMMDD)."""
    century = "5" if birth < "26" else "4"
    for serial in range(number, number + 100):
        for digit in range(10):
            iin = f"{birth}{century}{serial:04}{digit}"
            try:
                parse_iin(iin, today=datetime.fromtimestamp(now, UTC).date())
            except ValueError:
                continue
            return iin
    raise ValueError("no number for that birth")


def write_export(path: Path, *, now: int) -> str:
    """Semicolons, Windows-1251, Russian headers, names and telephones; the heroine's IIN.

    One row has a kind that nobody knows and one an IIN with a typing error.
    """
    taken = datetime.fromtimestamp(now - 4 * HOUR, UTC).strftime("%Y-%m-%dT%H:%MZ")
    iins = [make_iin(birth, 100 * index, now=now) for index, birth in enumerate(_BIRTHS)]
    lines = [_HEADER]
    for index, (iin, (kind, result)) in enumerate(zip(iins, _RESULTS, strict=True)):
        name, phone = (NAME, PHONE) if index == 0 else (f"Пациент {index}", "+7 700 0000000")
        shown = iin[:-1] if index == len(iins) - 1 else iin
        lines.append(f"{shown};{name};{phone};{kind};{result};{taken};Лаборатория №1")
    path.write_bytes("\r\n".join(lines).encode("cp1251"))
    return iins[0]
