import base64
import time
from datetime import UTC, datetime, timedelta

import pytest
from openai import InvalidWebhookSignatureError, OpenAI

from inference.webhooks.signing import check_secret, new_secret, signed_headers
from schemas.errors import RequestInvalid

BODY = b'{"id":"evt_1","object":"event","type":"batch.completed","created_at":1,"data":{"id":"batch_1"}}'


@pytest.fixture
def client() -> OpenAI:
    return OpenAI(api_key="unused", base_url="http://127.0.0.1:1")


@pytest.mark.parametrize("size", [24, 25, 32, 64])
def test_the_official_client_accepts_our_signature_with_a_secret_of_any_allowed_length(
    client: OpenAI, size: int
) -> None:
    secret = check_secret("whsec_" + base64.b64encode(b"k" * size).decode())
    headers = signed_headers(secret, "evt_1", datetime.now(UTC), BODY)
    assert client.webhooks.unwrap(BODY, headers, secret=secret).type == "batch.completed"


def test_the_official_client_refuses_another_body_secret_or_time(client: OpenAI) -> None:
    secret = new_secret()
    headers = signed_headers(secret, "evt_1", datetime.now(UTC), BODY)
    old = signed_headers(secret, "evt_1", datetime.now(UTC) - timedelta(minutes=6), BODY)
    for body, sent, with_secret in ((BODY + b" ", headers, secret), (BODY, headers, new_secret()), (BODY, old, secret)):
        with pytest.raises(InvalidWebhookSignatureError):
            client.webhooks.unwrap(body, sent, secret=with_secret)


def test_the_signed_time_is_the_time_of_sending_in_any_time_zone() -> None:
    headers = signed_headers(new_secret(), "evt_1", datetime.now(UTC), BODY)
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5


def test_new_secrets_differ_and_are_valid() -> None:
    assert check_secret(new_secret()) != new_secret()


@pytest.mark.parametrize("secret", ["", "plain", "whsec_", "whsec_short", "whsec_" + "!" * 40, "whsec_" + "A" * 100])
def test_a_secret_that_verifiers_would_read_differently_is_refused(secret: str) -> None:
    with pytest.raises(RequestInvalid):
        check_secret(secret)
