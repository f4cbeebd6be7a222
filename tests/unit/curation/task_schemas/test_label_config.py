from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.task_schemas.built_in import built_in
from curation.task_schemas.label_config import config_of, faults_of
from tests.unit.curation.task_schemas.documents import TASK, faults, task

OWN = '<View><Text name="t" value="$profile"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'
BOMB = '<!DOCTYPE View [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><View>&b;</View>'
FETCH = '<!DOCTYPE View [<!ENTITY x SYSTEM "file:///etc/passwd">]><View>&x;</View>'


def parsed(document: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(config_of(document))


def test_a_config_has_the_row_the_answer_and_a_control_for_each_question() -> None:
    view = parsed(TASK)
    assert [(text.get("name"), text.get("value")) for text in view.iter("Text")] == [
        ("Data_candidate_id", "$candidate_id"),
        ("Data_profile", "$profile"),
        ("Data_years", "$years"),
        ("Data_extra", "$extra"),
        ("Output", "$output"),
    ]
    flag, choice = view.iter("Choices")
    assert (flag.get("name"), flag.get("choice"), flag.get("required")) == ("agrees", "single", "true")
    assert (choice.get("choice"), [one.get("value") for one in choice]) == ("multiple", ["a", "b"])
    assert [rating.get("maxRating") for rating in view.iter("Rating")] == ["7"]
    assert [area.get("toName") for area in view.iter("TextArea")] == ["Output"]
    headers = [header.get("value") for header in view.iter("Header")]
    assert headers[:2] == ["candidate_id", "Profile"]
    assert "Do you agree?" in headers


@pytest.mark.parametrize("name", sorted(built_in()))
def test_what_is_made_passes_the_look_at_what_is_given(name: str) -> None:
    document = orjson.loads(built_in()[name][1])
    assert faults_of(config_of(document), [column["name"] for column in document["data"]]) == []


@given(st.text(min_size=1, max_size=30))
def test_whatever_a_label_says_the_xml_is_well_formed(label: str) -> None:
    question = {"name": "a", "type": "choice", "label": label, "choices": [label, f"{label}2"]}
    view = parsed(task(questions=[question]))
    assert len(list(view.iter("Choice"))) == 2


def test_a_label_stays_text() -> None:
    question = {"name": "a", "type": "text", "label": "\"/><Script>&lt;'<!--"}
    assert question["label"] in [header.get("value") for header in parsed(task(questions=[question])).iter("Header")]
    assert not list(parsed(task(questions=[question])).iter("Script"))


def test_a_config_of_ones_own_is_used() -> None:
    assert faults(task(label_config=OWN)) == {}
    assert config_of(task(label_config=OWN)) == OWN


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (BOMB, "document type"),
        (FETCH, "document type"),
        ('<!DOCTYPE View SYSTEM "http://127.0.0.1:9/x.dtd"><View/>', "document type"),
        ("<View>&nbsp;</View>", "not well-formed"),
        ("<View></Viev>", "not well-formed"),
        ("", "not well-formed"),
        ("plain", "not well-formed"),
        ("<Text/>", "outermost"),
        ('<View><Text name="a"/><Text name="a"/></View>', "Two elements"),
        ('<View><Choices name="a" toName="b,c"/></View>', "`b`"),
        ('<View><Text name="a" value="$nothing"/></View>', "`$nothing`"),
        ("<View>" * 60 + "</View>" * 60, "nested deeper"),
        ('<?xml version="1.0" encoding="utf-16"?><View>', "not well-formed"),
    ],
)
def test_a_config_of_ones_own_that_is_wrong_is_refused(config: str, message: str) -> None:
    found = faults_of(config, ["profile"])
    assert any(message in fault for fault in found), found
