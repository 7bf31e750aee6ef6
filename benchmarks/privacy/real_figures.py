"""What the logs of real wallets give away, each as one figure. Pure."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from benchmarks.privacy.real_phones import Act
from benchmarks.privacy.real_wire import Request
from wallet_sim.passes.issuance import PASSES_PATH

IAT_SLACK = 3
"""Seconds: a time to the second, and the way of a request."""


def differing_lengths(requests: Iterable[Request]) -> list[str]:
    """The calls of wallets whose requests, or answers, have more than one length, and which."""
    lengths: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for request in requests:
        if request.is_of_wallet:
            lengths[f"request {request.path}"].add(request.sent)
            lengths[f"answer {request.path}"].add(request.answered)
        else:
            lengths[f"request {request.path}"].add(request.sent)
    return [f"{name} {sorted(found)}" for name, found in sorted(lengths.items()) if len(found) > 1]


def iat_errors(requests: Iterable[Request]) -> list[float]:
    """By how many seconds each proof's time is later than the moment at which it came."""
    return [request.iat - request.moment for request in requests if request.iat is not None]


def follows_phone(requests: Iterable[Request]) -> bool:
    """Whether a proof's time is any other than the issuer's."""
    return any(abs(error) > IAT_SLACK for error in iat_errors(requests))


def most_when_withdrawn(
    requests: Iterable[Request], withdrawn: Mapping[int, float], days: Sequence[int]
) -> int:
    """The most that one wallet sends by itself in its own name in a local day, once withdrawn.

    ``days`` are when local days begin.
    """
    counts = Counter(
        (request.wallet, bisect_left(days, request.moment))
        for request in requests
        if request.is_of_wallet
        and not request.asked
        and request.moment > withdrawn.get(request.wallet, float("inf"))
    )
    return max(counts.values(), default=0)


def pauses(
    acts: Iterable[Act], requests: Iterable[Request], devices: Iterable[Sequence[int]] = ()
) -> Iterator[tuple[Act, float]]:
    """After each act, the seconds until its device sends anything that nobody asked for."""
    first = {wallet: wallets[0] for wallets in devices for wallet in wallets}
    moments: dict[int, list[float]] = defaultdict(list)
    for request in requests:
        if not request.asked:
            moments[first.get(request.wallet, request.wallet)].append(request.moment)
    for act in acts:
        sent = moments[first.get(act.wallet, act.wallet)]
        following = bisect_left(sent, act.moment)
        if following < len(sent):
            yield act, sent[following] - act.moment


def shortest_pause(
    acts: Iterable[Act], requests: Iterable[Request], devices: Iterable[Sequence[int]] = ()
) -> float:
    """The shortest of them, infinite where nothing was sent after anything."""
    return min((seconds for _, seconds in pauses(acts, requests, devices)), default=float("inf"))


def places_of_fetches(
    requests: Iterable[Request], wallets: Collection[int], days: Sequence[int]
) -> list[float]:
    """Where in a local day these wallets fetched passes by themselves, from 0 to 1.

    ``days`` are when local days begin, the last one as the end of the one before it.
    """
    moments = [
        request.moment
        for request in requests
        if request.path == PASSES_PATH and request.wallet in wallets and not request.asked
    ]
    whole = [(begin, end) for begin, end in pairwise(days)]
    return [(at - b) / (e - b) for at in moments for b, e in whole if b <= at < e]


def turns(requests: Iterable[Request], devices: Iterable[Sequence[int]]) -> Iterator[float]:
    """The seconds between what a device sends for one person and then for another one."""
    for wallets in devices:
        sent = [one for one in requests if one.wallet in wallets and not one.asked]
        for before, after in pairwise(sent):
            if before.wallet != after.wallet:
                yield after.moment - before.moment


def distance_from_uniform(places: Iterable[float]) -> float:
    """The statistic of Kolmogorov and Smirnov of numbers from 0 to 1, times the root of how many.

    Of uniform ones it is over t with a probability below 2 exp(-2 t²) (Massart, 1990).
    """
    ordered = sorted(places)
    n = len(ordered)
    if n == 0:
        raise ValueError("nothing was measured")
    above = max((i + 1) / n - x for i, x in enumerate(ordered))
    below = max(x - i / n for i, x in enumerate(ordered))
    return float(max(above, below) * n**0.5)


NOT_UNIFORM = 3.0
"""No uniform sample is so far from uniform: one in 30 million."""
