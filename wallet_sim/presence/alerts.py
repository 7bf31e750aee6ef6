"""Standing warnings as people are told of them. Pure."""

from dataclasses import dataclass

from wallet_sim.presence.state import Visits, warning_ends


@dataclass(frozen=True)
class Alert:
    """One or more warned hours of one date in a row: from when to when, and when this dies."""

    begins: int
    ends: int
    dies: int


def alerts_of(visits: Visits) -> list[Alert]:
    """The standing warnings, the earliest first."""
    alerts: list[Alert] = []
    for hour in visits.warnings:
        last = alerts[-1] if alerts else None
        alert = Alert(hour.arrive, hour.leave, warning_ends(hour))
        if last is not None and (last.ends, last.dies) == (alert.begins, alert.dies):
            alerts[-1] = Alert(last.begins, alert.ends, alert.dies)
        else:
            alerts.append(alert)
    return alerts
