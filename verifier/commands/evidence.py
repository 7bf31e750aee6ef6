"""``evidence``: the pairs of signed bundles that contradict each other, for whoever asks."""

from shell.clock import system_clock
from shell.command_line import JsonOption, LocalLanguageOption
from shell.evidence import EvidenceOut, answer_evidence
from verifier.commands.opening import HomeOption, open_store


def evidence(
    *,
    out: EvidenceOut = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Pairs of bundles that prove what the authority did; they hold nothing about visitors."""
    pairs = open_store(home, system_clock()).evidence()
    answer_evidence(pairs, out=out, as_json=as_json, language=language)
