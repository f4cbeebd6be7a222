import httpx
import openai
import pytest
from openai import OpenAI
from openai.types import Model
from sqlalchemy.orm import Session

from inference.models import registry


def test_what_is_served_is_listed_and_found_by_name(client: OpenAI, http: httpx.Client, session: Session) -> None:
    registry.announce(session, {"tiny": "/models/tiny", "org/big": "org/big"}, "stub")
    session.commit()
    assert {model.id for model in client.models.list()} == {"tiny", "org/big"}
    assert client.models.retrieve("org/big").object == "model"
    assert set(http.get("/models/tiny").json()) == set(Model.model_fields)


def test_an_unknown_model_is_a_404(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as error:
        client.models.retrieve("nobody/nothing")
    assert error.value.code == "model_not_found"
