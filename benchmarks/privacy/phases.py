"""What the half minute of a proof says about the clock of a phone.

A scan gives ``phase``, a seen change gives ``change``; both are the clock's error less a random
delay. How these are spread for a right clock, and how wrong clocks are, is learned.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.privacy.logs import Requests, Scans
from benchmarks.privacy.town import Floats, Ints

REACH = 150
"""Seconds: errors and phases beyond it count as it."""

VALUES = 2 * REACH + 1
SMOOTH = np.array([1.0, 2.0, 1.0]) / 4
FLOOR = 1e-7


@dataclass(frozen=True)
class Kernel:
    """Shares of each second from -150 to 150: for a right clock, and for the clocks of a town."""

    right: Floats
    town: Floats


@dataclass(frozen=True)
class Phases:
    """``errors`` are the shares of clocks by the seconds that they are ahead; ``joint`` is, for two
    observations of one phone, the logarithm of how much likelier they are than of two phones; its
    first two axes say for each whether a change was seen."""

    scan: Kernel
    change: Kernel
    errors: Floats
    joint: Floats

    def weigh(self, requests: Requests, candidates: Ints, scans: Scans) -> Floats | float:
        """How well each candidate's clock explains each scan; 1 where nothing is known of any."""
        clock, mark = requests.clock[candidates], requests.mark[candidates]
        if np.isnan(clock).all() and not mark.any():
            return 1.0
        kernels, value = (self.scan, self.change), observed(scans)
        weight = np.empty((len(scans), len(candidates)))
        for seen in (0, 1):
            rows = (~np.isnan(scans.change)).astype(np.int64) == seen
            kernel, known = kernels[seen], ~np.isnan(clock)
            shift = np.where(known, np.nan_to_num(clock), mark)
            moved = _place(value[rows][:, None] - shift[None, :])
            weight[rows] = np.where(known[None, :], kernel.right[moved], kernel.town[moved])
        return weight

    def marked(self, scans: Scans, mark: float) -> Floats:
        """For each scan how much likelier it is of a phone that was moved by ``mark`` seconds."""
        value, seen = observed(scans), ~np.isnan(scans.change)
        beside = [
            kernel.town[_place(value - mark)] / kernel.town[_place(value)]
            for kernel in (self.scan, self.change)
        ]
        return np.where(seen, beside[1], beside[0])

    def score(self, scans: Scans, others: Scans) -> Floats:
        """For each pair the logarithm of how much likelier it is of one phone than of two."""
        first, second = _place(observed(scans)), _place(observed(others))
        seen, seen_too = ~np.isnan(scans.change), ~np.isnan(others.change)
        return np.asarray(
            self.joint[
                seen[:, None].astype(int), seen_too[None, :].astype(int), first[:, None], second
            ]
        )


def observed(scans: Scans) -> Floats:
    """The change where it was seen, else the phase."""
    return np.where(np.isnan(scans.change), scans.phase, scans.change)


def phases_of(scans: Scans, clock: Floats) -> Phases:
    """``clock`` is by how much the phone of each scan is ahead."""
    errors = _shares(clock)
    seen = ~np.isnan(scans.change)
    scan = _kernel(scans.phase, clock, errors)
    change = _kernel(scans.change[seen], clock[seen], errors) if seen.any() else scan
    joint = np.array([[_joint(a, b, errors) for b in (scan, change)] for a in (scan, change)])
    return Phases(scan, change, errors, joint)


def _kernel(value: Floats, clock: Floats, errors: Floats) -> Kernel:
    right = _shares(value - clock)
    town = np.convolve(right, errors)[REACH : REACH + VALUES]
    return Kernel(right, town / town.sum())


def _joint(first: Kernel, second: Kernel, errors: Floats) -> Floats:
    """Sum over all errors of a clock, beside independent ones."""
    error = np.arange(VALUES) - REACH
    shifted = _place(np.arange(VALUES)[:, None] - REACH - error[None, :])
    both = (first.right[shifted] * errors) @ second.right[shifted].T
    return np.asarray(np.log(both / np.outer(first.town, second.town)))


def _shares(values: Floats) -> Floats:
    counts = np.bincount(_place(values), minlength=VALUES).astype(np.float64)
    smooth = np.convolve(counts, SMOOTH, mode="same")
    return np.asarray(smooth / smooth.sum() + FLOOR)


def _place(values: Floats | Ints) -> Ints:
    return np.asarray(np.clip(np.rint(values), -REACH, REACH).astype(np.int64) + REACH)
