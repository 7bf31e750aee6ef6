"""Workbooks (XLSX, ECMA-376) written by hand: small ones, broken ones, and ones that claim much."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

Cell = str | int | float | None

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"

MOMENT = 1
"""The style of a cell that shows its number as a date and a time."""


def workbook(
    *sheets: Sequence[Sequence[Cell]], hidden: int = 0, extra: str = "", moments: Sequence[str] = ()
) -> bytes:
    """A workbook with these sheets, the last ``hidden`` of them hidden; ``extra`` goes into rows.

    A number in a column whose letter is in ``moments`` is shown as a date and a time.
    """
    names = range(1, len(sheets) + 1)
    states = ["hidden" if n > len(sheets) - hidden else "visible" for n in names]
    listed = "".join(
        f'<sheet name="S{n}" sheetId="{n}" state="{states[n - 1]}" r:id="r{n}"/>' for n in names
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in names
    )
    styles = f'<Relationship Id="st" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="b" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f"{related}{styles}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="22"/></cellXfs></styleSheet>',
    }
    for number, rows in enumerate(sheets, 1):
        shown = "".join(_row(at, row, moments) for at, row in enumerate(rows, 1))
        parts[f"xl/worksheets/s{number}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{shown}{extra}</sheetData></worksheet>'
        )
    return archive(parts)


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """A compressed archive of these files."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            kept = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            made.writestr(name, part, kept)
    return content.getvalue()


def _row(at: int, row: Sequence[Cell], moments: Sequence[str]) -> str:
    cells = "".join(
        _cell(f"{chr(65 + place)}{at}", cell, chr(65 + place) in moments)
        for place, cell in enumerate(row)
        if cell is not None
    )
    return f'<row r="{at}">{cells}</row>'


def _cell(place: str, cell: Cell, is_moment: bool) -> str:
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
    style = f' s="{MOMENT}"' if is_moment else ""
    return f'<c r="{place}"{style}><v>{cell!r}</v></c>'
