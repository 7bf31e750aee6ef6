"""The table of what is kept, as the document ``docs/data-map.md``. Pure: text out, nothing written.

>>> data_map().splitlines()[0]
'# Data map'
"""

from collections.abc import Iterable, Iterator, Sequence

from schemas.kinds import DAY, HELD_ELSEWHERE, STORED_KINDS, StoredKind
from schemas.periods import period_text

_BEGINNING = """\
# Data map

Everything that Qupia keeps, who keeps it and when it dies. This file is generated from the table in
`schemas/kinds.py`: run `make docs` after a change there; a test compares the two.
"""

_STORE = """\
## The issuer's perishable store

The store refuses a record of a kind that is not in this table, and one that would live longer than
its kind may. No identifier is stored: a record's name is a keyed hash, its content is sealed, and
both keys are destroyed when the day on which it dies is over. *Ordinarily* is how long a record of
the kind lives at most, *never longer than* the bound that the store enforces. The visible time of
death is rounded up, so that it names nobody, and may lie that much later; the exact second is in
the seal, and past it the record is gone for every reader. Payloads are padded to one length.
"""

_ELSEWHERE = "## Everything else\n"

_END = """\
## What is not kept

- IP addresses: there is no access log, and failures are counted in memory, for a minute, under a
  keyed hash of the address.
- Results, names, telephones, IINs: of a laboratory's export only four columns are read, and the IIN
  leaves the process as a keyed hash.
- Scans: a venue's device writes none.
- Who was where: a check-in reaches nobody. Of which venue and hour a record of a visit is cannot be
  seen, by its owner neither, before venue and authority have both given their keys of that hour
  away. Nobody is told which wallets were warned.

## What this program does not delete for you

- The laboratory's export, and the file of codes that `intake` writes: delete both once the slips
  are printed. A code in that file is worth something for 72 hours.
- A picture that `qupia-wallet show --png` wrote, and whatever a terminal keeps of its lines.
- A venue's export of hours (`qupia-verifier trace --out`): delete it once it is handed over. It
  opens with the authority's key of the hour in which it was made. That key dies 14 days after its
  date began, unless that very hour was published.
- A notice that was published: whoever has fetched the list can keep it, and with the file of visits
  of a phone can see whether that phone was there. The file of visits dies, kept lists need not.
- Bundles that contradict each other: wallets and venues keep them as evidence. They say nothing
  about people.

Who learns what by presence tracing, before and after a notice, stands in
[presence.md](presence.md).

What these periods are worth on real disks stands in [threat-model.md](threat-model.md).
"""


def data_map() -> str:
    """The whole document, in Markdown."""
    stored = _table(
        ("kind", "what is in it", "dies", "ordinarily", "never longer than", "rounded", "payload"),
        map(_stored_row, STORED_KINDS.values()),
    )
    elsewhere = _table(
        ("what", "who", "what is in it", "dies"),
        ((entry.name, entry.holder, entry.content, entry.dies) for entry in HELD_ELSEWHERE),
    )
    return "\n".join([_BEGINNING, _STORE, stored, _ELSEWHERE, elsewhere, _END])


def _stored_row(entry: StoredKind) -> Sequence[str]:
    return (
        f"`{entry.kind}`",
        entry.content,
        entry.dies,
        period_text(entry.period),
        period_text(entry.longest),
        "to UTC midnight" if entry.rounding == DAY else f"to {period_text(entry.rounding)}",
        f"{entry.payload} bytes",
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(header, rows)) + "\n"


def _lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        # A bar inside a cell would end it.
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
