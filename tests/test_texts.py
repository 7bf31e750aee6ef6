"""What people read: every sentence is there in three languages, has all its forms, and is used."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter

import pytest

from issuer.console.app import PAGES
from schemas.catalogues import Catalogue
from schemas.languages import Language
from schemas.plurals import CATEGORIES, Category, category
from tests.support.catalogues import ROOT, by_name, read
from tests.support.vectors import VECTORS

CATALOGUES = {
    "schemas/texts": ("schemas", "shell", "issuer", "verifier", "wallet_sim"),
    "issuer/texts": ("issuer/slips.py",),
    "issuer/console/texts": ("issuer/console", "shell"),
    "verifier/web/src/texts": ("verifier/web/src", "verifier/web/index.html"),
    "wallet_sim/texts": ("wallet_sim",),
    "wallet_sim/web/texts": ("wallet_sim", "shell"),
}
"""Every catalogue, and where its sentences are said."""

FORMS = tuple(f"_{form}" for form in Category)
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
KAZAKH = re.compile("[әғқңөұүһі]", re.IGNORECASE)
PROGRAMMERS = re.compile(
    r"\b(null|nil|undefined|NaN|exception|traceback|boolean|integer|regexp?|stack|payload|timeout"
    r"|stdin|stdout|stderr|API|SQL|DPoP|JWT|CSRF|UUID|parse[ds]?|callback|token|hash)\b",
    re.IGNORECASE,
)
NAMED = (
    r"\b(?:say|sentence|text|t|refuse|done)\(\s*[\"']([a-z_0-9]+)[\"'](?! ~|, …)",
    r"data-(?:text|label)=\"([a-z_0-9]+)\"",
)
JOINED = (
    r"f\"([a-z_]*\{[^}\"]*\}[a-z_]*)\"",
    r"f'([a-z_]*\{[^}']*\}[a-z_]*)'",
    r"`([a-z_]*\$\{[^}]*\}[a-z_]*)`",
    r"\"([a-z_]+_)\" ~ ",
    r" ~ \"(_[a-z_]+)\"",
)
BY_OTHERS = {
    "schemas/texts": r"born_(month|day)_\d\d|\w+_(bundle|notices)_fault",
    "issuer/texts": r"(slip|paper)_\w+",
    "wallet_sim/texts": r"(held|issuer)_\w+",
}
"""Names that are put together from parts of which none is written out."""

ALIKE = ("audit", "camera", "code", "digest", "number", "role_auditor", "slip", "upload_file")
"""Words that Kazakh has from Russian."""

EACH = pytest.mark.parametrize("folder", CATALOGUES)


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def plain(name: str) -> str:
    """The name by which a sentence is called: that of one that counts has no category."""
    return name.rpartition("_")[0] if name.endswith(FORMS) else name


def forms_of(texts: Iterable[str]) -> dict[str, set[str]]:
    """The categories of each sentence that counts."""
    forms: dict[str, set[str]] = defaultdict(set)
    for name in texts:
        if name.endswith(FORMS):
            forms[plain(name)].add(name.rpartition("_")[2])
    return forms


def sources(folder: str) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in _files(CATALOGUES[folder]))


def _files(places: Iterable[str]) -> Iterator[Path]:
    for place in places:
        path = ROOT / place
        yield from (
            [path]
            if path.is_file()
            else (
                one
                for one in sorted(path.rglob("*"))
                if one.suffix in (".py", ".html", ".ts", ".js")
                and not {"node_modules", "dist"} & {*one.parts}
            )
        )


def test_there_are_no_catalogues_but_these() -> None:
    found = {
        path.parent.relative_to(ROOT).as_posix()
        for package in ("schemas", "shell", "issuer", "verifier", "wallet_sim")
        for path in (ROOT / package).rglob("kk.json")
        if not {"node_modules", "dist"} & {*path.parts}
    }
    assert found == set(CATALOGUES)


@EACH
def test_no_sentence_is_missing_in_a_language(folder: str) -> None:
    texts = read(ROOT / folder)
    wanted = dict.fromkeys(plain(name) for names in texts.values() for name in names)
    missing = [
        f"{folder}/{language}.json lacks {name}"
        for language, names in texts.items()
        for name in wanted
        if name not in {plain(one) for one in names}
    ]
    assert missing == []


@EACH
def test_a_sentence_that_counts_has_the_forms_of_its_language_and_no_others(folder: str) -> None:
    for language, texts in read(ROOT / folder).items():
        wrong = {
            f"{folder}/{language}.json: {name} has {sorted(forms)}"
            for name, forms in forms_of(texts).items()
            if forms != set(CATEGORIES[language]) or name in texts
        }
        assert wrong == set()
        counting = {name for name, text in texts.items() if "count" in placeholders(text)}
        assert counting == {name for name in texts if name.endswith(FORMS)}


@EACH
def test_a_sentence_has_the_same_placeholders_in_each_language_and_form(folder: str) -> None:
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for texts in read(ROOT / folder).values():
        for name, text in texts.items():
            found[plain(name)].add(tuple(placeholders(text)))
    assert [name for name, sets in found.items() if len(sets) > 1] == []


@EACH
def test_a_file_is_flat_and_names_nothing_twice(folder: str) -> None:
    for language in Language:
        pairs = json.loads(
            (ROOT / folder / f"{language}.json").read_text(encoding="utf-8"),
            object_pairs_hook=list,
        )
        names = [name for name, _ in pairs]
        assert len(set(names)) == len(names)
        assert all(isinstance(text, str) and text.strip() == text != "" for _, text in pairs)
        assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)


@EACH
def test_each_language_is_written_in_its_own_letters(folder: str) -> None:
    for name, texts in by_name(ROOT / folder).items():
        english = texts.get("en", "")
        russian, kazakh = texts.get("ru", ""), texts.get("kk", "")
        assert not CYRILLIC.search(english), english
        assert not KAZAKH.search(russian), russian
        if re.search("[A-Za-z]{4,}", re.sub(r"\{\w+\}", "", english)):
            assert CYRILLIC.search(russian) and CYRILLIC.search(kazakh), english
            assert russian != kazakh or name in ALIKE, english


@EACH
def test_people_are_told_nothing_in_programmers_words(folder: str) -> None:
    for language, texts in read(ROOT / folder).items():
        told = {name: text for name, text in texts.items() if PROGRAMMERS.search(text)}
        assert told == {}, language


@EACH
def test_every_sentence_is_used(folder: str) -> None:
    written = sources(folder)
    quoted = set(re.findall(r"[\"'`]([a-z_0-9]+)[\"'`]", written))
    made = re.compile("|".join([BY_OTHERS.get(folder, "(?!)"), *_patterns(folder, written)]))
    names = dict.fromkeys(map(plain, by_name(ROOT / folder)))
    assert [one for one in names if one not in quoted and not made.fullmatch(one)] == []


def _patterns(folder: str, written: str) -> Iterator[str]:
    """What names can be that are put together in code; those of the page are all written out."""
    if folder.startswith("verifier"):
        return
    for found in (part for one in JOINED for part in re.findall(one, written)):
        shape = re.sub(r"\$?\{[^}]*\}", "*", found)
        begins, ends = "*" * shape.startswith("_"), "*" * shape.endswith("_")
        if len(shape.replace("*", "")) > 3:
            yield f"{begins}{shape}{ends}".replace("*", "[a-z_0-9]+")


def known(*folders: str) -> set[str]:
    return {plain(name) for folder in folders for name in by_name(ROOT / folder)}


@pytest.mark.parametrize(
    ("places", "folders"),
    [
        (("issuer/console",), ("issuer/console/texts", "schemas/texts")),
        (("wallet_sim",), ("wallet_sim/texts", "wallet_sim/web/texts", "schemas/texts")),
        (("verifier/commands", "verifier/door"), ("schemas/texts",)),
        (
            ("verifier/web/src", "verifier/web/index.html"),
            ("verifier/web/src/texts", "schemas/texts"),
        ),
    ],
)
def test_every_sentence_that_is_named_exists(
    places: tuple[str, ...], folders: tuple[str, ...]
) -> None:
    written = "\n".join(path.read_text(encoding="utf-8") for path in _files(places))
    named = {name for one in NAMED for name in re.findall(one, written)}
    assert named
    assert named - known(*folders) == set()


def test_every_page_of_the_console_has_a_name_in_the_menu() -> None:
    assert {page.name for page in PAGES if page.name} <= known("issuer/console/texts")


# Counting


@pytest.mark.parametrize("language", Language)
def test_numbers_are_told_apart_as_in_unicode_s_table(language: Language) -> None:
    table = json.loads((VECTORS / "plurals.json").read_text(encoding="utf-8"))[language]
    for form, numbers in table.items():
        assert {category(number, language).value for number in numbers} == {form}


def test_a_word_takes_the_form_that_goes_with_its_number() -> None:
    forms = {"passes_one": "1", "passes_few": "2-4", "passes_many": "5", "passes_other": "x"}
    catalogue = Catalogue(dict.fromkeys(Language, forms))
    said = [catalogue.say("passes", Language.RU, count=number) for number in (1, 22, 11, 0)]
    assert said == ["1", "2-4", "5", "5"]
    assert catalogue.knows("passes") and not catalogue.knows("pass")


@pytest.mark.parametrize("values", [{}, {"count": "3"}])
def test_a_sentence_that_counts_is_not_said_without_a_number(values: dict[str, object]) -> None:
    catalogue = Catalogue({language: {"passes_other": "{count}"} for language in Language})
    with pytest.raises((KeyError, TypeError)):
        catalogue.say("passes", Language.EN, **values)


def test_a_name_that_is_not_in_a_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError):
        Catalogue({language: {} for language in Language}).say("passes", Language.EN, count=1)
