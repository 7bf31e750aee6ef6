"""A seed is made once, is readable by its owner alone, and is gone when its date's time is over."""

import os
import stat
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.hour_keys import AUTHORITY_LABEL, VENUE_LABEL, derive_hour_key
from schemas.hours import date_at, first_hour_of, hour_at, tracing_ends
from schemas.kinds import DAY
from shell.daily_seeds import DailySeeds
from shell.errors import CommandError
from shell.files import write_private
from tests.support.world import NOON

TODAY = date_at(NOON)
HOUR = hour_at(NOON)
END = tracing_ends(TODAY)


@pytest.fixture
def seeds(tmp_path: Path) -> DailySeeds:
    return DailySeeds(tmp_path / "seeds", label=VENUE_LABEL)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(seeds: DailySeeds) -> list[str]:
    return sorted(path.name for path in seeds.folder.iterdir())


def content(seeds: DailySeeds, date: str = TODAY) -> bytes:
    return (seeds.folder / f"{date}.seed").read_bytes()


def make_and_read(folder: Path, date: str) -> bytes | None:
    """What one of several processes does."""
    seeds = DailySeeds(folder, label=VENUE_LABEL)
    seeds.make(date, NOON)
    return seeds.hour_key(first_hour_of(date), NOON)


def test_a_seed_is_32_random_bytes_and_gives_the_keys_of_its_hours(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    assert len(content(seeds)) == 32
    expected = derive_hour_key(content(seeds), HOUR, label=VENUE_LABEL)
    assert seeds.hour_key(HOUR, NOON) == expected


def test_no_two_dates_and_no_two_folders_have_a_seed_in_common(
    seeds: DailySeeds, tmp_path: Path
) -> None:
    other = DailySeeds(tmp_path / "other", label=VENUE_LABEL)
    tomorrow = date_at(NOON + DAY)
    for each in (seeds, other):
        each.make(TODAY, NOON)
        each.make(tomorrow, NOON)
    assert len({content(s, date) for s in (seeds, other) for date in (TODAY, tomorrow)}) == 4


def test_authority_and_venue_would_have_different_keys_from_one_seed(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    authority = DailySeeds(seeds.folder, label=AUTHORITY_LABEL)
    assert authority.hour_key(HOUR, NOON) != seeds.hour_key(HOUR, NOON)


def test_a_seed_that_is_there_stays_as_it_is(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    before = content(seeds)
    seeds.make(TODAY, NOON + 1)
    assert content(seeds) == before


def test_seed_and_folder_are_private_and_no_backup_copies_them(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    assert mode(seeds.folder) == 0o700
    assert mode(seeds.folder / f"{TODAY}.seed") == 0o600
    assert names(seeds) == [f"{TODAY}.seed", "CACHEDIR.TAG"]
    tag = (seeds.folder / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.process
def test_all_who_make_a_seed_at_once_get_the_same(tmp_path: Path, pool: type[Executor]) -> None:
    dates = [date_at(NOON + i * DAY) for i in range(8)]
    with pool(4) as executor:  # type: ignore[call-arg]
        for date in dates:
            runs = [executor.submit(make_and_read, tmp_path / "seeds", date) for _ in range(4)]
            [key] = {run.result() for run in runs}
            assert key is not None


def test_a_seed_that_another_made_in_between_is_kept(
    seeds: DailySeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment between looking and making, which threads meet by chance only."""
    seeds.make(TODAY, NOON)
    before = content(seeds)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    seeds.make(TODAY, NOON)
    assert content(seeds) == before
    assert names(seeds) == [f"{TODAY}.seed", "CACHEDIR.TAG"]


def test_a_seed_that_cannot_be_written_is_not_there_at_all(
    seeds: DailySeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else codes could be shown whose keys nobody can ever give away."""

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    seeds.make(TODAY, NOON)
    tomorrow = date_at(NOON + DAY)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        seeds.make(tomorrow, NOON)
    monkeypatch.undo()
    assert seeds.dates() == [TODAY]
    assert seeds.hour_key(HOUR + 24, NOON) is None
    assert names(seeds) == [f"{TODAY}.seed", "CACHEDIR.TAG"]


def test_an_hour_whose_seed_was_never_made_has_no_key(seeds: DailySeeds) -> None:
    assert seeds.hour_key(HOUR, NOON) is None
    seeds.make(TODAY, NOON)
    assert seeds.hour_key(HOUR + 24, NOON) is None


@pytest.mark.parametrize("data", [b"", bytes(31), bytes(33)])
def test_a_damaged_seed_is_told_with_what_to_do(seeds: DailySeeds, data: bytes) -> None:
    seeds.make(TODAY, NOON)
    write_private(seeds.folder / f"{TODAY}.seed", data)
    with pytest.raises(CommandError, match="is damaged; remove it, its hours are lost"):
        seeds.hour_key(HOUR, NOON)


def test_a_seed_that_others_can_read_gives_no_key(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    (seeds.folder / f"{TODAY}.seed").chmod(0o640)
    with pytest.raises(CommandError, match=r"others can read .* run: chmod 600"):
        seeds.hour_key(HOUR, NOON)


# The end


def test_a_seed_dies_14_days_after_its_date_began_to_the_second(seeds: DailySeeds) -> None:
    seeds.make(TODAY, NOON)
    assert seeds.hour_key(HOUR, END - 1) is not None
    assert (seeds.ended(END - 1), seeds.destroy_ended(END - 1)) == ([], 0)
    assert seeds.hour_key(HOUR, END) is None
    assert seeds.dates() == seeds.ended(END) == [TODAY]
    assert seeds.destroy_ended(END) == 1
    assert names(seeds) == ["CACHEDIR.TAG"]
    assert seeds.destroy_ended(END) == 0


def test_only_what_is_over_is_destroyed(seeds: DailySeeds) -> None:
    dates = [date_at(NOON + i * DAY) for i in range(20)]
    for date in dates:
        seeds.make(date, NOON)
    assert seeds.dates() == dates
    assert seeds.destroy_ended(END + 2 * DAY) == 3
    assert seeds.dates() == dates[3:]


def test_a_destroyed_seed_is_overwritten_where_it_lay(seeds: DailySeeds, tmp_path: Path) -> None:
    """Also under a second name, as an interrupted making can leave one."""
    seeds.make(TODAY, NOON)
    before, link = content(seeds), tmp_path / "second name"
    os.link(seeds.folder / f"{TODAY}.seed", link)
    seeds.destroy_ended(END)
    assert len(link.read_bytes()) == 32
    assert link.read_bytes() != before


def test_a_seed_that_is_over_is_not_made_again(seeds: DailySeeds) -> None:
    with pytest.raises(ValueError, match="no seed is made for a date that is over"):
        seeds.make(TODAY, END)
    assert not seeds.folder.exists()


def test_all_seeds_are_destroyed_when_everything_has_to_go(seeds: DailySeeds) -> None:
    for date in (TODAY, date_at(NOON + DAY)):
        seeds.make(date, NOON)
    assert seeds.destroy_ended(NOON, everyone=True) == 2
    assert seeds.dates() == []


def test_a_seed_that_another_process_destroys_first_is_no_error(
    seeds: DailySeeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds.make(TODAY, NOON)
    monkeypatch.setattr(DailySeeds, "ended", lambda *_: [TODAY])
    assert seeds.destroy_ended(END) == 1
    assert seeds.destroy_ended(END) == 1


@pytest.mark.parametrize(
    "name",
    [
        "2026-02-30.seed",
        "2026-3-17.seed",
        "1969-12-31.seed",
        "notes.seed",
        "2026-03-01.seed.old",
        "x2026-03-01.seed",
        "٢٠٢٦-03-01.seed",
        ".2026-03-01.seed.1.ab.draft",
    ],
)
def test_a_file_whose_name_is_no_date_is_left_alone(seeds: DailySeeds, name: str) -> None:
    seeds.make(TODAY, NOON)
    write_private(seeds.folder / name, b"not ours")
    assert seeds.dates() == [TODAY]
    assert seeds.destroy_ended(END) == 1
    assert seeds.destroy_ended(END, everyone=True) == 0
    assert (seeds.folder / name).read_bytes() == b"not ours"


@pytest.mark.parametrize("date", ["../2026-03-17", "2026-02-30", "", "2026-03-17/x"])
def test_no_seed_is_made_for_what_is_no_date(seeds: DailySeeds, date: str) -> None:
    with pytest.raises(ValueError, match="time"):
        seeds.make(date, NOON)
    assert not seeds.folder.exists()


def test_a_folder_that_was_never_made_has_no_seeds(seeds: DailySeeds) -> None:
    assert (seeds.dates(), seeds.ended(END), seeds.destroy_ended(END)) == ([], [], 0)
