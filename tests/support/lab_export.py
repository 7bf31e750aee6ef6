"""Laboratory exports of the shape that a real system writes, with every fault it was seen with."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

HEADER = ("ИИН", "ФИО", "Телефон", "Вид исследования", "Результат", "Дата забора", "Лаборатория")
ALMATY = timezone(timedelta(hours=5))
NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
PCR = "ПЦР SARS-CoV-2"

USABLE = (
    (PCR, "отрицательный", 1),
    ("Вакцинация", "2 доза", 60),
    (PCR, "отрицательный", 2),
    ("Выписка", "выздоровел", 40),
    (PCR, "положительный", 1),
    ("Справка", "нет данных", 3),
    ("Вакцинация", "1 доза", 15),
    ("Контакт", "зарегистрирован", 2),
)
"""Kind, result and age in days."""


def make_iin(born: str, serial: int, *, century: int = 3) -> str:
    """An invented IIN: ``born`` is YYMMDD. Serial numbers without a check digit are passed over."""
    while (digit := _check_digit(f"{born}{century}{serial:04d}")) is None:
        serial += 1
    return f"{born}{century}{serial:04d}{digit}"


def _check_digit(eleven: str) -> int | None:
    first = sum(place * int(digit) for place, digit in enumerate(eleven, 1)) % 11
    if first < 10:
        return first
    second = sum((place + 2) % 11 * int(digit) for place, digit in enumerate(eleven, 1))
    # The second row of weights is 3 to 11, then 1 and 2; 11 counts as 0 modulo 11.
    return second % 11 if second % 11 < 10 else None


def local(days_ago: float, *, now: int = NOW) -> str:
    """A time before ``now`` as the laboratory writes it, in Almaty's time."""
    return datetime.fromtimestamp(now - int(days_ago * 86400), ALMATY).strftime("%d.%m.%Y %H:%M")


def make_row(
    number: int = 0,
    *,
    iin: str | None = None,
    kind: str = PCR,
    result: str = "отрицательный",
    date: str | None = None,
) -> list[str]:
    """One row; ``number`` tells people apart."""
    person = make_iin(f"{60 + number % 40:02d}0317", 1 + 7 * number % 9000)
    name, phone = f"Вымышленный Пациент {number:05d}", f"+7 700 {number:07d}"
    taken = local(1) if date is None else date
    return [person if iin is None else iin, name, phone, kind, result, taken, "Лаборатория №1"]


def write_text(rows: list[list[str]], *, separator: str = ";", end: str = "\r\n") -> str:
    return "".join(separator.join(row) + end for row in [list(HEADER), *rows])


@dataclass(frozen=True)
class BigExport:
    """``reasons`` counts the faulty rows, ``repeated`` the rows that are in the export twice."""

    text: str
    reasons: Counter[str]
    repeated: int


def make_big_export(rows: int = 2000) -> BigExport:
    """An export in which every tenth row has one of the faults, in turn, or is there twice."""
    written = [_usable(number) for number in range(rows)]
    reasons: Counter[str] = Counter()
    repeated = 0
    for number in range(9, rows, 10):
        fault = number // 10 % 10
        if fault == 9:
            written[number] = written[number - 1]
            repeated += 1
        else:
            reason, written[number] = _faulty(fault, number)
            reasons[reason] += 1
    return BigExport(write_text(written), reasons, repeated)


def _usable(number: int) -> list[str]:
    kind, result, age = USABLE[number % len(USABLE)]
    return make_row(number, kind=kind, result=result, date=local(age))


def _faulty(fault: int, number: int) -> tuple[str, list[str]]:
    row = make_row(number)
    wrong = str((int(row[0][11]) + 1) % 10)
    return (
        ("missing_columns", row[:5]),
        ("bad_iin", make_row(number, iin=row[0][:9])),
        ("bad_iin", make_row(number, iin=row[0][:11] + wrong)),
        ("bad_iin", make_row(number, iin=make_iin("990230", 1 + number))),
        ("unknown_kind", make_row(number, kind="Антитела IgG", result="обнаружены")),
        ("bad_date", make_row(number, date="31.02.2026 10:00")),
        ("bad_date", make_row(number, date="")),
        ("future", make_row(number, date=local(-2))),
        ("too_old", make_row(number, date=local(9))),
    )[fault]
