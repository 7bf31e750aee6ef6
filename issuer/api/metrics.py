"""Prometheus figures without labels that could name anyone."""

from collections.abc import Iterator

from issuer.authority import Authority
from issuer.issuance import issued_on
from issuer.keys.roots import signer_end
from issuer.publication.entering import is_stuck
from issuer.retention import last_run, round_up
from schemas.kinds import DAY, STORED_KINDS, Kind

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(authority: Authority, now: int) -> str:
    """The exposition format, version 0.0.4."""
    return "\n".join(_lines(authority, now)) + "\n"


def _lines(authority: Authority, now: int) -> Iterator[str]:
    published = authority.published()
    ran = last_run(authority)
    ends = 0 if authority.is_over(now) else signer_end(authority.chain)
    sunset = authority.sunset
    yield from _gauge("ready", "1 when passes can be issued now.", authority.is_ready(now))
    yield from _gauge("sunset_seconds", "Until the system ends.", sunset - now)
    yield from _gauge("signer_seconds", "Until the signer's delegation ends.", ends - now)
    if published:
        yield from _gauge("bundle_version", "Version of the bundle.", published.bundle.version)
        yield from _gauge("bundle_age_seconds", "Age of the bundle.", now - published.bundle.iat)
    stuck = is_stuck(authority, now)
    yield from _gauge("bundle_stuck", "1 when witnesses keep a bundle back.", stuck)
    if ran is not None:
        yield from _gauge("retention_age_seconds", "Since retention last ran.", now - ran)
    yield "# HELP qupia_held Records held, rounded up."
    yield "# TYPE qupia_held gauge"
    for entry in authority.store.census(now):
        yield f'qupia_held{{kind="{entry.kind.value}"}} {round_up(entry.held)}'
    yield "# HELP qupia_passes Passes issued on a past UTC day, rounded up."
    yield "# TYPE qupia_passes gauge"
    yield from _passes(authority, now)


def _passes(authority: Authority, now: int) -> Iterator[str]:
    today = now // DAY
    with authority.store.transaction(now) as tx:
        for ago in range(1, STORED_KINDS[Kind.COUNT].period // DAY):
            for status in authority.policy.statuses:
                number = round_up(issued_on(tx, today - ago, status.id))
                yield f'qupia_passes{{status="{status.id}",days_ago="{ago}"}} {number}'


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield f"# HELP qupia_{name} {text}"
    yield f"# TYPE qupia_{name} gauge"
    yield f"qupia_{name} {int(value)}"
