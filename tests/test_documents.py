"""What the documents point at is there: files, headings, tests and commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _text(path: Path) -> str:
    """A document without its code blocks."""
    return _CODE.sub("", path.read_text(encoding="utf-8"))


def _anchors(path: Path) -> set[str]:
    """How headings are addressed on the common forges."""
    headings = re.findall(r"^#+ (.*)$", _text(path), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def _local_links(path: Path) -> Iterator[tuple[Path, str]]:
    for link in _LINK.findall(_text(path)):
        if "://" not in link:
            file, _, anchor = link.partition("#")
            yield (path.parent / file).resolve() if file else path, anchor


def _tests() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target, anchor in _local_links(ROOT / name):
        assert target.exists(), target
        assert not anchor or anchor in _anchors(target), f"{target}#{anchor}"


def test_every_test_that_a_document_names_exists() -> None:
    tests = _tests()
    named = {test for path in DOCUMENTS for test in re.findall(r"`(test_\w+)`", _text(path))}
    assert named
    assert not {test for test in named if f"def {test}(" not in tests}


def test_every_file_that_a_document_names_exists() -> None:
    form = r"`((?:docs|issuer|schemas|scripts|shell|tests|verifier|wallet_sim)/[\w./-]+)`"
    for path in DOCUMENTS:
        for file in re.findall(form, _text(path)):
            # In the run-books ``issuer/`` is the folder of an authority.
            assert (ROOT / file).exists() or path.name == "operating.md", file
