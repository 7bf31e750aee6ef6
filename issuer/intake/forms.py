"""Files that are no table and no FHIR in JSON: what each looks like, and what to do with it."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from schemas.errors import Refusal
from shell.errors import CommandError


class Form(StrEnum):
    """What a file looks like that cannot be read."""

    XLS = "xls"
    ODS = "ods"
    ARCHIVE = "archive"
    PDF = "pdf"
    HL7 = "hl7"
    FHIR_XML = "fhir_xml"
    MARKUP = "markup"
    CP866 = "cp866"
    KOI8 = "koi8"
    MAC = "mac"
    UTF16 = "utf16"
    CR_ONLY = "cr_only"
    SEP = "sep"


SENTENCES = {
    Form.XLS: "looks like an old Excel workbook (.xls); save it as .xlsx or CSV",
    Form.ODS: "looks like an OpenDocument spreadsheet; save it as .xlsx or CSV",
    Form.ARCHIVE: "looks like a compressed archive; unpack it and give the file that is inside",
    Form.PDF: "looks like a PDF; export the results as CSV",
    Form.HL7: "looks like HL7 v2 messages; export the results as CSV or FHIR R4 (JSON)",
    Form.FHIR_XML: "looks like FHIR as XML; export it as JSON",
    Form.MARKUP: "looks like a web page or XML; save it as .xlsx or CSV",
    Form.CP866: "looks like text in CP866 (DOS); save it as UTF-8",
    Form.KOI8: "looks like text in KOI8-R; save it as UTF-8",
    Form.MAC: "looks like text in the Cyrillic encoding of old Macs; save it as UTF-8",
    Form.UTF16: "looks like UTF-16 without its mark; save it as UTF-8",
    Form.CR_ONLY: "has lines that end with CR alone; save it with the line ends of Windows or Unix",
    Form.SEP: "begins with sep=; remove that line, the separator is found without it",
}

ENCODINGS = {"cp866": Form.CP866, "koi8_r": Form.KOI8, "mac_cyrillic": Form.MAC}
"""What Cyrillic text may be in besides UTF-8 and Windows-1251."""

_SIGNATURES = (
    (b"\xd0\xcf\x11\xe0", Form.XLS),
    (b"%PDF", Form.PDF),
    (b"PK\x03\x04", Form.ARCHIVE),
    (b"\x1f\x8b", Form.ARCHIVE),
    (b"7z\xbc\xaf", Form.ARCHIVE),
    (b"Rar!", Form.ARCHIVE),
    (b"BZh", Form.ARCHIVE),
    (b"\xfd7zXZ", Form.ARCHIVE),
    (b"\x28\xb5\x2f\xfd", Form.ARCHIVE),
)
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_FHIR = "hl7.org/fhir"
_WIDE_SEPARATORS = tuple(pair for one in ";,\t\n" for pair in (f"{one}\0", f"\0{one}"))
"""How separators of UTF-16 look where each byte is taken for a character."""

_SEGMENTS = ("MSH|", "FHS|", "BHS|")


class WrongForm(Refusal[Form], CommandError):
    """A file of another form than is read here: ``fault`` says which, the message what to do."""

    def __init__(self, form: Form, path: Path | None = None) -> None:
        super().__init__(form)
        self.message = f"{path or 'the file'} {SENTENCES[form]}"


def form_of_bytes(start: bytes) -> Form | None:
    """What the first bytes of a file are of; None for what may be text."""
    for signature, form in _SIGNATURES:
        if start.startswith(signature):
            return Form.ODS if _OPEN_DOCUMENT in start else form
    return None


def form_of_text(head: str) -> Form | None:
    """What the beginning of a text is of; None for what may be a table."""
    start = head.lstrip("\ufeff \t\r\n\v")
    if start.startswith(_SEGMENTS):
        return Form.HL7
    if start.startswith("<"):
        return Form.FHIR_XML if _FHIR in head else Form.MARKUP
    if start[:4].lower() == "sep=":
        return Form.SEP
    if "\0\0" not in head and any(pair in head for pair in _WIDE_SEPARATORS):
        return Form.UTF16
    return Form.CR_ONLY if "\r" in head and "\n" not in head else None


def form_by_encoding(header: str, encoding: str, *, names: Callable[[str], int]) -> Form | None:
    """The encoding in which a header names more columns than as it was read; None for none."""
    raw = header.encode(encoding, "replace")
    found = {form: names(raw.decode(other, "replace")) for other, form in ENCODINGS.items()}
    best = max(found, key=lambda form: found[form])
    return best if found[best] > names(header) else None
