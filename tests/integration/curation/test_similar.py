"""Examples that share the rarest words of one."""

from sqlalchemy import select, text

from curation import similar
from schemas.database import session_scope
from schemas.tables import Example
from tests.integration.curation.answers import dataset_of

ANSWERS = [
    "The candidate has led a paediatric ward.",
    "The candidate drives a forklift.",
    "The candidate has never led a paediatric team, but a ward of veterans.",
    "Paediatric ward experience is missing.",
    "",
]


def test_the_most_similar_come_first_and_common_words_say_little(database_url: str) -> None:
    with session_scope() as session:
        dataset_of(session, some_model=ANSWERS)
        dataset_of(session, some_model=ANSWERS)
    with session_scope() as session:
        session.execute(text("ANALYZE outputs"))
    with session_scope() as session:
        examples = session.scalars(select(Example).order_by(Example.id)).all()
        found = similar.of_example(session, examples[0], 2)
        assert [one.item for one in found] == [3, 4]
        assert {one.example.dataset_id for one in found} == {examples[0].dataset_id}


def test_words_are_taken_as_they_are(database_url: str) -> None:
    strange = ["it's ' \\ | & ! (x) <-> :* 'quoted'", "it's quoted", "http://example.org/a?b=c&d"]
    with session_scope() as session:
        dataset_of(session, some_model=strange)
    with session_scope() as session:
        examples = session.scalars(select(Example).order_by(Example.id)).all()
        found = [[one.item for one in similar.of_example(session, example, 5)] for example in examples]
    # The nearest comes first.
    assert (found[0][0], found[1][0]) == (2, 1)
