"""All experiments as one JSON object, on as many cores as there are."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from typing import Any

from benchmarks.privacy.channels import CHANNELS, channel
from benchmarks.privacy.controls import PLANTED, control
from benchmarks.privacy.parameters import Parameters
from benchmarks.privacy.systems import NAMES, system

Job = tuple[str, str]
"""A part of the report, and which of its experiments."""

JOBS: tuple[Job, ...] = (
    ("wire", "wire"),
    ("channels", "open_fetch"),
    ("channels", "change"),
    ("channels", "clock_mark"),
    *(("designs", name) for name in NAMES),
    *(
        ("channels", name)
        for name in CHANNELS
        if name not in ("open_fetch", "change", "clock_mark")
    ),
    *(("controls", name) for name in PLANTED),
)
"""The longest ones first, so that no core waits for one at the end."""


def measure(parameters: Parameters, done: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """The report; ``done`` is called after each of :data:`JOBS`."""
    results: dict[Job, Any] = {}
    with ProcessPoolExecutor(max(1, min(2, os.cpu_count() or 1))) as pool:
        running = {pool.submit(run, parameters, job): job for job in JOBS}
        for finished in as_completed(running):
            results[running[finished]] = finished.result()
            done()
    return {
        "town": asdict(parameters),
        "designs": list(_rows(results, "designs", NAMES)),
        "channels": list(_rows(results, "channels", CHANNELS)),
        "wire": results["wire", "wire"],
        "controls": [results["controls", name] for name in PLANTED],
    }


def run(parameters: Parameters, job: Job) -> Any:
    """One experiment; it draws from streams of its own, whatever ran before."""
    part, name = job
    if part == "designs":
        return system(parameters, name)
    if part == "channels":
        return channel(parameters, name)
    return control(parameters, name) if part == "controls" else _wire(parameters.seed)


def _wire(seed: int) -> dict[str, Any]:
    """The part that runs for real; see ``real``."""
    from benchmarks.privacy.real import measure as measure_real  # It takes long to load.

    return dict(measure_real(seed))


def _rows(results: dict[Job, Any], part: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield from results[part, name]
