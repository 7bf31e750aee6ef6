"""Exports of laboratories: what is read, what is rejected and why, and what is never seen."""

import os
import tracemalloc
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer.intake.rows import ExportRow, IntakeSummary, Rejected, RejectReason, read_export
from issuer.rules.policy import Policy, default_policy_text, parse_policy
from shell.errors import CommandError
from tests.support.lab_export import (
    HEADER,
    NOW,
    PCR,
    local,
    make_big_export,
    make_iin,
    make_row,
    write_text,
)

POLICY = parse_policy(default_policy_text())
SAMPLE = Path(__file__).parents[2] / "samples" / "lab_results.csv"
PERSON = make_row(1)[0]


def read(
    folder: Path,
    content: str | bytes,
    *,
    encoding: str = "utf-8",
    policy: Policy = POLICY,
    now: int = NOW,
) -> list[ExportRow | Rejected]:
    path = folder / "export.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return list(read_export(path, policy=policy, now=now))


def outcomes(rows: list[ExportRow | Rejected]) -> list[tuple[int, str]]:
    """Each row's line with its kind of evidence or the reason against it."""
    return [
        (row.line, row.reason.value if isinstance(row, Rejected) else row.evidence) for row in rows
    ]


def outcome(folder: Path, row: list[str], *, policy: Policy = POLICY, now: int = NOW) -> str:
    [(line, result)] = outcomes(read(folder, write_text([row]), policy=policy, now=now))
    assert line == 2
    return result


def error(folder: Path, content: str | bytes) -> str:
    with pytest.raises(CommandError) as caught:
        read(folder, content)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message
    return caught.value.message.replace(str(folder / "export.csv"), "FILE")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def seconds_of(text: str) -> int:
    """Of a date as the default policy reads it."""
    moment = datetime.strptime(text, "%d.%m.%Y %H:%M").replace(tzinfo=POLICY.zone)
    return int(moment.timestamp())


# A whole export


def test_an_export_gives_its_rows_in_order_with_line_numbers() -> None:
    rows = list(read_export(SAMPLE, policy=POLICY, now=NOW))
    usable = ["pcr_negative", "vaccinated_full", "pcr_negative", "recovered", "positive"]
    usable += ["no_record", "vaccinated_first", "contact"]
    faulty = ["missing_columns", "bad_iin", "bad_iin", "bad_iin", "unknown_kind"]
    faulty += ["bad_date", "bad_date", "future", "too_old"]
    after = ["recovered", "pcr_negative", "pcr_negative"]
    assert outcomes(rows) == list(enumerate(usable * 2 + faulty + after, 2))


def test_a_row_gives_reference_birthday_evidence_and_time() -> None:
    first = next(read_export(SAMPLE, policy=POLICY, now=NOW))
    assert first == ExportRow(
        line=2,
        reference="600317300019",
        birthday="03-17",
        evidence="pcr_negative",
        at=seconds("2026-11-20T05:00+05:00"),
    )


def test_a_row_shows_nothing_but_its_line() -> None:
    first = next(read_export(SAMPLE, policy=POLICY, now=NOW))
    assert f"{first!r} {first}" == "ExportRow(line=2) ExportRow(line=2)"


def test_the_summary_of_an_export_of_2000_rows_adds_up(tmp_path: Path) -> None:
    export = make_big_export(2000)
    taken: set[tuple[str, str, int]] = set()
    totals = Counter[str]()
    rejected = []
    for row in read(tmp_path, export.text, encoding="cp1251"):
        totals["rows"] += 1
        if isinstance(row, Rejected):
            rejected.append(row)
        elif (row.reference, row.evidence, row.at) in taken:
            totals["repeated"] += 1
        else:
            taken.add((row.reference, row.evidence, row.at))
            totals["withdrawals" if POLICY.rule(row.evidence).withdraws else "codes"] += 1
    summary = IntakeSummary(rejected=tuple(rejected), **totals)
    assert summary.rows == 2000
    assert summary.rows == (
        summary.codes + summary.withdrawals + summary.repeated + len(summary.rejected)
    )
    assert summary.repeated == export.repeated == 20
    assert summary.withdrawals > 0
    assert Counter(row.reason.value for row in summary.rejected) == export.reasons
    assert set(export.reasons) == {
        RejectReason.MISSING_COLUMNS,
        RejectReason.BAD_IIN,
        RejectReason.UNKNOWN_KIND,
        RejectReason.BAD_DATE,
        RejectReason.FUTURE,
        RejectReason.TOO_OLD,
    }


def test_an_export_three_times_as_long_takes_no_more_memory(tmp_path: Path) -> None:
    read_rows(tmp_path, 3000)  # What is imported and cached on first use counts for neither.
    assert read_rows(tmp_path, 9000) < 2 * read_rows(tmp_path, 3000)


def read_rows(folder: Path, number: int) -> int:
    """Read an export of so many rows; the most bytes that were in use meanwhile."""
    path = folder / "export.csv"
    path.write_text(write_text([make_row(n) for n in range(number)]), encoding="cp1251")
    tracemalloc.start()
    counted = sum(1 for _ in read_export(path, policy=POLICY, now=NOW))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted == number
    return peak


# Encodings, separators, line ends


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encoding_and_separator_are_found(tmp_path: Path, encoding: str, separator: str) -> None:
    text = write_text([make_row(1), make_row(2)], separator=separator)
    rows = read(tmp_path, text, encoding=encoding)
    assert outcomes(rows) == [(2, "pcr_negative"), (3, "pcr_negative")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_line_ends_are_found(tmp_path: Path, end: str) -> None:
    rows = read(tmp_path, write_text([make_row(1), make_row(2)], end=end))
    assert outcomes(rows) == [(2, "pcr_negative"), (3, "pcr_negative")]


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    text = write_text([make_row(1)]).rstrip()
    assert outcomes(read(tmp_path, text)) == [(2, "pcr_negative")]


def test_an_ascii_header_does_not_decide_the_encoding(tmp_path: Path) -> None:
    text = write_text([make_row(1)]).replace(";".join(HEADER), "iin;name;phone;test;result;date;x")
    assert outcomes(read(tmp_path, text, encoding="cp1251")) == [(2, "pcr_negative")]


def test_a_damaged_byte_harms_its_own_row_only(tmp_path: Path) -> None:
    data = write_text([make_row(1), make_row(2), make_row(3)]).encode()
    half = "ПЦР".encode()[:-1]
    damaged = data.replace("ПЦР".encode(), half + b"\xff", 1)
    rows = read(tmp_path, damaged)
    assert outcomes(rows) == [(2, "unknown_kind"), (3, "pcr_negative"), (4, "pcr_negative")]


def test_a_file_cut_off_inside_a_letter_loses_its_last_row_only(tmp_path: Path) -> None:
    data = write_text([make_row(1), make_row(2)]).encode()
    cut = data[: data.rindex("ПЦР".encode()) + 1]
    assert outcomes(read(tmp_path, cut)) == [(2, "pcr_negative"), (3, "missing_columns")]


def test_a_byte_that_windows_1251_does_not_have_is_no_end(tmp_path: Path) -> None:
    data = write_text([make_row(1)]).encode("cp1251").replace(b"\xcb\xe0\xe1", b"\x98")
    assert outcomes(read(tmp_path, data)) == [(2, "pcr_negative")]


# Columns


def test_columns_are_found_wherever_they_are_and_whatever_case_they_have(tmp_path: Path) -> None:
    text = (
        f"НӘТИЖЕ,Аты,  сынама  алу\u00a0күні ,жсн,Зерттеу түрі\nтеріс,x,{local(1)},{PERSON},ПТР\n"
    )
    assert outcomes(read(tmp_path, text)) == [(2, "pcr_negative")]


def test_of_several_dates_the_one_that_the_policy_names_first_counts(tmp_path: Path) -> None:
    text = f"Date;Дата забора;ИИН;Тест;Test;Результат\nx;{local(1)};{PERSON};x;ПЦР;отрицательный\n"
    assert outcomes(read(tmp_path, text)) == [(2, "pcr_negative")]


def test_a_header_may_be_quoted_and_end_in_empty_columns(tmp_path: Path) -> None:
    header = ";".join(f'"{name}"' for name in HEADER) + ";;"
    text = write_text([make_row(1), [*make_row(2), "", " "]]).replace(";".join(HEADER), header)
    assert outcomes(read(tmp_path, text)) == [(2, "pcr_negative"), (3, "pcr_negative")]


def test_a_header_that_lacks_columns_is_an_error_that_names_them(tmp_path: Path) -> None:
    text = write_text([make_row(1)]).replace("ИИН", "ИНН").replace("Дата забора", "Дата")
    assert error(tmp_path, text) == (
        "FILE: line 1 names no column for iin, date; correct the header, "
        "or add its names to [export.columns] in policy.toml"
    )


def test_a_file_without_a_header_is_an_error_without_its_content(tmp_path: Path) -> None:
    message = error(tmp_path, ";".join(make_row(1)) + "\n")
    assert message.startswith("FILE: line 1 names no column for iin, kind, result, date;")


def test_a_column_that_is_there_twice_is_an_error(tmp_path: Path) -> None:
    text = write_text([make_row(1)]).replace("ФИО", "иин")
    assert error(tmp_path, text) == "FILE: line 1 names the column for iin twice; remove one"


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n"])
def test_a_file_without_a_line_is_an_error(tmp_path: Path, content: bytes) -> None:
    message = error(tmp_path, content)
    assert message.startswith(("FILE is empty; export", "FILE: line 1 names no column for iin"))


def test_an_export_without_rows_is_no_error(tmp_path: Path) -> None:
    assert read(tmp_path, write_text([])) == []


@pytest.mark.parametrize(
    "content",
    [
        b"a" * 200_000,
        bytes(200_000),
    ],
    ids=["one long line", "zeros"],
)
def test_a_file_that_is_no_text_table_is_an_error(tmp_path: Path, content: bytes) -> None:
    assert error(tmp_path, content) == ("FILE is not a text table; export the results as CSV")


def test_a_file_that_is_missing_or_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: No such file"):
        read_export(tmp_path / "none.csv", policy=POLICY, now=NOW)
    with pytest.raises(CommandError, match="is not a regular file; save the export to one"):
        read_export(tmp_path, policy=POLICY, now=NOW)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CommandError, match="is not a regular file; save the export to one"):
        read_export(tmp_path / "pipe", policy=POLICY, now=NOW)


# Rows


def test_lines_without_text_are_no_rows(tmp_path: Path) -> None:
    blank = ["", "   ", ";;;;;;", '"";"";"";"";"";"";""']
    lines = write_text([make_row(1)]).splitlines()
    text = "\n".join([lines[0], *blank, lines[1], *blank, "\x1a"])
    assert outcomes(read(tmp_path, text)) == [(6, "pcr_negative")]


def test_a_row_with_fewer_or_more_columns_than_the_header_is_rejected(tmp_path: Path) -> None:
    rows = [make_row(1)[:6], [*make_row(2), "x"], make_row(3)]
    assert outcomes(read(tmp_path, write_text(rows))) == [
        (2, "missing_columns"),
        (3, "shifted"),
        (4, "pcr_negative"),
    ]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_a_row_that_has_slipped_by_a_cell_is_not_read_from_the_wrong_column(
    tmp_path: Path, separator: str
) -> None:
    # A separator in the doctor's cell moves the date of issue under the date of sampling; the last
    # cell was empty, so only their number tells.
    header = ["ИИН", "Вид исследования", "Результат", "Врач", "Выдано", "Дата забора", "Прим."]
    taken, issued = local(2), local(1)
    right = [PERSON, PCR, "отрицательный", "Ким А.", issued, taken, ""]
    slipped = [PERSON, PCR, "отрицательный", f"Ким А.{separator} каб. 5", issued, taken, ""]
    lines = [separator.join(row) for row in (header, right, slipped)]
    first, second = read(tmp_path, "\n".join(lines))
    assert isinstance(first, ExportRow) and first.at == seconds_of(taken)
    assert outcomes([second]) == [(3, "shifted")]


def test_a_nameless_column_at_the_end_holds_nothing(tmp_path: Path) -> None:
    header = ";".join(HEADER) + ";"
    whole, filled = ";".join(make_row(1)) + ";", ";".join(make_row(2)) + ";x"
    more = ";".join(make_row(3)) + ";;"
    rows = read(tmp_path, "\n".join([header, whole, filled, more]))
    assert outcomes(rows) == [(2, "pcr_negative"), (3, "shifted"), (4, "shifted")]


def test_quoted_cells_are_read(tmp_path: Path) -> None:
    quoted = [f'"{cell}"' for cell in make_row(1)]
    quoted[1] = '"Вымышленный; ""Пациент"""'
    assert outcomes(read(tmp_path, write_text([quoted]))) == [(2, "pcr_negative")]


def test_a_quotation_mark_inside_a_cell_is_a_letter(tmp_path: Path) -> None:
    rows = [[*make_row(1)[:6], 'ТОО "Лаб'], [*make_row(2)[:6], '"Лаб" №1'], make_row(3)]
    assert [result for _, result in outcomes(read(tmp_path, write_text(rows)))] == [
        "pcr_negative"
    ] * 3


def test_a_row_of_several_lines_counts_from_its_first(tmp_path: Path) -> None:
    long = [*make_row(1)[:6], '"Лаборатория\r\n\r\n; №1"']
    rows = read(tmp_path, write_text([long, make_row(2)]))
    assert outcomes(rows) == [(2, "pcr_negative"), (5, "pcr_negative")]


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row(tmp_path: Path) -> None:
    stray = make_row(1)
    stray[1] = '"' + stray[1]
    rows = read(tmp_path, write_text([stray, make_row(2), make_row(3)]))
    assert outcomes(rows) == [(2, "missing_columns"), (3, "pcr_negative"), (4, "pcr_negative")]


def test_a_quotation_mark_is_not_looked_for_without_end(tmp_path: Path) -> None:
    stray = [*make_row(1)[:6], '"Лаб']
    text = write_text([stray, *(make_row(n) for n in range(2, 1800)), [*make_row(1800)[:6], '"x"']])
    rows = read(tmp_path, text)
    assert Counter(result for _, result in outcomes(rows)) == {
        "missing_columns": 1,
        "pcr_negative": 1799,
    }


def test_rows_that_quotation_marks_swallow_are_reported_and_never_joined(tmp_path: Path) -> None:
    first, last = make_row(1), make_row(4)
    first[1] = '"' + first[1]
    last[1] = f'"{last[1]}"'
    text = write_text([first, make_row(2)[:5], [], make_row(3), last, make_row(5)])
    assert outcomes(read(tmp_path, text)) == [
        (2, "missing_columns"),
        (3, "missing_columns"),
        (5, "missing_columns"),
        (6, "missing_columns"),
        (7, "pcr_negative"),
    ]


def test_a_row_inside_a_quoted_cell_is_not_registered(tmp_path: Path) -> None:
    carrier = make_row(1)
    carrier[1] = '"Имя\n' + ";".join(make_row(2)) + '\n"'
    assert outcomes(read(tmp_path, write_text([carrier, make_row(3)]))) == [
        (2, "missing_columns"),
        (3, "missing_columns"),
        (4, "missing_columns"),
        (5, "pcr_negative"),
    ]


def test_a_line_beyond_all_measure_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    long = [make_row(1)[0], "x" * 300_000, *make_row(1)[2:]]
    quoted = [make_row(2)[0], '"' + "x" * 300_000 + '"', *make_row(2)[2:]]
    open_before = [*make_row(3)[:6], '"Лаб']
    rows = read(tmp_path, write_text([long, make_row(4), quoted, open_before, long, make_row(5)]))
    assert outcomes(rows) == [
        (2, "missing_columns"),
        (3, "pcr_negative"),
        (4, "missing_columns"),
        (5, "missing_columns"),
        (6, "missing_columns"),
        (7, "pcr_negative"),
    ]


def test_a_row_that_no_reader_of_quotation_marks_understands_is_rejected(tmp_path: Path) -> None:
    torn = [*make_row(1)[:5], '"19.11.2026"', "a\rb"]
    endless = [*make_row(2)[:6], '"' + "x\n" * 2 + "\n".join(["y" * 60_000] * 3) + '"']
    rows = read(tmp_path, write_text([torn, endless, make_row(3)]))
    lost = [(line, "missing_columns") for line in range(2, 8)]
    assert outcomes(rows) == [*lost, (8, "pcr_negative")]


def test_a_header_that_no_reader_of_quotation_marks_understands_names_nothing(
    tmp_path: Path,
) -> None:
    message = error(tmp_path, '"ИИН";a\rb;"Результат"\n')
    assert message.startswith("FILE: line 1 names no column for iin, kind, result, date;")


def test_zero_bytes_harm_only_the_cells_that_they_are_in(tmp_path: Path) -> None:
    in_name, in_iin = make_row(1), make_row(2)
    in_name[1] += "\0"
    in_iin[0] = in_iin[0][:6] + "\0" + in_iin[0][6:]
    in_quotes = [f'"{cell}"' for cell in in_name]
    text = write_text([in_name, in_iin, in_quotes]) + "\0" * 5000
    assert [result for _, result in outcomes(read(tmp_path, text))] == [
        "pcr_negative",
        "bad_iin",
        "pcr_negative",
        "missing_columns",
    ]


def test_a_formula_is_not_worked_out(tmp_path: Path) -> None:
    assert outcome(tmp_path, make_row(iin=f'="{PERSON}"&A1')) == "bad_iin"
    assert outcome(tmp_path, make_row(date="=TODAY()")) == "bad_date"
    assert outcome(tmp_path, make_row(result="=A1")) == "unknown_kind"


def test_the_first_fault_in_the_order_of_the_list_is_the_reason(tmp_path: Path) -> None:
    row = make_row(iin="1", kind="?", date="?")
    assert outcome(tmp_path, row[:5]) == "missing_columns"
    assert outcome(tmp_path, row) == "bad_iin"
    assert outcome(tmp_path, make_row(kind="?", date="?")) == "unknown_kind"
    assert outcome(tmp_path, make_row(date="?")) == "bad_date"


def test_a_child_that_is_not_born_yet_has_no_iin(tmp_path: Path) -> None:
    # At 20:00 UTC the next day has begun in Almaty.
    born = make_row(iin=make_iin("261122", 1, century=6))
    assert outcome(tmp_path, born, now=seconds("2026-11-21T18:00Z")) == "bad_iin"
    evening = seconds("2026-11-21T20:00Z")
    assert outcome(tmp_path, born, now=evening) == "before_birth"
    today = [*born[:5], "22.11.2026", *born[6:]]
    assert outcome(tmp_path, today, now=evening) == "pcr_negative"


def test_kind_and_result_are_compared_without_case_width_and_spaces(tmp_path: Path) -> None:
    row = make_row(kind="  пцр  ＳＡＲＳ-CoV-2 ", result="ОТРИЦАТЕЛЬНЫЙ\u00a0")
    assert outcome(tmp_path, row) == "pcr_negative"


def test_a_result_counts_only_with_its_own_kind(tmp_path: Path) -> None:
    assert outcome(tmp_path, make_row(kind=PCR, result="2 доза")) == "unknown_kind"


# Dates


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("19.11.2026 19:00", "2026-11-19T14:00Z"),
        (" 19.11.2026  19:00:30 ", "2026-11-19T14:00:30Z"),
        ("9.11.2026 9:05", "2026-11-09T04:05Z"),
        ("19.11.2026", "2026-11-18T19:00Z"),
        ("2026-11-19T19:00", "2026-11-19T14:00Z"),
        ("2026-11-19 19:00:00", "2026-11-19T14:00Z"),
        ("2026-11-19", "2026-11-18T19:00Z"),
        ("2026-11-19T19:00Z", "2026-11-19T19:00Z"),
        ("2026-11-19T19:00:00+06:00", "2026-11-19T13:00Z"),
        # The clocks of Almaty went back from 24:00 to 23:00: the first passing counts.
        ("29.02.2024 23:30", "2024-02-29T17:30Z"),
        ("01.03.2024 00:00", "2024-02-29T19:00Z"),
    ],
)
def test_a_date_is_local_time_unless_it_has_an_offset(text: str, at: str) -> None:
    assert POLICY.export.moment(text, POLICY.zone) == seconds(at)


def test_an_hour_that_the_clocks_skip_is_still_a_time() -> None:
    berlin = replace(POLICY, time_zone="Europe/Berlin")
    skipped = berlin.export.moment("29.03.2026 02:30", berlin.zone)
    assert skipped == seconds("2026-03-29T01:30Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "31.02.2026 10:00",
        "19.11.26",
        "11/19/2026",
        "19.11.2026 24:00",
        "19.11.2026 1",
        "2026-11-19T19:00+25:00",
        "19.11.2026 19:00 x",
        "00.00.0000",
        "46345.79",
    ],
)
def test_a_date_that_no_format_reads_is_rejected(tmp_path: Path, text: str) -> None:
    assert outcome(tmp_path, make_row(date=text)) == "bad_date"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01.01.0001 00:00", "before_birth"),
        ("31.12.9999 23:59", "future"),
        ("0001-01-01T00:00+23:59", "before_birth"),
        ("9999-12-31T23:59-23:59", "future"),
    ],
)
def test_the_ends_of_the_calendar_are_times_like_others(
    tmp_path: Path, text: str, reason: str
) -> None:
    assert outcome(tmp_path, make_row(date=text)) == reason


def test_a_result_of_this_second_counts_and_one_of_the_next_does_not(tmp_path: Path) -> None:
    row = make_row(date="21.11.2026 05:00")
    assert outcome(tmp_path, row, now=NOW) == "pcr_negative"
    assert outcome(tmp_path, row, now=NOW - 1) == "future"


@pytest.mark.parametrize(
    ("kind", "result", "evidence"),
    [
        (PCR, "отрицательный", "pcr_negative"),
        (PCR, "положительный", "positive"),
        ("Контакт", "зарегистрирован", "contact"),
        ("Вакцинация", "2 доза", "vaccinated_full"),
    ],
)
def test_evidence_is_too_old_from_the_second_it_ends(
    tmp_path: Path, kind: str, result: str, evidence: str
) -> None:
    row = make_row(kind=kind, result=result, date="21.11.2026 05:00")
    ends = POLICY.evidence_ends(evidence, NOW)
    assert outcome(tmp_path, row, now=ends - 1) == evidence
    assert outcome(tmp_path, row, now=ends) == "too_old"


# Anything


ROWS = st.lists(
    st.sampled_from([*make_row(1), '"', '""', ";", "\n", "\r\n", "\0", "x", ""]), max_size=60
).map(lambda parts: (";".join(HEADER) + "\n" + "".join(parts)).encode())


@settings(max_examples=150)
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | ROWS)
def test_any_file_gives_rows_or_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        rows = list(read_export(path, policy=POLICY, now=NOW))
    except CommandError as caught:
        assert caught.message.startswith(str(path))
        assert "\n" not in caught.message
    else:
        lines = [row.line for row in rows]
        assert lines == sorted(set(lines))
        assert all(2 <= line <= content.count(b"\n") + 1 for line in lines)


def test_the_clock_of_these_tests_is_the_one_they_say() -> None:
    assert datetime.fromtimestamp(NOW, UTC).isoformat() == "2026-11-21T00:00:00+00:00"


# Dates of other forms, states, samples, profiles


def policy_of(*changes: tuple[str, str]) -> Policy:
    text = default_policy_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return parse_policy(text)


def date_of(tmp_path: Path, form: str, text: str) -> int | str:
    policy = policy_of(('"%d.%m.%Y %H:%M",', f'"{form}",'), ('  "%d.%m.%Y",\n', ""))
    [row] = read(tmp_path, write_text([make_row(date=text)]), policy=policy)
    return row.reason.value if isinstance(row, Rejected) else row.at


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d.%m.%y %H:%M", "20.11.26 09:30"),
        ("%d.%m.%Y %H:%M:%S.%f", "20.11.2026 09:30:00.123"),
        ("%d.%m.%Y %H:%M:%S,%f", "20.11.2026 09:30:00,1234567"),
        ("%Y%m%d%H%M", "202611200930"),
        ("%Y%m%d%H%M%z", "202611200930+0500"),
    ],
)
def test_dates_of_two_digit_years_fractions_and_joined_numbers_are_read(
    tmp_path: Path, form: str, text: str
) -> None:
    assert date_of(tmp_path, form, text) == seconds("2026-11-20T09:30:00+05:00")


@pytest.mark.parametrize("text", ["20261120930", "2026112930", "2026 1120930"])
def test_joined_numbers_that_lost_a_zero_are_no_date(tmp_path: Path, text: str) -> None:
    assert date_of(tmp_path, "%Y%m%d%H%M", text) == "bad_date"


STATES = (
    ('date = ["Дата забора"', 'state = ["Статус"]\ndate = ["Дата забора"'),
    ("date_formats = [", 'final_states = ["готов", "исправлен"]\ndate_formats = ['),
)


def with_column(name: str, *cells: str) -> str:
    rows = [[*make_row(number), cell] for number, cell in enumerate(cells, 1)]
    lines = [";".join([*HEADER, name]), *(";".join(row) for row in rows)]
    return "\n".join(lines)


def test_only_results_in_a_final_state_count(tmp_path: Path) -> None:
    states = ["готов", " Готов ", "исправлен", "отменён", "в работе", ""]
    rows = read(tmp_path, with_column("Статус", *states), policy=policy_of(*STATES))
    assert [row.reason.value if isinstance(row, Rejected) else "" for row in rows] == [
        "", "", "", "not_final", "not_final", "not_final",
    ]  # fmt: skip


def test_where_a_state_is_named_an_export_without_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="names no column for state"):
        read(tmp_path, write_text([make_row()]), policy=policy_of(*STATES))


def test_a_state_without_final_states_is_no_policy() -> None:
    with pytest.raises(CommandError, match=r"export\.final_states must be"):
        policy_of(STATES[0])


SAMPLES = ('date = ["Дата забора"', 'sample = ["Номер пробы"]\ndate = ["Дата забора"')


def test_the_number_of_a_sample_comes_along_and_no_identity_does(tmp_path: Path) -> None:
    cells = ["A-17", PERSON, f"'{PERSON}", "=1+1", "x" * 65, "a\u0007", ""]
    rows = read(tmp_path, with_column("Номер пробы", *cells), policy=policy_of(SAMPLES))
    assert [row.sample for row in rows if isinstance(row, ExportRow)] == ["A-17", *[""] * 6]


PROFILE = """
[profiles.city]
date_formats = ["%y-%m-%d"]
[profiles.city.columns]
iin = ["PID"]
kind = ["Test"]
result = ["Value"]
date = ["Taken"]
"""


def test_laboratories_have_profiles_side_by_side(tmp_path: Path) -> None:
    policy = parse_policy(default_policy_text() + PROFILE)
    text = f"PID,Test,Value,Taken\n{PERSON},PCR,negative,26-11-20\n"
    path = tmp_path / "city.csv"
    path.write_text(text)
    now = seconds("2026-11-21T00:00:00+05:00")
    [row] = read_export(path, policy=policy.with_profile("city"), now=now)
    assert isinstance(row, ExportRow) and row.at == seconds("2026-11-20T00:00:00+05:00")
    with pytest.raises(CommandError, match="names no column for iin"):
        read_export(path, policy=policy, now=now)
    with pytest.raises(CommandError, match="no profile 'town'; there are: city"):
        policy.with_profile("town")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("[profiles.city]", "[profiles.City]", "profiles.'City' must be named with"),
        ("date_formats", "date_format", "profiles.city.date_format is not a setting"),
        ('"%y-%m-%d"', '"%y%m%d"', "profiles.city.date_formats must be texts with something"),
        ('iin = ["PID"]', "iin = []", "profiles.city.columns.iin must be a list"),
    ],
)
def test_a_faulty_profile_is_refused_by_name(old: str, new: str, error: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_policy(default_policy_text() + PROFILE.replace(old, new, 1))
    assert error in caught.value.message
