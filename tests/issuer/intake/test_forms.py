"""Files of other forms: each is told what it looks like, and what to do."""

import gzip
from pathlib import Path

import pytest

from issuer.intake.forms import SENTENCES, Form, WrongForm
from issuer.intake.rows import read_export
from issuer.rules.policy import default_policy_text, parse_policy
from schemas.catalogues import load_catalogue
from schemas.languages import Language
from tests.support.lab_export import NOW, make_row, write_text
from tests.support.workbook import archive

POLICY = parse_policy(default_policy_text())
TABLE = write_text([make_row(1)])
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"

FILES = {
    Form.XLS: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    Form.ODS: archive({"mimetype": OPEN_DOCUMENT, "content.xml": "<x/>"}),
    Form.ARCHIVE: archive({"export.csv": TABLE}),
    Form.PDF: b"%PDF-1.7\n",
    Form.HL7: "MSH|^~\\&|LIS|Лаборатория||||ORU^R01\rPID|1||800317301019\r".encode(),
    Form.FHIR_XML: b'<?xml version="1.0"?>\n<Bundle xmlns="http://hl7.org/fhir"/>',
    Form.MARKUP: b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table></html>",
    Form.CP866: TABLE.encode("cp866", "replace"),
    Form.KOI8: TABLE.encode("koi8_r", "replace"),
    Form.MAC: TABLE.encode("mac_cyrillic", "replace"),
    Form.UTF16: TABLE.encode("utf-16-le"),
    Form.CR_ONLY: TABLE.replace("\r\n", "\r").replace("\n", "\r").encode(),
    Form.SEP: b"sep=;\r\n" + TABLE.encode(),
}


def wrong_form(folder: Path, content: bytes) -> WrongForm:
    path = folder / "export.csv"
    path.write_bytes(content)
    with pytest.raises(WrongForm) as caught:
        read_export(path, policy=POLICY, now=NOW)
    return caught.value


@pytest.mark.parametrize("form", [*Form])
def test_a_file_of_another_form_says_which_it_looks_like(tmp_path: Path, form: Form) -> None:
    refused = wrong_form(tmp_path, FILES[form])
    assert refused.fault is form
    assert refused.message.endswith(SENTENCES[form])
    assert "\n" not in refused.message


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TABLE.encode()),
        b"7z\xbc\xaf\x27\x1c",
        b"Rar!\x1a\x07",
        b"BZh91AY",
        b"\xfd7zXZ\0",
    ],
)
def test_archives_of_other_kinds_are_archives(tmp_path: Path, content: bytes) -> None:
    assert wrong_form(tmp_path, content).fault is Form.ARCHIVE


@pytest.mark.parametrize("form", [*Form])
@pytest.mark.parametrize("language", [*Language])
def test_the_console_says_it_in_the_readers_language(form: Form, language: Language) -> None:
    assert load_catalogue("issuer.console").say(f"form_{form}", language)
