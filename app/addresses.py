"""Which addresses are on the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_GLOBAL_UNICAST: Final = ip_network("2000::/3")
_RESERVED_WITHIN: Final = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments: Teredo, ORCHID
        "2002::/16",  # 6to4: an IPv4 address, perhaps a private one, behind a relay
        "3fff::/20",  # documentation
    )
)


def is_literal(text: str) -> bool:
    """Whether it is an address, and no name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_public(text: str) -> bool:
    """Whether a literal address is a unicast one of the public internet.

    False for everything that IANA's special-purpose registries (RFC 6890) list, for what is not a
    literal address, and for IPv6 addresses that carry an IPv4 one (mapped, NAT64, 6to4, Teredo).
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address in block for block in _RESERVED_WITHIN if block.version == address.version):
        return False
    return isinstance(address, IPv4Address) or _is_global_unicast(address)


def _is_global_unicast(address: IPv6Address) -> bool:
    return address in _GLOBAL_UNICAST and address.scope_id is None
