"""What people make of answers: datasets of prompts, what models said to them, and who thought what of it when.

What a model said is written once, in `items` and `outputs`, with its indexes for searching. What people make of it
changes all the time and lies in a narrow table of its own, `examples`: a change of fifty thousand of them must not
touch the text of any.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Computed, Double, ForeignKey, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from schemas.states import ExampleStatus, ImportStatus
from schemas.tables.base import Base, Big, Key, now

PATHS: Final = {"fields": "jsonb_path_ops"}
NUMBER_SLOTS: Final = tuple(f"number_{n}" for n in range(1, 13))
TEXT_SLOTS: Final = tuple(f"text_{n}" for n in range(1, 9))


class Dataset(Base):
    """Prompts, and all that models have answered to them."""

    __tablename__ = "datasets"
    __table_args__ = (
        Index("ix_datasets_tenant_id", "tenant", "id"),
        Index("ix_datasets_refilling", "id", postgresql_where="refilled IS NOT NULL"),
    )

    id: Mapped[Key]
    tenant: Mapped[str]
    name: Mapped[str]
    # What its outputs are of, as `name@version` of a task schema.
    task: Mapped[str | None]
    # The number that its next item gets.
    next_item: Mapped[int] = mapped_column(default=1)
    # Values of its answers that have a slot in `facets`, as `curation/columns.py` keeps them.
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    # While these slots are given anew: how many answers have been read again, up to which, and when the last page was.
    refilled: Mapped[Big | None]
    refilled_to: Mapped[UUID | None]
    refilled_at: Mapped[datetime | None]
    # Of its examples. Kept up with each change: to count hundreds of thousands for every page would be slow.
    examples: Mapped[Big] = mapped_column(default=0)
    needs_review: Mapped[Big] = mapped_column(default=0)
    approved: Mapped[Big] = mapped_column(default=0)
    rejected: Mapped[Big] = mapped_column(default=0)
    gold: Mapped[Big] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    deleted_at: Mapped[datetime | None]

    @property
    def items(self) -> int:
        """How many it has: none ever goes."""
        return self.next_item - 1


class Item(Base):
    """One prompt, as it was sent."""

    __tablename__ = "items"
    # Any length of name fits into an index of hashes. With the dataset: what others call theirs slows nobody down.
    __table_args__ = (Index("ix_items_custom_id", "dataset_id", text("hashtext(custom_id)")),)

    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    custom_id: Mapped[str]
    request: Mapped[str]
    endpoint: Mapped[str] = mapped_column(server_default="/v1/chat/completions")
    # What else its file said of it, by name: text, numbers, truth.
    details: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class Output(Base):
    """What a model said to an item: never changed. It has the id of its example."""

    __tablename__ = "outputs"
    __table_args__ = (
        Index("uq_outputs_source", "dataset_id", "batch_id", "line", unique=True),
        Index("ix_outputs_item", "dataset_id", "item"),
        Index("ix_outputs_model", "dataset_id", "model", "item", "id"),
        # With the dataset, so that a search reads nothing of the others.
        Index("ix_outputs_search", "dataset_id", "search", postgresql_using="gin"),
        Index("ix_outputs_fields", "dataset_id", "fields", postgresql_using="gin", postgresql_ops=PATHS),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    item: Mapped[int]
    model: Mapped[str]
    # The last thing that the model was asked: what tells an item from others of its kind.
    asked: Mapped[str]
    output: Mapped[str]
    # Where the output is a JSON object: its values by their paths.
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # The line that it comes from. The batch may be gone by now.
    batch_id: Mapped[UUID | None]
    line: Mapped[int | None]
    # Stored uncompressed: a phrase is looked for in each text that has its words.
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed(
            "to_tsvector('simple'::regconfig, left(asked, 100000) || ' ' || left(output, 100000))", persisted=True
        ),
        nullable=True,
        deferred=True,
    )


# What an output is filtered, sorted and counted by. Which value a slot holds is said by the dataset's columns.
facets: Final = Table(
    "facets",
    Base.metadata,
    Column("id", Uuid, ForeignKey("outputs.id", ondelete="CASCADE"), primary_key=True),
    Column("dataset_id", Uuid, nullable=False),
    *(Column(slot, Double) for slot in NUMBER_SLOTS),
    *(Column(slot, Text) for slot in TEXT_SLOTS),
    *(
        Index(f"ix_facets_{slot}", "dataset_id", slot, "id", postgresql_where=f"{slot} IS NOT NULL")
        for slot in (*NUMBER_SLOTS, *TEXT_SLOTS)
    ),
)


class Example(Base):
    """What people make of an output."""

    __tablename__ = "examples"
    __table_args__ = (
        Index("ix_examples_dataset_id_id", "dataset_id", "id"),
        Index("ix_examples_status", "dataset_id", "status", "id"),
        Index("ix_examples_score", "dataset_id", "score", "id", postgresql_where="score IS NOT NULL"),
        Index("ix_examples_gold", "dataset_id", "id", postgresql_where="gold"),
        Index("ix_examples_category", "dataset_id", "category", "id", postgresql_where="category IS NOT NULL"),
        Index("ix_examples_tags", "dataset_id", "tags", postgresql_using="gin", postgresql_where="tags <> '{}'"),
        Index("ix_examples_updated_at", "dataset_id", "updated_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("outputs.id", ondelete="CASCADE"), primary_key=True)
    dataset_id: Mapped[UUID]
    model: Mapped[str]
    status: Mapped[str] = mapped_column(default=ExampleStatus.NEEDS_REVIEW)
    gold: Mapped[bool] = mapped_column(default=False)
    # 0 to 1.
    score: Mapped[float | None]
    category: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    notes: Mapped[str] = mapped_column(default="")
    edited_output: Mapped[str | None]
    # The key of whoever changed it last.
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)


class ChangeSet(Base):
    """What somebody changed in one go, be it one example or fifty thousand, and what takes it back in one go."""

    __tablename__ = "change_sets"
    __table_args__ = (
        Index("ix_change_sets_dataset_id", "dataset_id", "id"),
        Index("uq_change_sets_undoes", "undoes", unique=True, postgresql_where="undoes IS NOT NULL"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"))
    made_at: Mapped[datetime] = mapped_column(default=now)
    # What was asked for.
    wanted: Mapped[dict[str, Any]]
    examples: Mapped[Big]
    undoes: Mapped[UUID | None] = mapped_column(ForeignKey("change_sets.id"))


class Change(Base):
    """One version of an example: what it changed, from what to what."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_change_set_id", "change_set_id"),)

    example_id: Mapped[UUID] = mapped_column(ForeignKey("examples.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[UUID] = mapped_column(ForeignKey("change_sets.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class Import(Base):
    """What comes into a dataset, a page at a time: a batch's answers, or the lines of a file."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("num_nonnulls(batch_id, file_id) = 1", name="source"),
        Index("uq_imports_source", "dataset_id", "batch_id", unique=True),
        Index("uq_imports_file", "dataset_id", "file_id", unique=True),
        Index("ix_imports_run_id", "run_id"),
        Index("ix_imports_running", "id", postgresql_where="status = 'running'"),
    )

    id: Mapped[Key]
    dataset_id: Mapped[UUID] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    batch_id: Mapped[UUID | None]
    # The run whose batch this is: then its answers are to items that are here already.
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    file_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default=ImportStatus.RUNNING)
    # How many lines there are, and up to which they are in. Of a file nobody knows how many before all are read.
    lines: Mapped[Big] = mapped_column(default=0)
    line: Mapped[int] = mapped_column(default=0)
    imported: Mapped[Big] = mapped_column(default=0)
    # Of a file: how long it is, up to where it is read, how many lines were no use, and the first of those.
    bytes: Mapped[Big] = mapped_column(default=0)
    bytes_read: Mapped[Big] = mapped_column(default=0)
    bad_lines: Mapped[Big] = mapped_column(default=0)
    errors: Mapped[list[dict[str, Any]]] = mapped_column(default=list, deferred=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # When the last page came in, or somebody began; and how many have begun since the last page.
    advanced_at: Mapped[datetime] = mapped_column(default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    # Why it ended early.
    problem: Mapped[str | None]
