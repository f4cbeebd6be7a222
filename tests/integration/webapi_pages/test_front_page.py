"""What people and agents read before they have a key."""

import http.client
import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
import pytest

PAGES = ("/", "/docs", "/redoc")
ADDRESSES = ("href", "src", "action", "poster", "srcset", "data-document")


class Addresses(HTMLParser):
    """Everything a page would load or lead to, and whether it carries scripts of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline = False

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [value for name in ADDRESSES if (value := values.get(name))]
        self.inline |= tag == "script" and "src" not in values
        self.inline |= any(name.startswith("on") for name in values)


def addresses_of(page: str) -> Addresses:
    parser = Addresses()
    parser.feed(page)
    return parser


@pytest.mark.parametrize("path", PAGES)
def test_every_address_in_a_page_is_ours_and_answers(api: httpx.Client, path: str) -> None:
    found = addresses_of(api.get(path).text).found
    assert found
    assert [address for address in found if urlsplit(address).netloc] == []
    assert [address for address in found if not address.startswith("#") and api.get(address).status_code != 200] == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_run_nothing_inline_and_cannot_be_framed(api: httpx.Client, path: str) -> None:
    answer = api.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert not addresses_of(answer.text).inline


def test_the_readers_of_the_document_send_only_their_own_files(api: httpx.Client) -> None:
    assert api.get("/docs/assets/swagger-ui-bundle.js").status_code == 200
    assert api.get("/docs/assets/..%2f..%2f__init__.py").status_code == 404
    assert api.get("/docs/assets/redoc.standalone.js.map").status_code == 404


def test_commands_name_the_host_that_was_asked(api: httpx.Client) -> None:
    for path in ("/", "/llms.txt"):
        assert "http://batch.example:4080/v1" in api.get(path, headers={"Host": "batch.example:4080"}).text
        assert "http://[::1]:4080/v1" in api.get(path, headers={"Host": "[::1]:4080"}).text


@pytest.mark.parametrize(
    "host", ['evil"><script>alert(1)</script>', "$(reboot)", "a b", "host/path", "user@host", "`id`"]
)
def test_a_hostile_host_is_refused(api: httpx.Client, host: str) -> None:
    connection = http.client.HTTPConnection(api.base_url.host, api.base_url.port)
    connection.putrequest("GET", "/", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 400
    assert host.encode() not in answer.read()


def test_the_requests_to_copy_are_valid_lines(api: httpx.Client) -> None:
    page = api.get("/").text.replace("&#34;", '"')
    lines = [json.loads(line) for line in page.splitlines() if line.startswith('{"custom_id"')]
    assert len(lines) == 2
    assert {line["url"] for line in lines} == {"/v1/chat/completions"}


def test_the_python_to_copy_compiles(api: httpx.Client) -> None:
    page = api.get("/").text
    code = re.search(r'aria-label="With Python">(.*?)</pre>', page, re.DOTALL)
    assert code
    compile(code[1].replace("&#34;", '"'), "front page", "exec")


def test_agents_are_told_every_endpoint_of_the_api(api: httpx.Client) -> None:
    text = api.get("/llms.txt").text
    paths = api.get("/openapi.json").json()["paths"]
    assert [path for path in paths if path.partition("/{")[0] not in text] == []
