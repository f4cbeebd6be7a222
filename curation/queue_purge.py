"""Removing queues that somebody has deleted, or whose dataset goes: a large one takes a while, and holds nobody up."""

from sqlalchemy import delete, select

from schemas.database import OpenSession, delete_in_parts
from schemas.tables import Dataset, Queue, QueueItem, Review


def purge_queues(open_session: OpenSession) -> int:
    """A part at a time; returns how many queues went."""
    deleted_datasets = select(Dataset.id).where(Dataset.deleted_at.is_not(None))
    due = select(Queue.id).where(Queue.deleted_at.is_not(None) | Queue.dataset_id.in_(deleted_datasets))
    gone = 0
    while True:
        with open_session() as session:
            queue_id = session.scalar(due.limit(1))
        if queue_id is None:
            return gone
        delete_in_parts(
            open_session, Review, [Review.queue_id, Review.place, Review.key_id], Review.queue_id == queue_id
        )
        delete_in_parts(open_session, QueueItem, [QueueItem.queue_id, QueueItem.place], QueueItem.queue_id == queue_id)
        with open_session() as session:
            session.execute(delete(Queue).where(Queue.id == queue_id))
        gone += 1
