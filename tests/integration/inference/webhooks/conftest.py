import ssl
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from inference import api_keys
from schemas.settings import settings
from schemas.states import Role
from schemas.tables import ApiKey, Batch, File
from schemas.tables.base import now
from tests.integration.inference.webhooks import certificates
from tests.integration.inference.webhooks import receiver as receivers


@pytest.fixture
def receiver(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[receivers.Receiver]:
    """A receiver that webhooks may go to."""
    monkeypatch.setenv("VBS_WEBHOOK_ALLOW_PRIVATE", "1")
    monkeypatch.setenv("VBS_WEBHOOK_TIMEOUT_SECONDS", "0.5")
    settings.cache_clear()
    with receivers.running() as receiver:
        yield receiver


@pytest.fixture
def tls_receiver(
    receiver: receivers.Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[receivers.Receiver]:
    """One that speaks TLS, with a trusted certificate for the name `localhost` and no other."""
    certificate = certificates.for_name("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with receivers.running(context) as receiver:
        yield receiver


@pytest.fixture
def api_key(session: Session) -> ApiKey:
    key, _ = api_keys.create(session, "acme", Role.USER)
    return key


@pytest.fixture
def batch(session: Session, api_key: ApiKey) -> Batch:
    return add_batch(session, api_key)


def add_batch(session: Session, key: ApiKey | None, tenant: str = "acme") -> Batch:
    file = File(tenant=tenant, purpose="batch", filename="a.jsonl", bytes=1, location="input/a")
    session.add(file)
    session.flush()
    batch = Batch(
        tenant=tenant,
        key_id=key.id if key else None,
        endpoint="/v1/chat/completions",
        input_file_id=file.id,
        completion_window="24h",
        expires_at=now() + timedelta(days=1),
    )
    session.add(batch)
    session.commit()
    return batch
