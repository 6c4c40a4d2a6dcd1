"""Owns the tests that a protected name is found in whatever dress it stands."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.protected import MASK, Protected

KNOWN = Protected(
    iris=frozenset({"https://example.org/garden/entity/dora"}),
    names=frozenset(
        {
            *("Zoë Müller", "Владимир Зеленский", "Владимир Путин", "王小明", "김철수", "محمود الحسن"),
            *("Dora Quill", "Séan O'Neil", "Li Wu", "Stone, Ann (engineer)"),
        }
    ),
    phrases=frozenset({"the lodger with the Green Hat"}),
    marks=frozenset({"memo-7", "example.org/memos/7", "Q424242", "0123456789abcdef0123456789abcdef"}),
)


@pytest.mark.parametrize(
    "text",
    [
        *("ZOE MULLER", "says Müller's aide", "Zoë-Müller", "Zoe Mueller", unicodedata.normalize("NFD", "Zoë Müller")),
        *("Mül\u00adler", "Zo\u200bë Mül\u200bler", "Mül-\nler", "M&uuml;ller", "M\u00fcller".upper()),
        *("о Зеленском", "Путина", "с Путиным", "记者王小明说", "김철수는 말했다", "قال الحسن"),
        *("sean oneil", "O’Neil", "O\u02bcNeil", "Dora\u00a0Quill", "Ｄｏｒａ Ｑｕｉｌｌ", "the Quills", "QUILL"),
        *("dora quill", "doraquill", "@DoraQuill", "D&#111;ra", "dora%20quill", "Dora\u200bQuill", "d o r a q u i l l"),
        *("see https://news.example/2025/quill-resigns.", "mail to quill@example.org", "scan quill-card.pdf"),
        *("news.example/zoe_mueller", "https://xn--mller-kva.example/", "Li Wu", "li wu", "Ann Stone", "annstone"),
        *("THE LODGER WITH THE GREEN HAT", "as memo-7 says", "http://EXAMPLE.org/memos/7", "q424242"),
        *("st:0123456789ABCDEF0123456789abcdef",),
    ],
)
def test_names_are_found_in_other_dress(text: str):
    assert KNOWN.names_in(text)
    assert not KNOWN.names_in(KNOWN.mask(text))
    assert MASK in KNOWN.mask(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a miller", "muller as a verb", "Muldoon", "a quill pen", "Mali", "tranquil", "the lodger", "memo-70"),
        *("https://news.example/tranquil-waters", "Stonehenge-like", "10123456789abcdef0123456789abcdef0"),
    ],
)
def test_other_words_stay(text: str):
    assert KNOWN.mask(text) == text


def test_the_rest_of_a_text_stays():
    assert KNOWN.mask("said Zoe\u0308 Mu\u0308ller’s aide") == f"said {MASK}’s aide"
    assert KNOWN.mask("Dora M\u00ad\u00fcl\u00adler, at sea") == f"{MASK}, at sea"


@pytest.mark.parametrize(
    "address",
    [
        *("https://news.example/2025/quill-resigns", "https://news.example/2025/QUILL_resigns", "quill2025.html"),
        *("https://news.example/?who=d%6Fra+quill", "https://social.example/@doraquillofficial"),
        *(
            "https://de.wikipedia.org/wiki/Zo%C3%AB_M%C3%BCller",
            "mailto:zoe.mueller@example.org",
            "DoraQuillFiles",
            "a/quill.yaml",
        ),
        *("http://www.example.org/memos/7", "source/memo-7", "http://www.wikidata.org/entity/Q424242"),
    ],
)
def test_an_address_tells_in_whatever_case(address: str):
    assert KNOWN.leads_from(address)


@pytest.mark.parametrize("address", ["", "https://news.example/tranquil", "stonehenge.example/muldoon", "plot-7"])
def test_other_addresses_stay(address: str):
    assert not KNOWN.leads_from(address)


@pytest.mark.parametrize(
    "query",
    [
        *('FILTER(CONTAINS(LCASE(?label), "quill"))', 'FILTER(?label = "\\u0051uill")', "?quill :p ?o", "# on Müller"),
        *("SELECT * { :dora ?p ?o }", "<https://example.org/garden/entity/dora>"),
        "st:0123456789abcdef0123456789abcdef",
    ],
)
def test_a_question_asks_in_whatever_case(query: str):
    assert KNOWN.asked_for(query)


def test_a_word_without_a_capital_is_no_name_by_itself():
    assert not KNOWN.names_in("li came")
    assert not Protected(names=frozenset({"the tall gardener"})).names_in("a gardener")


SHORT = Protected(names=frozenset({"Anita Das", "Mei Ng", "Liu Wu", "Kim No", "Oe, Rin", "He Yun", "Rae An Jr."}))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mr Das told the court.", f"Mr {MASK} told the court."),
        ("DAS, A.: Memoirs", f"{MASK}, A.: Memoirs"),
        ("Mrs Ng resigned.", f"Mrs {MASK} resigned."),
        ("a letter from Wu", f"a letter from {MASK}"),
        ("NG MEI", MASK),
        ("the Ngs and Mei Ng's aide", f"the {MASK} and {MASK}'s aide"),
        ("Mr He, Mr No and Mrs Oe; Dr An", f"Mr {MASK}, Mr {MASK} and Mrs {MASK}; Dr {MASK}"),
        ("see https://news.example/2025/das-resigns.", f"see {MASK}"),
        ("see news.example/ng-resigns", f"see {MASK}"),
    ],
)
def test_a_surname_is_found_however_short_or_common(text: str, masked: str):
    assert SHORT.mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        *("das ist so, no wu, an oe of ng, he said", "Nguyen, Dasha and Wuhan", "O no, Mr Jr"),
        *("https://news.example.ng/he-said-no-to-an-offer", "mail@example.ng"),
    ],
)
def test_words_that_are_spelt_as_a_short_surname_stay_without_a_capital(text: str):
    assert SHORT.mask(text) == text
    assert not SHORT.leads_from(text) or " " in text


@pytest.mark.parametrize(
    "address",
    ["https://news.example/2025/das-resigns", "news.example/ng_mei", "https://news.example/AnitaDas", "wu.html"],
)
def test_an_address_tells_of_a_short_surname(address: str):
    assert SHORT.leads_from(address)


def test_a_title_or_an_abbreviation_in_a_name_tells_of_nobody():
    known = Protected(names=frozenset({"Dr Anna De Quill", "Aide of the EU Mission", "Friends Of Ann, Oslo"}))
    for text in ("Dr Marsh", "De Gaulle", "the EU", "Of this"):
        assert known.mask(text) == text
    for text in ("Mrs Quill", "an Aide", "Friends"):
        assert MASK in known.mask(text)


def test_what_many_share_is_no_name_by_itself():
    known = Protected(names=frozenset({"The Hammer", "Mrs Anna von Quill", "US", "Ann"}))
    for text in ("The talks", "Mrs Marsh von Grome", "she told us", "an ann"):
        assert known.mask(text) == text
    for text in ("the hammer", "Hammer", "Mrs Quill", "in the US", "for Ann"):
        assert MASK in known.mask(text)


def test_nobody_protected_names_nobody():
    assert not Protected().names_in("Dora Quill")
    assert replace(KNOWN, names=frozenset(), phrases=frozenset(), marks=frozenset()).names_in("Zoë") is False


DRESSES = st.sampled_from(["\u00ad", "\u200b", "\u2060", "\u0301", "\ufe0f", "\U000e0020"])


@given(st.data())
def test_what_nobody_sees_hides_no_name(data: st.DataObject):
    name = data.draw(st.sampled_from(["Dora Quill", "Zoë Müller", "Владимир Зеленский"]))
    form = data.draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
    dressed = "".join(char + data.draw(st.just("") | DRESSES) for char in unicodedata.normalize(form, name))
    text = f"{data.draw(st.sampled_from(['', 'so ', '“']))}{dressed}{data.draw(st.sampled_from(['', '.', ' said']))}"
    assert KNOWN.names_in(text)
    assert not KNOWN.names_in(KNOWN.mask(text))


PIECES = st.lists(
    st.sampled_from(["Dora", "dora", "Qu", "ill", "Quills", "Mueller", "zo", "e", "Li", "wu", " ", "-", "_", "a"])
)


@given(PIECES)
def test_the_quick_look_misses_nothing(pieces: list[str]):
    text = "".join(pieces)
    assert KNOWN.names_in(text) == KNOWN.names_in(f"{text} é")
