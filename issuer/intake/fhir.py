"""FHIR R4 as rows of an export: Immunization and Observation, and the Patients they name.

A person is the Patient's identifier of a system that the policy names, read as a table's IIN is;
results of anybody else are ``bad_iin``. Dates are read as FHIR writes them: with an offset, or a
day, which begins at local midnight; a year or a month alone is ``bad_date``. Resources of other
kinds, codes that the policy does not map, and whatever is not completed or final are
``unknown_kind``; what lacks a member, or cannot be read, is ``missing_columns``. Rows are told by
the line in NDJSON, and by the number of the entry, from 1, in a Bundle.

The text is read twice, because a Patient may stand after the results: once to find people and
doses, of which little is kept, once for the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from issuer.intake.export_file import Export
from issuer.intake.fhir_file import Reader, Resource, find_resources
from issuer.intake.fhir_people import DoseNotes, Doses, Patients
from issuer.intake.fhir_shapes import (
    COMPLETED,
    FINAL,
    Members,
    codings,
    dose_of,
    has_shape,
    moment_of,
    parse_moment,
)
from issuer.intake.iin import Iin
from issuer.intake.values import ExportRow, Rejected, RejectReason, Unusable, accept, read_person
from issuer.rules.fhir_rules import Course
from issuer.rules.policy import Policy


def read_fhir(export: Export, *, policy: Policy, now: int) -> Iterator[ExportRow | Rejected]:
    """The rows of a Bundle or of NDJSON in their order, each judged at ``now``.

    Patients and doses are found before this returns: raises CommandError when it cannot be read, is
    neither, is cut off (a Bundle), or has too many resources. Patients are no rows.
    """
    read = find_resources(export)
    people, doses = _find_people(read, policy)
    judge = _Judge(policy, now, people, doses)
    return (judge.judge(resource) for resource in read() if resource.type != "Patient")


def _find_people(read: Reader, policy: Policy) -> tuple[Patients, Doses]:
    people, notes = Patients(policy.fhir.iin_systems), DoseNotes()
    for resource in read():
        members = resource.members or {}
        if resource.type == "Patient":
            people.add(resource.address, members)
        elif resource.type == "Immunization" and has_shape("Immunization", members):
            _note_dose(members, policy, notes)
    return people, notes.settle(people)


def _note_dose(members: Members, policy: Policy, notes: DoseNotes) -> None:
    try:
        _course(members, policy)
        day = _day(_moment(members, policy, "occurrenceDateTime"), policy)
    except Unusable:
        return
    notes.note(members["patient"]["reference"], day)


@dataclass(frozen=True)
class _Judge:
    policy: Policy
    now: int
    people: Patients
    doses: Doses

    def judge(self, resource: Resource) -> ExportRow | Rejected:
        try:
            return self._interpret(resource)
        except Unusable as unusable:
            return Rejected(resource.line, unusable.fault)

    def _interpret(self, resource: Resource) -> ExportRow:
        kind, members = resource.type, resource.members
        if kind is None or members is None:
            raise Unusable(RejectReason.MISSING_COLUMNS)
        if kind not in ("Immunization", "Observation"):
            raise Unusable(RejectReason.UNKNOWN_KIND)
        if not has_shape(kind, members):
            raise Unusable(RejectReason.MISSING_COLUMNS)
        read = self._immunization if kind == "Immunization" else self._observation
        person, evidence, moment = read(members)
        at = int(moment.timestamp())
        return accept(resource.line, person, evidence, at, self.policy, self.now)

    def _immunization(self, members: Members) -> tuple[Iin, str, datetime]:
        person = self._person(members["patient"]["reference"])
        course = _course(members, self.policy)
        moment = _moment(members, self.policy, "occurrenceDateTime")
        number, series = dose_of(members)
        if number is None:
            number = self.doses.number(person.number, _day(moment, self.policy))
        return person, course.evidence(number, series), moment

    def _observation(self, members: Members) -> tuple[Iin, str, datetime]:
        person = self._person(members["subject"]["reference"])
        evidence = self.policy.fhir.evidence_of(
            codings(members["code"]), codings(members["valueCodeableConcept"])
        )
        if evidence is None or members["status"] not in FINAL:
            raise Unusable(RejectReason.UNKNOWN_KIND)
        moment = _moment(members, self.policy, "effectiveDateTime", "effectiveInstant")
        return person, evidence, moment

    def _person(self, reference: str) -> Iin:
        return read_person(self.people.find(reference) or "", self.policy, self.now)


def _course(members: Members, policy: Policy) -> Course:
    course = policy.fhir.course_of(codings(members["vaccineCode"]))
    if course is None or members["status"] not in COMPLETED:
        raise Unusable(RejectReason.UNKNOWN_KIND)
    return course


def _moment(members: Members, policy: Policy, *names: str) -> datetime:
    try:
        moment = parse_moment(moment_of(members, *names), policy.zone)
        moment.timestamp()
    except (ValueError, OverflowError):
        raise Unusable(RejectReason.BAD_DATE) from None
    return moment


def _day(moment: datetime, policy: Policy) -> int:
    try:
        return moment.astimezone(policy.zone).toordinal()
    except (ValueError, OverflowError):
        raise Unusable(RejectReason.BAD_DATE) from None
