"""What a name says, however it is written and in which of six languages."""

import pytest

from maml_engine.tables.guessing import words


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MathAch", ("math", "ach")),
        ("Größe_cm", ("grosse", "cm")),
        ("élève", ("eleve",)),
        ("IQ.verb", ("iq", "verb")),
        ("12", ()),
        ("FLOW M3/DAY", ("flow", "m")),
        ("sales_per_day", ("sales",)),
        ("date/time", ("date",)),
    ],
)
def test_a_name_is_read_as_plain_words(name, said):
    assert words.words_of(name) == said


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(
            (name, words.TASK)
            for name in ("subject", "Machines", "Filiale", "élève", "paciente", "scuola", "aluno", "schoolNR")
        ),
        *((name, words.TIME) for name in ("Time", "days", "Woche", "mois", "año", "età", "mês", "childage_year")),
        *((name, words.TARGET) for name in ("y", "Yield", "Ertrag", "résultat", "ventas", "risposta", "rendimento")),
    ],
)
def test_names_in_six_languages_say_what_they_are(name, kind):
    assert words.says(name, kind)


@pytest.mark.parametrize("name", ["percentage", "dosage", "wage", "image", "identity", "today"])
def test_a_short_word_at_the_end_of_another_says_nothing(name):
    assert not words.says(name, words.TIME)
    assert not words.says_code(name)


@pytest.mark.parametrize("name", ["id", "ID", "childid", "schoolNR", "Kundennummer", "code"])
def test_codes_are_told_by_their_names(name):
    assert words.says_code(name)
