import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.task_schemas.templates import Template


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{a}} and {{ a }}", "1 and 1"),
        ('{"x": {{a}}, "y": {"z": {}}}', '{"x": 1, "y": {"z": {}}}'),
        ("\\{{a}}", "{{a}}"),
        ("{a} {{b}} }}", "{a} {{a}} }}"),
    ],
)
def test_placeholders_become_values_and_all_else_stays(template: str, text: str) -> None:
    assert Template.of(template).render({"a": "1", "b": "{{a}}"}) == text


@given(st.text(), st.text())
def test_a_value_is_put_in_as_it_is(before: str, value: str) -> None:
    plain = before.replace("{", "").rstrip("\\")
    assert Template.of(f"{plain}{{{{v}}}}").render({"v": value}) == plain + value


@pytest.mark.parametrize("template", ["{{", "{{a", "{{a}", "{{{a}}}", "{{a\n{{b}}", "{{" + "x" * 300 + "}}"])
def test_what_is_no_placeholder_is_told(template: str) -> None:
    assert any("begins no placeholder" in fault for fault in Template.of(template).faults(["a", "b"]))


@pytest.mark.parametrize("name", ["", "c", "a.b", "a|upper", "a()", "A", "__class__"])
def test_only_columns_can_be_put_in(name: str) -> None:
    assert len(Template.of(f"{{{{{name}}}}}").faults(["a", "b"])) == 1
