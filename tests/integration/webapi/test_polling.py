"""Clients ask for their batch again and again: what that costs, and what it survives."""

import time

import httpx
import psycopg
import pytest
from openai import OpenAI
from psycopg.pq import TransactionStatus
from sqlalchemy import event

from webapi.api import create_app
from webapi.database import TRUSTED_SECONDS, db

CHAT = "/v1/chat/completions"


@pytest.fixture
def batch_id(client: OpenAI) -> str:
    file = client.files.create(file=("in.jsonl", b"{}\n"), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h").id


def test_a_poll_is_one_question_in_no_transaction(batch_id: str, key: str) -> None:
    app = create_app()
    with app.app_context():
        engine = db.engine
    asked: list[TransactionStatus] = []

    @event.listens_for(engine, "after_cursor_execute")
    def note(_connection: object, cursor: psycopg.Cursor, *_: object) -> None:
        asked.append(cursor.connection.info.transaction_status)

    client = app.test_client()
    for _ in range(3):
        # The first call also asks for its key.
        asked.clear()
        answer = client.get(f"/v1/batches/{batch_id}", headers={"Authorization": f"Bearer {key}"})
        assert answer.get_json()["id"] == batch_id
    assert asked == [TransactionStatus.IDLE]
    engine.dispose()


def test_connections_that_were_lost_while_nobody_asked_are_replaced_unseen(
    http: httpx.Client, batch_id: str, database_url: str, postgres_url: str
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    time.sleep(1.5 * TRUSTED_SECONDS)
    assert http.get(f"/batches/{batch_id}").status_code == 200
