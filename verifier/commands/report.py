"""What ``status`` prints, as JSON and as lines."""

from dataclasses import dataclass
from typing import Any

from schemas.bundle import TrustBundle
from schemas.bundle_faults import TrustWarning
from schemas.catalogues import sentence
from schemas.durations import duration_text, with_zone
from schemas.encoding import format_time
from schemas.evidence import EvidencePair
from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.windows import Window
from shell.evidence import evidence_line
from shell.times import zoned_time
from verifier.door.condition import CLOCK_WARNING, Condition, NextStep, condition_at, next_step
from verifier.trust.settings import CheckIn, ClockCheck, Settings
from verifier.trust.store import TrustStore


@dataclass(frozen=True)
class Report:
    """Everything there is to say about a device."""

    anchor: str | None
    log_replaced: bool
    evidence: tuple[EvidencePair, ...]
    settings: Settings
    bundle: TrustBundle | None
    clock_check: ClockCheck | None
    condition: Condition
    window: Window | None
    next_step: NextStep


def make_report(store: TrustStore, now: int) -> Report:
    """Read a device's files; raises CommandError for a damaged one."""
    bundle, settings, clock_check = store.bundle(), store.settings(), store.clock_check()
    condition = condition_at(bundle, now)
    state = store.state() if bundle is not None else None
    windows = bundle.windows if bundle is not None else ()
    return Report(
        anchor=state.anchor if state is not None else None,
        log_replaced=state is not None and state.log_replaced,
        evidence=tuple(store.evidence()),
        settings=settings,
        bundle=bundle,
        clock_check=clock_check,
        condition=condition,
        window=next((window for window in windows if window.contains(now)), None),
        next_step=next_step(condition, settings=settings, bundle=bundle, clock_check=clock_check),
    )


def report_members(report: Report) -> dict[str, Any]:
    """The JSON object of ``status``, ``setup``, ``sync`` and ``import``."""
    bundle, check, window = report.bundle, report.clock_check, report.window
    return {
        "keys": report.condition.name,
        "next": report.next_step.value,
        "issuer": bundle and bundle.iss,
        "url": report.settings.url,
        "root": report.anchor,
        "warnings": [TrustWarning.LOG_REPLACED.value] if report.log_replaced else [],
        "evidence": len(report.evidence),
        "specimen": bundle and bundle.specimen,
        "policy": _policy_id(report),
        "check_in": report.settings.check_in.value,
        "name": report.settings.name,
        "version": bundle and bundle.version,
        "age_seconds": report.condition.age,
        "expires_at": bundle and format_time(bundle.exp),
        "sunset": bundle and format_time(bundle.sunset),
        "window_begins": window and format_time(window.nbf),
        "window_ends": window and format_time(window.exp),
        "clock_ahead_seconds": check and check.ahead,
        "clock_compared_at": check and format_time(check.at),
    }


def report_text(report: Report, language: Language) -> str:
    """A few lines for a person; the last one is the next thing to do."""
    lines = [_keys_line(report, language)]
    if report.bundle is not None:
        lines += _device_lines(report, report.bundle, language)
    if report.log_replaced:
        lines.append(sentence(TrustWarning.LOG_REPLACED, language))
    if report.evidence:
        lines.append(evidence_line(report.evidence, "qupia-verifier evidence", language))
    lines.append(_next_line(report, language))
    return "\n".join(lines)


def keys_text(bundle: TrustBundle, condition: Condition, language: Language) -> str:
    """How old the keys are, in whole hours."""
    age = condition.age or 0
    name = "keys_fresh" if condition.is_fresh else "keys_old"
    left = bundle.exp - bundle.iat - age
    return sentence(name, language, hours=max(0, age) // HOUR, left=left // HOUR)


def check_in_line(settings: Settings, language: Language) -> str:
    """Whether a check-in code counts here, under which name, and for whom."""
    venue = settings.name or sentence("check_in_no_name", language)
    return sentence(f"check_in_{settings.check_in}", language, venue=venue)


def _keys_line(report: Report, language: Language) -> str:
    refused = report.condition.refused
    if refused is not None or report.bundle is None:
        return refused.text(language) if refused is not None else ""
    return keys_text(report.bundle, report.condition, language)


def _device_lines(report: Report, bundle: TrustBundle, language: Language) -> list[str]:
    lines = [
        sentence(
            "bundle",
            language,
            authority=bundle.name[language],
            issuer=bundle.iss,
            version=bundle.version,
        ),
        sentence("root", language, root=report.anchor),
        sentence("policy", language, policy=_policy_id(report)),
        _clock_line(report.clock_check, language),
    ]
    if report.settings.check_in is not CheckIn.OFF:
        lines.insert(-1, check_in_line(report.settings, language))
    if bundle.specimen:
        lines.insert(1, sentence("training", language))
    if report.window is not None:
        begins, ends = (
            zoned_time(report.window.nbf),
            zoned_time(report.window.exp),
        )
        lines.insert(1, sentence("window", language, begins=begins, ends=ends))
    return lines


def clock_text(ahead: int, language: Language) -> str:
    """How far this device's clock is ahead of the authority's, in seconds, and what to do."""
    seconds = abs(ahead)
    name = "clock_ahead" if ahead > 0 else "clock_behind"
    if seconds <= CLOCK_WARNING:
        name = "clock_right"
    text = sentence(name, language, difference=duration_text(seconds, language))
    return with_zone(text, seconds, language)


def _clock_line(check: ClockCheck | None, language: Language) -> str:
    return (
        sentence("clock_unknown", language) if check is None else clock_text(check.ahead, language)
    )


def _next_line(report: Report, language: Language) -> str:
    policies = ", ".join(p.id for p in report.bundle.policies) if report.bundle else ""
    return sentence(f"next_{report.next_step}", language, policies=policies)


def _policy_id(report: Report) -> str | None:
    if report.settings.policy is not None or report.bundle is None:
        return report.settings.policy
    return report.bundle.policies[0].id
