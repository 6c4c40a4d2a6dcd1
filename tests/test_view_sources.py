"""Owns the tests of the source page before a browser sees it: sentences, pieces, what is withheld, the page's text."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import onrecord
from onrecord.lens import Lens
from onrecord.sentences import split_sentences
from onrecord.view.passages import Passage, Piece, Quoted, cut
from small_graph import LETTER, LETTER_TEXT, write_graph

TEXT = "Ada met Bo. They spoke of rain.\n\nNobody else came. The end."


def quoted(statement: str, *parts: str, text: str = TEXT) -> Quoted:
    starts = [text.index(part) for part in parts]
    return Quoted(statement, tuple((at, at + len(part)) for at, part in zip(starts, parts, strict=True)), parts)


def passages(*quotes: Quoted, text: str | None = TEXT, **left: dict[int, str]) -> tuple[Passage, ...]:
    return cut(split_sentences(TEXT), quotes, text=text, left_out=left.get("left_out", {}))


def told(found: Sequence[Passage]) -> list[str]:
    """Sentences as text: ``{words:statements}`` where something is quoted, ``<n>`` where words are not shown."""
    return ["".join(_told(piece) for piece in passage.pieces) for passage in found]


def _told(piece: Piece) -> str:
    words = f"<{piece.unseen}>" if piece.unseen else piece.words
    return f"{{{words}:{'+'.join(piece.quoted_by)}}}" if piece.quoted_by else words


def test_a_sentence_is_cut_where_a_quote_begins_and_ends() -> None:
    assert told(passages(quoted("a", "met Bo"))) == [
        "Ada {met Bo:a}.", "They spoke of rain.", "Nobody else came.", "The end.",
    ]  # fmt: skip


def test_quotes_may_nest_overlap_and_repeat() -> None:
    found = passages(
        quoted("a", "Ada met"), quoted("b", "met Bo"), quoted("c", "Ada met Bo"), quoted("d", "Ada met Bo")
    )
    assert told(found)[0] == "{Ada :a+c+d}{met:a+b+c+d}{ Bo:b+c+d}."


def test_an_elided_quote_stands_in_several_stretches() -> None:
    assert told(passages(quoted("a", "Ada", "spoke of rain")))[:2] == ["{Ada:a} met Bo.", "They {spoke of rain:a}."]


def test_a_quote_may_run_over_the_end_of_a_sentence() -> None:
    assert told(passages(quoted("a", "Bo. They")))[:2] == ["Ada met {Bo.:a}", "{They:a} spoke of rain."]


def test_words_that_may_not_be_shown_leave_their_length() -> None:
    found = passages(quoted("a", "met Bo"), quoted("b", "Bo. They"), text=None)
    assert told(found) == ["<4>{met :a}{Bo:a+b}{.:b}", "{They:b}<15>", "<17>", "<8>"]


def test_a_quote_spelt_longer_than_the_text_is_told_once() -> None:
    found = cut(
        [(0, 10)], [Quoted("a", ((2, 6),), ("longer",)), Quoted("b", ((4, 8),), ("abcd",))], text=None, left_out={}
    )
    assert told(found) == ["<2>{longer:a}{cd:b}<2>"]


def test_a_sentence_is_quoted_left_out_or_open() -> None:
    found = passages(quoted("a", "met Bo"), left_out={0: "never shown", 3: "formula"})
    assert [(p.number, p.state, p.reason) for p in found] == [
        (1, "quoted", ""), (2, "open", ""), (3, "open", ""), (4, "left out", "formula"),
    ]  # fmt: skip


def test_paragraphs_stay() -> None:
    assert [p.gap for p in passages()] == ["paragraph", " ", "paragraph", " "]
    assert [p.gap for p in passages(text=None)] == ["paragraph", "\n", "paragraph", "\n"]


_texts = st.text(alphabet="ab .\n", min_size=1, max_size=60)


@given(_texts, st.lists(st.tuples(st.integers(0, 59), st.integers(1, 20)), max_size=8))
def test_no_word_is_lost_and_none_that_is_not_quoted_is_shown(text: str, picks: list[tuple[int, int]]) -> None:
    spans = [(at, min(at + size, len(text))) for at, size in picks if at < len(text)]
    quotes = [Quoted(f"s{n}", (span,), (text[slice(*span)],)) for n, span in enumerate(spans)]
    sentences = split_sentences(text)
    whole = cut(sentences, quotes, text=text, left_out={})
    bare = cut(sentences, quotes, text=None, left_out={})
    for (start, end), shown, hidden in zip(sentences, whole, bare, strict=True):
        assert "".join(piece.words for piece in shown.pieces) == text[start:end]
        at = start
        for piece in shown.pieces:
            after = at + len(piece.words)
            assert set(piece.quoted_by) == {f"s{n}" for n, span in enumerate(spans) if span[0] < after and span[1] > at}
            at = after
        at = start
        for piece in hidden.pieces:
            assert bool(piece.words) == bool(piece.quoted_by)
            assert piece.words in ("", text[at : at + len(piece.words)])
            at += len(piece.words) + piece.unseen
        assert at == end


def page(folder: Path, *names: str, **options: object) -> str:
    target = folder.parent / "page.html"
    onrecord.open(folder).source_page(target, *names, **options)  # type: ignore[arg-type]
    return target.read_text("utf-8")


def visible(text: str) -> str:
    return " ".join(
        html.unescape(re.sub(r"<[^>]+>", "", text[text.index("<article") : text.rindex("</article>")])).split()
    )


def test_a_text_without_a_licence_shows_its_quotes_alone(graph_folder: Path) -> None:
    shown = visible(page(graph_folder, "letter"))
    assert "our chairwoman, Rose Marsh" in shown
    assert "The text is its publisher's" in shown
    assert "dry spring" not in shown
    assert "dry spring" not in page(graph_folder)
    assert "characters not shown" in shown


def test_the_whole_text_is_shown_where_it_is_asked_for_or_free(tmp_path: Path, graph_folder: Path) -> None:
    assert "It has been a dry spring" in visible(page(graph_folder, "letter", with_text=True))
    free = LETTER.replace("  text: letter.txt\n", "  text: letter.txt\n  licence: CC0-1.0\n")
    folder = write_graph(tmp_path / "free", **{"statements/letter.yaml": free})
    assert "It has been a dry spring" in visible(page(folder, "letter"))
    assert "committee" not in page(folder)


def test_without_the_text_the_lock_tells_where_quotes_stand(graph_folder: Path) -> None:
    onrecord.open(graph_folder).examine(update_lock=True)
    there = visible(page(graph_folder, "letter"))
    (graph_folder / "sources" / "letter.txt").unlink()
    gone = visible(page(graph_folder, "letter"))
    assert there.replace("The text is its publisher's", "The text is not at hand") == gone


def test_another_text_than_the_archived_one_is_not_shown(tmp_path: Path) -> None:
    wrong = LETTER.replace("  text: letter.txt\n", f"  text: letter.txt\n  licence: CC0-1.0\n  sha256: {'0' * 64}\n")
    folder = write_graph(tmp_path / "wrong", **{"statements/letter.yaml": wrong})
    shown = visible(page(folder, "letter"))
    assert "not the one that was archived" in shown
    assert "dry spring" not in shown


def test_never_verified_and_not_at_hand(graph_folder: Path) -> None:
    (graph_folder / "sources" / "letter.txt").unlink()
    shown = visible(page(graph_folder, "letter"))
    assert "was never verified" in shown
    assert "Statements without a place in the text" in shown
    assert "Mrs Marsh is expected at the summer show" in shown


def test_a_lens_puts_sentences_aside_but_does_not_call_them_open(graph_folder: Path) -> None:
    text = page(graph_folder, "minutes", lens=Lens(as_of=dt.date(2024, 6, 5)))
    assert text.count('class="sentence aside"') == 3
    assert "data-edges" not in text[text.index("<article") : text.rindex("</article>")]


def test_open_and_left_out_sentences_are_marked(tmp_path: Path) -> None:
    left = LETTER.replace(
        "  speakers:",
        "  left out:\n    - quote: To all members of the Garden Society\n      reason: greeting\n  speakers:",
    )
    text = page(write_graph(tmp_path / "left", **{"statements/letter.yaml": left}), "letter", with_text=True)
    assert "To all members of the Garden Society. [left out: greeting]" in visible(text)
    assert (
        len(re.findall(r'class="sentence open"', text))
        == len(split_sentences(LETTER_TEXT)) - text.count('class="sentence quoted"') - 1
    )


def test_links_lead_out_only_by_http(tmp_path: Path) -> None:
    for address, count in (("https://example.org/a", 1), ("javascript:alert(1)", 0), ("https://me@example.org/", 0)):
        letter = LETTER.replace("  text:", f"  url: {address}\n  text:", 1)
        folder = write_graph(tmp_path / re.sub(r"\W", "", address), **{"statements/letter.yaml": letter})
        try:
            text = page(folder, "letter")
        except onrecord.errors.GraphBroken:
            assert count == 0
            continue
        assert text.count('rel="noopener noreferrer"') == count


@pytest.mark.parametrize(
    "bad", ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\" onclick='x'"]
)
def test_nothing_of_the_data_is_markup(tmp_path: Path, bad: str) -> None:
    text = LETTER_TEXT.replace("It has been a dry spring", f"It has been {bad} a dry spring")
    letter = LETTER.replace("A letter to the members", "|-\n    " + bad).replace(
        "Garden Society\n", "Garden Society\n", 1
    )
    folder = write_graph(tmp_path / "bad", **{"statements/letter.yaml": letter, "sources/letter.txt": text})
    shown = page(folder, "letter", with_text=True)
    assert bad in visible(shown.replace("&lt;", "\0").replace("&gt;", "\1")).replace("\0", "<").replace("\1", ">")
    assert shown.count("<script") == 2
    assert "<img" not in shown


def test_the_page_is_the_same_on_every_run(graph_folder: Path) -> None:
    assert page(graph_folder, with_text=True) == page(graph_folder, with_text=True)
