import pytest

from inference.webhooks.targets import allowed_addresses, check_target, check_url, is_public
from schemas.errors import WebhookTargetRefused


@pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.7",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private_local_and_reserved_addresses_are_not_public_in_any_disguise(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/hook",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://017700000001/",
        "https://[::1]:8443/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)
def test_no_spelling_of_a_private_address_passes(url: str) -> None:
    with pytest.raises(WebhookTargetRefused, match="private"):
        check_target(url, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "gopher://example.com",
        "example.com/hook",
        "https://",
        "https://user:password@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/" + "a" * 2100,
    ],
)
def test_a_url_that_no_webhook_can_have_is_refused(url: str) -> None:
    with pytest.raises(WebhookTargetRefused) as refused:
        check_url(url, allow_private=False)
    assert refused.value.code == "webhook_url_refused"


def test_a_host_name_that_cannot_exist_is_refused() -> None:
    with pytest.raises(WebhookTargetRefused, match="host name"):
        check_target(f"https://{'a' * 64}.example/", allow_private=False)


def test_a_name_that_is_not_known_yet_is_accepted() -> None:
    check_target("https://not-registered-yet.invalid/hook", allow_private=False)


def test_private_addresses_and_plain_http_pass_where_they_are_allowed() -> None:
    check_target("http://127.0.0.1:9000/hook", allow_private=True)
    assert allowed_addresses("127.0.0.1", 9000, allow_private=True) == ["127.0.0.1"]
