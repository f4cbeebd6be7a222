"""Where a webhook may go. Its URL is a caller's, so it must not become a way into the network this server stands in.

Checking a URL when it is registered is a courtesy. What counts is the check of the very address that is connected to,
made each time: the name may point elsewhere by then.
"""

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from schemas.errors import WebhookTargetRefused
from schemas.limits import LONGEST_URL

# After IDNA: a name, an IPv4 address, or an IPv6 address with its zone.
HOST: Final = re.compile(r"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+(%[A-Za-z0-9._-]+)?")
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
# IPv6 addresses that a gateway turns into the IPv4 address in their last 32 bits.
NAT64: Final = IPv6Network("64:ff9b::/96")


def check_url(url: str, *, allow_private: bool) -> httpx.URL:
    """The URL, if it is one that a webhook can have, whatever its name points to."""
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise WebhookTargetRefused(f"A webhook needs a valid URL: {error}") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if target.scheme not in schemes or not target.host:
        raise WebhookTargetRefused(f"A webhook's URL starts with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    if not HOST.fullmatch(target.raw_host.decode()) or not 0 < port_of(target) < 65_536:
        raise WebhookTargetRefused("A webhook's URL needs a valid host name and port.")
    if target.userinfo:
        raise WebhookTargetRefused("A webhook's URL can't hold a user name or password.")
    if len(url) > LONGEST_URL:
        raise WebhookTargetRefused(f"A webhook's URL has {LONGEST_URL} characters at most.")
    return target


def check_target(url: str, *, allow_private: bool) -> None:
    """Refuse a URL that no webhook can have, and one whose name leads to a private address as of now.

    A name that can't be looked up is accepted: that may change, and each delivery checks again.
    """
    target = check_url(url, allow_private=allow_private)
    try:
        allowed_addresses(target.raw_host.decode(), port_of(target), allow_private=allow_private)
    except OSError:
        return


def allowed_addresses(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses behind a name, all of them public: one that isn't says that the name is not to be trusted."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise WebhookTargetRefused(f"A webhook's URL needs a valid host name: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise WebhookTargetRefused("A webhook can't go to a private, local or reserved address.")
    return addresses


def is_public(address: str) -> bool:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        inner = _embedded(parsed)
        if inner is not None:
            return is_public(str(inner))
        if parsed.is_site_local:
            return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)


def port_of(target: httpx.URL) -> int:
    return DEFAULT_PORTS[target.scheme] if target.port is None else target.port


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a packet to this one really reaches."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
