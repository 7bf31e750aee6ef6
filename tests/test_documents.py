"""What the documents point at is there: files, headings, tests and commands."""

import re
import tomllib
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


_TREES = ("issuer", "verifier", "wallet_sim", "shell", "schemas", "scripts", "benchmarks", "tests")
_KINDS = (".py", ".ts", ".json", ".html", ".js", ".css", ".toml", ".sh", ".md")
_MADE = {"node_modules", "dist", "__pycache__"}
_QUOTED = r'\\?"([^"\\]+)\\?"'
_HEADING = re.compile(rf"docs/([\w-]+\.md), {_QUOTED}(?: (?:and|or) {_QUOTED})?")
_DESIGN = re.compile(
    r"\bdesign(?:'s\b|,| sections?\b| \d)|(?:of|as)[ _]the[ _]design(?![a-z])|\(section \d",
    re.IGNORECASE,
)


def _files() -> Iterator[Path]:
    """Everything that is written by hand, but this test."""
    yield from DOCUMENTS
    yield from (ROOT / "pyproject.toml", ROOT / "Makefile")
    for folder in _TREES:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in _KINDS and not _MADE & set(path.parts) and path != Path(__file__):
                yield path


def _flowing(path: Path) -> str:
    """The text of a file, with what a comment breaks over lines joined again."""
    return re.sub(r"\n\s*(?:[*#] ?|// ?)?", " ", path.read_text(encoding="utf-8"))


def _headings(name: str) -> set[str]:
    """The headings of a document, without their numbers."""
    found = re.findall(r"^#+ (.*)$", _text(ROOT / "docs" / name), re.MULTILINE)
    return {re.sub(r"^\d+\. ", "", heading) for heading in found}


def test_every_heading_that_the_code_names_exists() -> None:
    named = [
        (path, document, heading)
        for path in _files()
        for document, *headings in _HEADING.findall(_flowing(path))
        for heading in headings
        if heading
    ]
    assert len(named) > 60
    assert [one for one in named if one[2] not in _headings(one[1])] == []


def test_nothing_refers_to_a_design_that_is_not_here() -> None:
    """The published formats number their own sections, which their readers have before them."""
    assert [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in _files()
        if path.name != "formats.md"
        for found in _DESIGN.finditer(_flowing(path))
    ] == []


def _packages() -> Iterator[Path]:
    """The folders of code below the five packages, the venue's page as one."""
    yield ROOT / "verifier" / "web"
    for package in ("issuer", "verifier", "wallet_sim"):
        yield from (init.parent for init in (ROOT / package).glob("*/__init__.py"))


def test_the_architecture_names_every_folder_and_only_contracts_that_there_are() -> None:
    whole = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    tree = whole.partition("```\n")[2].partition("```")[0]
    for folder in _packages():
        of_program = re.split(r"^(?=\w)", tree, flags=re.MULTILINE)
        [its] = [part for part in of_program if part.startswith(f"{folder.parent.name}/")]
        assert re.search(rf"^  {folder.name}/ ", its, re.MULTILINE), folder
    named = set(re.findall(r"(?<!\*)\*([^*\n]{20,})\*(?!\*)", whole))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert named == contracts
