"""Quotes in texts: where they are found, what is said when they are not, and where texts are looked up."""

from __future__ import annotations

import os
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from onrecord.errors import Place, Problems
from onrecord.files import sha256_hex
from onrecord.model import Source
from onrecord.sources import Archive, Location, Shelf, Text, Verdict, differing_words, locate, normalise

TEXT = """\
The works director, Hesper Drall, knew it.  “Mr Drall has never received any such memo,” said his
spokeswoman – Linnet Oake – on Thursday. The café opens on 5\u00a0May; the cafe\u0301 of the union does not.

It's the council's view that the bridge will close. The bridge will close, but not in June.
He denied that the bearing is cracked. It isn’t jammed. The bridge will close in July.
"""


def find(quote: str, prefix: str = "", suffix: str = "", text: str = TEXT) -> Location:
    return locate(quote, Text(text), prefix, suffix)


def words(location: Location, text: str = TEXT) -> list[str]:
    return [text[start:end] for start, end in location.spans]


@pytest.mark.parametrize(
    ("quote", "verdict", "found"),
    [
        ("The works director", "exact", ["The works director"]),
        ("knew it.", "exact", ["knew it."]),
        ("said his\nspokeswoman", "exact", ["said his\nspokeswoman"]),
        ("said his spokeswoman", "normalised", ["said his\nspokeswoman"]),
        ("  said   his spokeswoman ", "normalised", ["said his\nspokeswoman"]),
        ('knew it. "Mr Drall', "normalised", ["knew it.  “Mr Drall"]),
        ("such memo,” said", "exact", ["such memo,” said"]),
        ("such memo,'' said", None, []),
        ("spokeswoman - Linnet Oake -", "normalised", ["spokeswoman – Linnet Oake –"]),
        ("spokeswoman — Linnet Oake", "normalised", ["spokeswoman – Linnet Oake"]),
        ("on 5 May", "normalised", ["on 5\u00a0May"]),
        ("The cafe\u0301 opens", "normalised", ["The café opens"]),
        ("the café of the union", "normalised", ["the cafe\u0301 of the union"]),
        ("of the union does not.\n\nIt's", "exact", ["of the union does not.\n\nIt's"]),
        ("does not. It’s the council’s view", "normalised", ["does not.\n\nIt's the council's view"]),
        ("the works director", None, []),
        ("works direct", None, []),
        ("orks director", None, []),
        ("the cafe", None, []),
        ("Drall", "ambiguous", []),
        ("The bridge will close", "ambiguous", []),
        ("", None, []),
        (" [...] ", None, []),
    ],
)
def test_locate(quote: str, verdict: str | None, found: list[str]) -> None:
    location = find(quote)
    assert location.verdict == (verdict or "not found")
    assert words(location) == found


@pytest.mark.parametrize(
    ("quote", "verdict", "found"),
    [
        ("The works director [...] knew it", "elided", ["The works director", "knew it"]),
        ("The works director[…]knew it", "elided", ["The works director", "knew it"]),
        ("[...] knew it", "elided", ["knew it"]),
        ("Hesper Drall [...] said his [...] Linnet Oake", "elided", ["Hesper Drall", "said his", "Linnet Oake"]),
        ("Hesper Drall [...] said his spokeswoman", "elided", ["Hesper Drall", "said his\nspokeswoman"]),
        ("knew it [...] The works director", "not found", []),
        ("Linnet Oake [...] zeppelin", "not found", []),
        ("Drall [...] knew it", "elided", ["Drall", "knew it"]),
        ("Drall [...] Thursday", "elided", ["Drall", "Thursday"]),
        ("The bridge [...] in", "ambiguous", []),
        ("The bridge [...] in July", "elided", ["The bridge", "in July"]),
        ("the [...] the", "ambiguous", []),
    ],
)
def test_elision(quote: str, verdict: str, found: list[str]) -> None:
    location = find(quote)
    assert (location.verdict, words(location)) == (verdict, found)


def test_the_shortest_run_is_taken() -> None:
    text = "A one B two A three B"
    assert find("one [...] B", text=text).spans == ((2, 5), (6, 7))
    assert find("A [...] three", text=text).spans == ((12, 13), (14, 19))
    assert find("A [...] B [...] three", text=text).spans == ((0, 1), (6, 7), (14, 19))
    assert find("A [...] B", text=text).count == 2
    assert find("A one [...] one B", text=text).verdict == "not found"  # one word is not two


def test_parts_are_found_in_order_whatever_their_spelling() -> None:
    """That one part stands elsewhere to the letter does not hide where it stands in the run."""
    text = "the plan. He said the\u00a0plan is good, in June."
    assert find("He said [...] the plan [...] June", text=text).spans == ((10, 17), (18, 26), (39, 43))


def test_prefix_and_suffix_choose() -> None:
    assert find("bridge will close").count == 3
    first = find("bridge will close", prefix="the council's view that the")
    assert first.spans == (((at := TEXT.index("bridge will close")), at + 17),)
    assert find("The bridge will close", suffix=", but not").spans[0][0] == TEXT.index("The bridge will close, but")
    assert find("The bridge will close", prefix="isn't jammed.").spans[0][0] == TEXT.rindex("The bridge")
    assert find("The bridge will close", prefix="jammed.", suffix="in July").verdict == "exact"
    assert find("The bridge will close", prefix="jammed.", suffix="in June").verdict == "not found"
    assert find("The bridge will close", prefix="zeppelin").verdict == "not found"


def test_prefix_and_suffix_choose_a_place_that_is_spelt_differently() -> None:
    text = "In May “yes” was said. In June «yes» was said."
    assert find('"yes"', suffix="was said. In June", text=text).verdict == "normalised"
    text = "First: 5 May. Then: 5\u00a0May."
    assert (find("5 May", prefix="First:", text=text).verdict, find("5 May", prefix="Then:", text=text).verdict) == (
        "exact",
        "normalised",
    )


@pytest.mark.parametrize(
    ("quote", "text", "turn", "negation"),
    [
        ("will close", "It will close, but not now.", "but", ""),
        ("will close", "It will close; However, no.", "However", ""),
        ("will close", "It will close unless it rains.", "unless", ""),
        ("will close", "It will close, provided that it rains.", "provided that", ""),
        ("will close", "It will close — only if it rains.", "only if", ""),
        ("will close", "It will close, he denies.", "he denies", ""),
        ("will close", "It will close, they denied.", "they denied", ""),
        ("will close", "It will close. Butter is dear.", "", ""),
        ("will close", "It will close now, but not then.", "", ""),
        ("close", "It will not close.", "", "not"),
        ("close", "It will never close.", "", "never"),
        ("it will close", "He denied that it will close.", "", "denied"),
        ("it will close", "He denied it will close.", "", "denied"),
        ("close", "It doesn't close.", "", "n't"),
        ("close", "It doesn’t close.", "", "n’t"),
        ("open", "It is no longer open.", "", "no longer"),
        ("a word", "Without a word.", "", "Without"),
        ("close", "It is not now to close.", "", ""),
        ("close", "A knot close by.", "", ""),
    ],
)
def test_words_beside_a_quote(quote: str, text: str, turn: str, negation: str) -> None:
    location = find(quote, text=text)
    assert (location.verdict, location.turn, location.negation) == ("exact", turn, negation)


def test_words_beside_an_elided_quote() -> None:
    location = find("close [...] June", text="It will not close before June, unless it rains.")
    assert (location.turn, location.negation) == ("unless", "not")


def test_the_nearest_passage() -> None:
    location = find("Mr Drall has always received such a memo")
    assert location.nearest == '"Mr Drall has never received any such memo,"'
    assert differing_words("Mr Drall has always received", location.nearest) == (
        'the quote has "always", the text has "never"'
    )
    assert find("zzzz qqqq xxxx").nearest == ""
    assert find("anything", text="").nearest == ""


@pytest.mark.parametrize(
    ("quote", "passage", "notes"),
    [
        ("a b c", "a b c", ""),
        ("a b c", "a c", 'the text lacks "b"'),
        ("a c", "a b c", 'the quote lacks "b"'),
        ("a b", "and a b c", ""),
        ("a b", "a x", 'the quote has "b", the text has "x"'),
        (
            "1 a 2 b 3 c 4 d",
            "5 a 6 b 7 c 8 d",
            "; ".join(f'the quote has "{i}", the text has "{i + 4}"' for i in (1, 2, 3)),
        ),
    ],
)
def test_differing_words(quote: str, passage: str, notes: str) -> None:
    assert differing_words(quote, passage) == notes


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    text = "İ" * 300 + " the bridge will close in June"
    assert find("the bridge shall close in June", text=text).nearest == "the bridge will close in June"
    assert find("x", text="İ").verdict is Verdict.NOT_FOUND


def test_offsets_are_code_points() -> None:
    text = "\U0001f309 𝒷𝓇𝒾𝒹𝑔𝑒 é e\u0301 closes"
    assert find("closes", text=text).spans == ((14, 20),)
    assert text[14:20] == "closes"


def test_a_quote_does_not_cut_a_letter_from_its_accent() -> None:
    assert find("cafe", text="a cafe\u0301 here").verdict == "not found"
    assert find("caf", text="a café here").verdict == "not found"
    assert find("\u0915", text="x \u0915\u093e y").verdict == "not found"
    assert find("\u0995\u09cb", text="x \u0995\u09c7\u09be y").spans == ((2, 5),)
    assert find("\uac01", text="x \u1100\u1161\u11a8 y").spans == ((2, 5),)


SPACES = [" ", "  ", "\n", "\r\n", "\u00a0", "\t", "\u2003", " \n\n "]
ODD = [
    "“",
    "”",
    "‘",
    "’",
    '"',
    "'",
    "«",
    "»",
    "-",
    "–",
    "—",
    "\u2011",
    "é",
    "e\u0301",
    "Å",
    "\u212b",
    "ก",
    "\uac01",
    "İ",
    "ß",
]
WORD = st.one_of(
    st.sampled_from(["bridge", "close", "not", "June", "naïve", "naïve", "5", "Drall", "\u1100\u1161\u11a8"]),
    st.text(st.characters(categories=["Ll", "Lu", "Nd", "Mn", "Po"]), min_size=1, max_size=6),
    st.sampled_from(ODD),
)
WORDS = st.lists(WORD, min_size=1, max_size=8)


def join(pieces: list[str], data: st.DataObject) -> str:
    spaces = data.draw(st.lists(st.sampled_from(SPACES), min_size=len(pieces), max_size=len(pieces)))
    return "".join(piece + space for piece, space in zip(pieces, spaces, strict=True)).rstrip()


@given(WORDS, WORDS, WORDS, st.sampled_from(["NFC", "NFD", ""]), st.sampled_from(["NFC", "NFD", ""]), st.data())
def test_a_planted_quote_is_found(
    before: list[str], quote: list[str], after: list[str], form: str, other: str, data: st.DataObject
) -> None:
    """In any spelling that the rule evens out; the span is the quote again."""
    assume("[" not in "".join(quote) and not unicodedata.category(quote[0][0]).startswith("M"))
    text = f"{join(before, data)} {join(quote, data)} {join(after, data)}"
    asked = join(quote, data)
    text = unicodedata.normalize(form, text) if form else text
    asked = unicodedata.normalize(other, asked) if other else asked
    swap = data.draw(st.sampled_from([{}, {"“": '"', "”": '"'}, {"'": "’"}, {"-": "—", "–": "-"}]))
    asked = asked.translate(str.maketrans(swap))
    assume(normalise(asked))
    location = locate(asked, Text(text))
    assert location.verdict in (Verdict.EXACT, Verdict.NORMALISED, Verdict.AMBIGUOUS)
    for start, end in location.spans:
        assert normalise(text[start:end]) == normalise(asked)
        assert text[start:end] == text[start:end].strip()


@given(st.text(max_size=60), st.text(max_size=12), st.text(max_size=5), st.text(max_size=5))
def test_whatever_is_found_says_what_was_asked(text: str, quote: str, prefix: str, suffix: str) -> None:
    location = locate(quote, Text(text), prefix, suffix)
    assert (location.verdict.is_found) is bool(location.spans)
    if location.verdict in (Verdict.EXACT, Verdict.NORMALISED):
        ((start, end),) = location.spans
        assert normalise(text[start:end]) == normalise(quote)
        if location.verdict is Verdict.EXACT:
            assert text[start:end] == quote


@given(st.text(max_size=80))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


TRICKY = "ab \n\t\u00a0“’—é\u0301e\u0958\u1100\u1161\u11a8\ud55c\u0345\u0323\u2028\u001c\u0085`"


@given(st.text(TRICKY, max_size=14))
def test_every_span_of_the_even_text_has_its_place(text: str) -> None:
    """The space of each white space starts where that does; what is composed stands at its first letter."""
    even = Text(text)
    starts = [even.original_span(at, len(even.normal))[0] for at in range(len(even.normal))]
    assert starts == sorted(starts)
    letters = [at for at in range(len(starts)) if at == 0 or starts[at] > starts[at - 1]]
    for start, end in combinations([*letters, len(starts)], 2):
        first, last = even.original_span(start, end)
        assert even.normal[start:end].strip() == normalise(text[first:last])


@given(st.lists(st.text(f"{TRICKY}AB,_'", max_size=14), max_size=4), st.text(f"{TRICKY}AB,_'", max_size=6))
def test_a_shelf_knows_every_text_in_which_a_quote_stands(contents: list[str], quote: str) -> None:
    texts = {f"t{number}": Text(content) for number, content in enumerate(contents)}
    found = [name for name in sorted(texts) if locate(quote, texts[name]).verdict is not Verdict.NOT_FOUND]
    assert list(Shelf(texts).holding(quote)) == found


def test_a_shelf_gives_the_texts_by_name() -> None:
    texts = {"b": Text("the bridge is shut"), "a": Text("the  bridge is\nshut"), "c": Text("the bridge is open")}
    assert list(Shelf(texts).holding("bridge is shut")) == ["a", "b"]
    assert list(Shelf(texts).holding("the [...] open")) == ["c"]
    assert list(Shelf(texts).holding("the bridges")) == []
    assert list(Shelf({"d": Text("cafe\u0301s")}).holding("\u0301s")) == ["d"]


# Where texts are looked up


def source(**fields: str) -> Source:
    return Source("letter", Place("letter.yaml", 2), **fields)


def archive(*folders: Path) -> tuple[Archive, Problems]:
    problems = Problems()
    return Archive(folders, problems), problems


def test_a_text_is_found_by_name_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text(f"text {name}")
    found, problems = archive(tmp_path / "a", tmp_path / "b")
    text = found.find(source(text="x.txt"))
    assert text is not None and (text.content, text.name) == ("text a", "x.txt")
    assert found.find(source(text="x.txt")) is text
    assert found.find(source(text="y.txt")) is None
    assert found.find(source()) is None
    assert problems.items == []


def test_a_text_is_found_by_its_hash(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "other-name.txt").write_text("the words")
    (tmp_path / "x.txt").write_text("other words")
    digest = sha256_hex(b"the words")
    found, problems = archive(tmp_path)
    for asked in (source(sha256=digest), source(sha256=digest.upper()), source(text="x.txt", sha256=digest)):
        text = found.find(asked)
        assert text is not None and text.content == "the words"
    text = found.find(source(text="x.txt"), digest)
    assert text is not None and text.content == "the words"
    text = found.find(source(text="x.txt", sha256="0" * 64))
    assert text is not None and text.content == "other words"  # its hash tells that it is another
    assert problems.items == []


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    data = "\ufeffThe words\r\n".encode()
    (tmp_path / "x.txt").write_bytes(data)
    text = archive(tmp_path)[0].find(source(text="x.txt"))
    assert text is not None and (text.content, text.sha256) == ("The words\r\n", sha256_hex(data))


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.txt", "a/../../secret.txt", "a\\b.txt", "C:x.txt", "file:x"]
)
def test_a_text_outside_the_sources_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "sources").mkdir()
    found, problems = archive(tmp_path / "sources")
    assert found.find(source(text=name)) is None
    assert [(problem.code, problem.place.line) for problem in problems.items] == [("P008", 2)]


@pytest.mark.parametrize("kind", ["link out", "link to nowhere", "loop", "fifo", "folder", "device"])
def test_a_text_that_is_no_ordinary_file_is_not_read(kind: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "sources"
    folder.mkdir()
    path = folder / "x.txt"
    match kind:
        case "link out":
            path.symlink_to(tmp_path / "secret.txt")
        case "link to nowhere":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to("x.txt")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
    found, problems = archive(folder)
    assert found.find(source(text="x.txt")) is None
    assert problems.items[0].code in ("P001", "P002", "P003")
    assert found.find(source(sha256="0" * 64)) is None  # the search by hash passes them by


@pytest.mark.parametrize("name", ["a" * 300 + ".txt", "a\0b.txt", "x/" * 3000 + "x"])
def test_a_name_that_no_file_can_have_is_no_crash(name: str, tmp_path: Path) -> None:
    found, problems = archive(tmp_path)
    assert found.find(source(text=name)) is None
    assert problems.items == []


def test_a_text_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"caf\xe9")
    found, problems = archive(tmp_path)
    assert found.find(source(text="x.txt")) is None
    assert found.find(source(text="x.txt")) is None
    assert [problem.message for problem in problems.items] == ["the byte 0xE9 at offset 3 is not UTF-8"]
