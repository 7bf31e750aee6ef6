"""The policy: the default, what is refused and how it is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.rules.policy import default_policy_text, load_policy, parse_policy, render_policy
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError

DEFAULT = default_policy_text()


def refusal(text: str) -> str:
    with pytest.raises(CommandError) as caught:
        parse_policy(text)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message
    return caught.value.message


def changed(old: str, new: str) -> str:
    """The default policy with one change."""
    assert old in DEFAULT
    return DEFAULT.replace(old, new, 1)


def test_the_default_says_what_each_evidence_gives_and_for_how_long() -> None:
    policy = parse_policy(DEFAULT)
    assert {kind: (rule.gives, rule.period) for kind, rule in policy.evidence.items()} == {
        "pcr_negative": ("green", 72 * HOUR),
        "vaccinated_full": ("green", 365 * DAY),
        "vaccinated_first": ("green", 21 * DAY),
        "recovered": ("green", 90 * DAY),
        "no_record": ("blue", 7 * DAY),
        "positive": (None, 10 * DAY),
        "contact": (None, 14 * DAY),
    }


def test_the_default_has_windows_of_a_day_in_almaty_and_bundles_of_three() -> None:
    policy = parse_policy(DEFAULT)
    assert (policy.time_zone, policy.window_hours, policy.bundle_hours) == ("Asia/Almaty", 24, 72)
    assert policy.calendar.zone.key == "Asia/Almaty"


def test_a_venue_that_names_no_policy_admits_every_status_of_the_default() -> None:
    everyday, events = parse_policy(DEFAULT).policies
    assert (everyday.admit, events.admit) == (("green", "blue"), ("green",))


def test_evidence_ends_after_elapsed_seconds_whatever_the_clocks_do() -> None:
    policy = parse_policy(changed("Asia/Almaty", "Europe/Berlin"))
    assert policy.evidence_ends("pcr_negative", 1_000) == 1_000 + 259_200
    assert policy.evidence_ends("vaccinated_full", 1_000) == 1_000 + 365 * 86_400


def test_fraud_lasts_as_long_as_the_longest_evidence_that_gives_a_status() -> None:
    policy = parse_policy(changed("days = 365", "days = 100"))
    assert policy.rule("fraud").withdraws
    assert policy.evidence_ends("fraud", 0) == 100 * DAY


def test_evidence_that_lasts_over_14_days_or_withdraws_needs_a_reference() -> None:
    policy = parse_policy(changed("days = 21", "days = 14"))
    needing = {kind for kind, rule in policy.evidence.items() if rule.needs_reference}
    assert needing == {"vaccinated_full", "recovered", "positive", "contact"}


def test_an_unknown_kind_of_evidence_has_no_rule() -> None:
    with pytest.raises(KeyError, match="antibodies"):
        parse_policy(DEFAULT).evidence_ends("antibodies", 0)


def test_a_name_is_written_in_all_languages_and_the_comments_stay() -> None:
    text = render_policy(DEFAULT, name='  Қала "№1" \\ денсаулық  ')
    assert dict(parse_policy(text).name) == dict.fromkeys(
        ("kk", "ru", "en"), 'Қала "№1" \\ денсаулық'
    )
    assert text.count("#") == DEFAULT.count("#")
    assert len(text.splitlines()) == len(DEFAULT.splitlines())


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 201, "a\x00b", "a\x7fb", "a\ud800b", "a\u2028\u200b"]
)
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="give a name of 1 to 200 printable characters"):
        render_policy(DEFAULT, name=name)


@given(st.text(max_size=210))
def test_any_name_is_refused_or_read_back(name: str) -> None:
    try:
        text = render_policy(DEFAULT, name=name)
    except CommandError as error:
        assert error.message == "give a name of 1 to 200 printable characters"
    else:
        assert parse_policy(text).name["kk"] == " ".join(name.split())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("window_hours = 24", "window_hours = 23", "window_hours must be one of 24, 12, 8, 6"),
        ("window_hours = 24", "window_hours = 24.0", "window_hours must be one of 24, 12, 8, 6"),
        ("window_hours", "window_hour", "window_hour is not a setting; correct its name"),
        ("bundle_hours = 72", "", "bundle_hours must be a whole number from 12 to 168"),
        ("bundle_hours = 72", "bundle_hours = 169", "bundle_hours must be a whole number"),
        ("bundle_hours = 72", "bundle_hours = true", "bundle_hours must be a whole number"),
        ("Asia/Almaty", "Asia/Verny", "time_zone must be the IANA name of a time zone"),
        ("Asia/Almaty", "Asia", "time_zone must be the IANA name of a time zone"),
        ("Asia/Almaty", "../../etc/passwd", "time_zone must be the IANA name of a time zone"),
        ("codes_per_day = 5000", "codes_per_day = 0", "caps.codes_per_day must be a whole number"),
        ("withdrawals_per_day", "withdrawals", "caps.withdrawals is not a setting"),
        ('kk = "Qupia", ', "", "name.kk must be a text"),
        ('ru = "Qupia"', 'ru = " "', "name.ru must be a text"),
        ('ru = "Qupia"', 'de = "Qupia"', "name.de is not a setting"),
        ('id = "blue"', 'id = "green"', "statuses must be a list whose ids, names and colours"),
        ('"#1565c0"', '"#2e7d32"', "statuses must be a list whose ids, names and colours"),
        ('en = "blue"', 'en = "Green"', "statuses must be a list whose ids, names and colours"),
        ('en = "blue"', 'en = "gre-en."', "names in en by a letter or digit"),
        ('kk = "көк"', 'kk = "*"', "names in kk by a letter or digit"),
        (
            'kk = "көк"',
            'kk = "kok"',
            "statuses must be a list whose names in kk are all written in",
        ),
        ('en = "blue"', 'en = "bl\u0443e"', "names in en are all written in Latin letters"),
        ('en = "blue"', 'en = "bleu\u00e9"', "names in en are all written in Latin letters"),
        ('"#1565c0"', '"#2e7d71"', "colours by 64 in red, green or blue (of 255)"),
        ('"#1565c0"', '"#1565C0"', "statuses[2].colour must be #rrggbb in lower case"),
        ('id = "blue"', 'id = "Blue"', "statuses[2].id must be 1 to 32 characters of a-z"),
        ('admit = ["green"]', "admit = []", "policies[2].admit must be a list of one or more"),
        ('admit = ["green"]', 'admit = ["red"]', "policies[2].admit must be a list of statuses"),
        ('admit = ["green"]', 'admit = "green"', "policies[2].admit must be a list of one or more"),
        ('admit = ["green"]', 'admit = ["green", "green"]', "a list without repetitions"),
        ('hint = "ask"', 'hint = "maybe"', "policies[1].hint must be one of 'ask', 'ignore'"),
        ('id = "events"', 'id = "everyday"', "policies must be a list whose ids differ"),
        (
            "\nhours = 72",
            "\nhours = 0",
            "evidence.pcr_negative.hours must be a whole number from 1",
        ),
        ("\nhours = 72", "\nhours = 72\ndays = 3", "evidence.pcr_negative.hours must be left out"),
        ("\nhours = 72", "\n", "evidence.pcr_negative.days must be a whole number from 1 to 366"),
        ("days = 365", "days = 367", "evidence.vaccinated_full.days must be a whole number"),
        ("days = 365", "hours = 8785", "evidence.vaccinated_full.hours must be a whole number"),
        ("withdraws = true\ndays = 10", "withdraws = true\ndays = 15", "from 1 to 14"),
        ("withdraws = true", "withdraws = false", "evidence.positive.withdraws must be one of"),
        ("withdraws = true", 'gives = "green"', "evidence.positive.gives is not a setting"),
        ("[evidence.contact]", "[evidence.contacts]", "evidence.contact must be a table"),
        ("[evidence.recovered]", "[evidence.fraud]", "evidence.fraud must be left out"),
        ("[evidence.recovered]", '[evidence."re\\ncovered"]', "evidence.'re\\ncovered' must be"),
        ('gives = "blue"', 'gives = "red"', "evidence.no_record.gives must be one of"),
        ('gives = "blue"', "withdraws = true", "evidence.no_record.withdraws is not a setting"),
        ('"Дата забора"', '"Результат"', "export.columns.date must be names that no other"),
        ("[export.columns]\niin", "[export.columns]\ninn", "export.columns.inn is not a setting"),
        ('evidence = "contact"', 'evidence = "fraud"', "export.results[7].evidence must be one of"),
        ('["1 доза"', '["2 ДОЗА"', "export.results[4].result must be a text that means one kind"),
        ('"%d.%m.%Y"', '"%d.%m.%y %Y"', "export.date_formats must be texts that hold each of %d"),
        ('"%d.%m.%Y"', '"%d%m%Y"', "export.date_formats must be texts with something between"),
        ('"%d.%m.%Y"', '"%d.%m%Y"', "export.date_formats must be texts with something between"),
        ('"%d.%m.%Y"', '"%y%m%d"', "export.date_formats must be texts with something between"),
        ('"%d.%m.%Y"', '"%d.%m.%Y %H%M"', "export.date_formats must be texts with something"),
        ('"%d.%m.%Y"', '"%y.%m.%d", "%d.%m.%y"', "export.date_formats must be formats that never"),
        ('"%d.%m.%Y"', '"%d.%m.%Y %H"', "export.date_formats must be texts that hold each of %d"),
        ('"%d.%m.%Y"', '"%d.%m.%Y %"', "export.date_formats must be texts that hold each of %d"),
        ('"%Y-%m-%d"', '"%m.%d.%Y"', "export.date_formats must be formats that never read one"),
        ("[caps]", "caps = 3\n[cap]", "cap is not a setting"),
        ("[fhir]", "[hl7]", "hl7 is not a setting; correct its name"),
        ('["urn:kz:iin"]', '["IIN"]', "fhir.iin_systems must be a list of addresses"),
        ('["urn:kz:iin"]', "[]", "fhir.iin_systems must be a list of one or more texts"),
        ("doses = 2", "doses = 0", "fhir.vaccines[1].doses must be a whole number from 1 to 10"),
        ('"212", "504"', '"208", "504"', "fhir.vaccines[2].codes must be codes of no other entry"),
        ('full = "vacc', 'full = "fully_vacc', "fhir.vaccines[1].full must be one of"),
        ('system = "http', 'system = "', "fhir.vaccines[1].system must be the address of a system"),
        ('"260373001"', '"260415000"', "fhir.results[2].results must be codes that mean one kind"),
        ("[[fhir.results]]", "[[fhir.result]]", "fhir.result is not a setting"),
        ("[[export.results]]", "[[export.result]]", "export.result is not a setting"),
        ("[export]", "[[export]]", "export must be a table"),
        ("[[policies]]", "[policies]", "policy.toml is not TOML"),
        ("[caps]", "[caps", "policy.toml is not TOML"),
    ],
)
def test_a_faulty_policy_is_refused_with_the_name_of_the_setting(
    old: str, new: str, message: str
) -> None:
    assert message in refusal(changed(old, new))


def test_a_policy_of_before_fhir_is_told_what_to_add() -> None:
    assert refusal(DEFAULT.split("\n# FHIR")[0]) == (
        "policy.toml: fhir must be a table: this program reads FHIR, too; copy the part that "
        "begins with # FHIR from the policy.toml of a home made by this program"
    )


def status(name: str, colour: str) -> str:
    cyrillic = name.translate(str.maketrans("abcegihklrtwy", "абсегинклртву"))
    words = f'{{ kk = "{cyrillic}", ru = "{cyrillic}", en = "{name}" }}'
    return f'[[statuses]]\nid = "{name}"\nname = {words}\ncolour = "{colour}"\n'


def test_there_are_four_statuses_at_most() -> None:
    more = status("grey", "#777777") + status("white", "#ffffff")
    assert len(parse_policy(changed("[[policies]]", more + "[[policies]]")).statuses) == 4
    more += status("black", "#000000")
    message = refusal(changed("[[policies]]", more + "[[policies]]"))
    assert message == "policy.toml: statuses must be a list of 1 to 4 tables"


def test_a_list_of_anything_but_tables_is_refused() -> None:
    assert refusal("statuses = [1]") == "policy.toml: statuses must be a list of tables"


def test_evidence_that_only_withdraws_is_no_policy() -> None:
    start, rest = DEFAULT.split("[evidence.pcr_negative]")
    text = start + "[evidence.positive]" + rest.split("[evidence.positive]")[1]
    assert "evidence must be a table with at least one kind that gives" in refusal(text)


def test_nesting_without_end_is_refused() -> None:
    assert refusal("x = " + "[" * 50_000) == (
        "policy.toml is nested too deeply; restore its first form"
    )


def test_an_empty_policy_is_refused() -> None:
    assert refusal("") == "policy.toml: statuses must be a list of 1 to 4 tables"


def home_policy(folder: Path, data: bytes) -> Path:
    path = folder / "policy.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def test_a_policy_is_read_from_a_home(tmp_path: Path) -> None:
    path = home_policy(tmp_path, DEFAULT.encode())
    assert load_policy(path) == parse_policy(DEFAULT)


def test_a_policy_may_have_a_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    path = home_policy(tmp_path, b"\xef\xbb\xbf" + DEFAULT.replace("\n", "\r\n").encode())
    assert load_policy(path) == parse_policy(DEFAULT)


def test_a_policy_that_is_missing_or_not_utf8_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"policy\.toml: No such file .*; restore it"):
        load_policy(tmp_path / "policy.toml")
    with pytest.raises(CommandError, match=r"policy\.toml is not UTF-8; save it"):
        load_policy(home_policy(tmp_path, DEFAULT.encode("cp1251", "replace")))


def test_officers_need_a_passkey_where_nothing_is_said() -> None:
    text = default_policy_text()
    assert parse_policy(text.replace('passkeys = "officers"', "")).passkeys == "officers"
    assert parse_policy(text.replace('"officers"', '"none"')).passkeys == "none"
    with pytest.raises(CommandError, match="passkeys must be one of"):
        parse_policy(text.replace('"officers"', '"some"'))
