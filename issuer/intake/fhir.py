"""FHIR R4 as rows of an export: Immunization and Observation, their Patients and their Specimens.

Dates are read as FHIR writes them: with an offset, or a day, which begins at local midnight; a year
or a month alone is ``bad_date``. Resources of other types are no rows, and counted; rows are told
by the line in NDJSON, and by the number of the entry, from 1, in a Bundle.

The text is read twice, and once more where it has vaccinations, because what belongs together may
stand in any order: for people, specimens and versions; for doses; for the rows.
"""

from collections.abc import Iterator, Sequence

from issuer.intake.export_file import Export
from issuer.intake.fhir_file import Reader, Resource, find_resources
from issuer.intake.fhir_index import FhirIndex
from issuer.intake.fhir_judge import RESULTS, Judge
from issuer.intake.values import ExportRow, Rejected, Rows
from issuer.rules.policy import Policy


def read_fhir(exports: Sequence[Export], *, policy: Policy, now: int) -> Rows:
    """The rows of Bundles or of NDJSON in their order, each judged at ``now``.

    All that they refer to is found before this returns: raises CommandError when the file cannot be
    read, is neither, is cut off or a page of more (a Bundle), or has too many resources.
    """
    read = find_resources(exports)
    index = FhirIndex(policy, now)
    standing = index.look(read)
    rows = Rows(is_fhir=True)
    return rows.of(_judged(read, index.judge, standing, rows))


def _judged(
    read: Reader, judge: Judge, standing: bytearray, rows: Rows
) -> Iterator[ExportRow | Rejected]:
    for resource, stands in zip(read(), standing, strict=True):
        if _is_row(resource):
            yield judge.judge(resource, stands)
        else:
            rows.others += 1


def _is_row(resource: Resource) -> bool:
    """Whether it is a result, or one cannot know: it is unreadable, or a Bundle in a Bundle."""
    kind = resource.type
    return not resource.is_empty and kind in (None, "Bundle", *RESULTS)
