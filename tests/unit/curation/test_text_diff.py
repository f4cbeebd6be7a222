from hypothesis import given
from hypothesis import strategies as st

from curation.text_diff import MOST_TOKENS, Kind, Piece, pieces

TEXT = st.text(st.sampled_from("ab \n."), max_size=30)


def test_texts_differ_word_by_word() -> None:
    assert pieces("A strong hire.", "A weak hire!") == [
        Piece(Kind.SAME, "A "),
        Piece(Kind.LEFT, "strong"),
        Piece(Kind.RIGHT, "weak"),
        Piece(Kind.SAME, " hire"),
        Piece(Kind.LEFT, "."),
        Piece(Kind.RIGHT, "!"),
    ]


@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_what_differs(left: str, right: str) -> None:
    found = pieces(left, right)
    assert "".join(piece.text for piece in found if piece.kind != Kind.RIGHT) == left
    assert "".join(piece.text for piece in found if piece.kind != Kind.LEFT) == right


def test_very_long_texts_are_not_searched_for_what_they_have_in_common() -> None:
    left = "word " * MOST_TOKENS
    assert pieces(left, left + "more") == [Piece(Kind.LEFT, left), Piece(Kind.RIGHT, left + "more")]
    assert [piece.kind for piece in pieces(left, left)] == [Kind.SAME]
