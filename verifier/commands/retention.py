"""Commands about what is kept for a time: run, status, verify."""

from schemas.catalogues import sentence
from schemas.periods import period_text
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    AtOption,
    JsonOption,
    LocalLanguageOption,
    answer,
    clock_at,
    new_app,
)
from verifier.commands.opening import HomeOption, store_as_it_is
from verifier.presence.retention import census, early_seeds, late_seeds
from verifier.presence.seeds import sweep

retention_app = new_app("What is kept for a time: run, status, verify.")


@retention_app.command()
def run(
    *,
    at: AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Destroy the seeds whose time is over."""
    store = store_as_it_is(home)
    destroyed = sweep(store, clock_at(at)())
    text = sentence("retention_ran", language, number=destroyed)
    deleted = {"venue_seeds": destroyed} if destroyed else {}
    answer(as_json=as_json, members={"deleted": deleted}, text=text)


@retention_app.command()
def status(
    *,
    at: AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """How many seeds are here, and how old the oldest is."""
    kind = census(store_as_it_is(home), clock_at(at)())
    oldest = kind["oldest_seconds"]
    text = sentence(
        "retention_status",
        language,
        number=kind["held"],
        oldest="-" if oldest is None else period_text(oldest, language),
        period=period_text(kind["period_seconds"], language),
    )
    answer(as_json=as_json, members={"kinds": [kind]}, text=text)


@retention_app.command()
def verify(
    *,
    at: AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """Prove from the files that no seed is kept past its time; exit 1 otherwise."""
    now, store = clock_at(at)(), store_as_it_is(home)
    counts = {"retention_late": late_seeds(store, now), "retention_early": early_seeds(store, now)}
    findings = [
        sentence(name, language, number=number, folder=store.seeds)
        for name, number in counts.items()
        if number
    ]
    text = "\n".join(findings) if findings else sentence("retention_nothing", language)
    answer(as_json=as_json, members={"ok": not findings, "findings": findings}, text=text)
    return EXIT_REFUSED if findings else EXIT_DONE
