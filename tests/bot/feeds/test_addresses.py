"""Which addresses are requested: public ones, and those that are listed."""

from contextlib import nullcontext
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.feeds.addresses import (
    AddressError,
    Addresses,
    AllowList,
    CheckedResolver,
    is_public,
    look_up,
)
from tests.publisher import Names

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "99.255.255.255",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "193.0.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001:81b::200e",
    "2003::1",
    # A network without IPv4 reaches all of it in this way.
    "64:ff9b::8.8.8.8",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_requested(text: str) -> None:
    assert is_public(ip_address(text))
    assert Addresses().permits("feeds.example", 443, ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_no_other_address_is_requested(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not Addresses().permits("feeds.example", 80, ip_address(text))
    host = f"[{text.replace('%', '%25')}]" if ":" in text else text
    with pytest.raises(AddressError):
        Addresses().check(URL(f"http://{host}/"), is_proxied=False)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_embedded_address_is_never_more_public_than_itself(ip: IPv4Address) -> None:
    number = int(ip)
    for embedded in (number, 0xFFFF << 32 | number, 0x2002 << 112 | number << 80):
        assert not is_public(IPv6Address(embedded))
    assert is_public(IPv6Address(0x64_FF9B << 96 | number)) == is_public(ip)


PRIVATE = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]


@given(st.sampled_from(PRIVATE).map(ip_network), st.integers(0, 2**24 - 1), st.data())
def test_no_spelling_of_a_private_address_is_requested(
    network: object, offset: int, data: st.DataObject
) -> None:
    """Systems read these spellings; each is refused before anything reads it."""
    base = ip_network(str(network))
    number = int(base.network_address) + offset % base.num_addresses
    a, b, c, d = number.to_bytes(4)
    spelled = data.draw(
        st.sampled_from(
            [
                str(number),
                hex(number),
                f"0{number:o}",
                f"{a}.{number & 0xFFFFFF}",
                f"{a}.{b}.{number & 0xFFFF}",
                f"0x{a:x}.{b}.{c}.0{d:o}",
                f"{a:04}.{b}.{c}.{d}",
                f"{a}.{b}.{c}.{d}.",
                f"{a}.{b}.{c}.{d}",
                f"[::ffff:{a}.{b}.{c}.{d}]",
                f"[::{a}.{b}.{c}.{d}]",
                f"[64:ff9b::{a}.{b}.{c}.{d}]",
                f"{a}。{b}。{c}。{d}",
                f"{a}.{b}.{c}.{d}".translate({48 + one: 0xFF10 + one for one in range(10)}),
                f"%3{a % 10}.{b}.{c}.{d}",
            ]
        )
    )
    with pytest.raises(AddressError):
        Addresses().check(URL(f"http://{spelled}/"), is_proxied=False)
    with pytest.raises(AddressError):
        Addresses().check(URL(f"http://{spelled}/"), is_proxied=True)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://feeds.example/",
        "file:///etc/passwd",
        "gopher://feeds.example/",
        "/etc/passwd",
        "https:///feed",
        "https://ana@feeds.example/",
        "https://ana:secret@feeds.example/",
        "https://:secret@feeds.example/",
        "https://feeds.example:22/",
        "https://feeds.example:0/",
        "https://feeds.example:6379/",
        "https://a b.example/",
        "https://feeds.example%2f.evil.example/",
        "https://feeds..example/",
        "https://" + "a" * 254 + "/",
        "https://feeds.example/" + "a" * 2_000,
    ],
)
def test_an_address_that_is_refused(url: str) -> None:
    with pytest.raises((AddressError, ValueError)):
        Addresses().check(URL(url), is_proxied=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://feeds.example/feed.xml",
        "http://feeds.example:80/",
        "https://feeds.example:443/?a=1&b=%2F",
        "http://feeds.example:443/",
        "https://bücher.example/feed",
        "https://under_score.example./",
        "https://8.8.8.8/feed",
        "https://[2606:4700::1111]/feed",
        "https://3com.example/",
    ],
)
def test_an_address_that_is_requested(url: str) -> None:
    Addresses().check(URL(url), is_proxied=False)
    Addresses().check(URL(url), is_proxied=True)


@pytest.mark.parametrize("host", ["localhost", "redis", "a.localhost.", "x.local", "db.internal"])
def test_a_proxy_is_not_asked_for_names_of_its_own_network(host: str) -> None:
    with pytest.raises(AddressError, match="not on the public internet") as refused:
        Addresses().check(URL(f"http://{host}/"), is_proxied=True)
    assert "add it to FEEDS_ALLOW" in refused.value.advice
    Addresses(AllowList.parse(f"{host}, *.test")).check(URL(f"http://{host}/"), is_proxied=True)


async def resolved(addresses: Addresses, names: Names, host: str, port: int = 443) -> list[str]:
    found = await CheckedResolver(addresses, names.look_up).resolve(host, port)
    return [one["host"] for one in found]


async def test_only_public_addresses_of_a_name_are_connected_to() -> None:
    names = Names(feeds_example=["10.0.0.1 1.1.1.1 ::1 2606:4700::1111 169.254.169.254"])
    assert await resolved(Addresses(), names, "feeds.example") == ["1.1.1.1", "2606:4700::1111"]
    assert names.asked == ["feeds.example"]


async def test_a_name_of_private_addresses_is_refused() -> None:
    names = Names(feeds_example=["10.0.0.1 ::1"])
    with pytest.raises(AddressError, match=r"feeds\.example is not on the public internet") as one:
        await resolved(Addresses(), names, "feeds.example")
    assert "FEEDS_ALLOW" in one.value.advice


@pytest.mark.parametrize("ip", ["169.254.169.254", "fe80::1", "100.100.100.200", "fd00:ec2::254"])
async def test_nobody_is_advised_to_allow_metadata(ip: str) -> None:
    """Such an address is no feed, and a name that leads there is refused even if it is listed."""
    with pytest.raises(AddressError, match="not on the public internet") as one:
        await resolved(Addresses(), Names(feeds_example=[ip]), "feeds.example")
    assert not one.value.advice
    host = f"[{ip}]" if ":" in ip else ip
    with pytest.raises(AddressError, match="not on the public internet") as one:
        Addresses().check(URL(f"http://{host}/"), is_proxied=False)
    assert not one.value.advice


@pytest.mark.parametrize(
    ("allow", "is_let_in"), [("", False), ("redis", True), ("10.0.0.0/8", True)]
)
def test_a_name_is_judged_before_it_is_resolved(allow: str, is_let_in: bool) -> None:
    """A name of the network may lead into a listed network."""
    addresses = Addresses(AllowList.parse(allow))
    with nullcontext() if is_let_in else pytest.raises(AddressError, match="not on the public"):
        addresses.check_unresolved(URL("http://redis/feed"))
    addresses.check_unresolved(URL("https://example.com/feed"))
    with pytest.raises(AddressError, match="not from port 99"):
        addresses.check_unresolved(URL("https://example.com:99/feed"))


async def test_names_are_resolved_by_the_system() -> None:
    assert {one.is_loopback for one in await look_up("localhost", 80)} == {True}
    with pytest.raises(OSError, match="label"):
        await look_up("a" * 64 + ".example", 80)


async def test_a_listed_network_is_requested_whatever_its_name() -> None:
    addresses = Addresses(AllowList.parse("10.0.0.0/8 [fd00::/8]:8080"))
    names = Names(wiki_example=["10.1.2.3 192.168.0.1 fd00::1"])
    assert await resolved(addresses, names, "wiki.example", 80) == ["10.1.2.3"]
    assert await resolved(addresses, names, "wiki.example", 8080) == ["fd00::1"]
    addresses.check(URL("http://wiki.example:8080/"), is_proxied=False)
    with pytest.raises(AddressError):
        addresses.check(URL("http://wiki.example:8081/"), is_proxied=False)


async def test_a_listed_name_may_be_private_but_never_metadata() -> None:
    addresses = Addresses(AllowList.parse("wiki.example,*.corp.example"))
    private = "10.1.2.3 127.0.0.1 fd00::1"
    beyond = "169.254.169.254 fe80::1 100.100.100.200 fd00:ec2::254 ::ffff:10.0.0.1 224.0.0.1 ::"
    for host in ("wiki.example", "a.b.corp.example", "wiki.example."):
        names = Names(**{host.replace(".", "_"): [f"{private} {beyond}"]})
        assert await resolved(addresses, names, host) == private.split()
    for host in ("corp.example", "evilcorp.example", "xwiki.example", "a.wiki.example"):
        with pytest.raises(AddressError):
            await resolved(addresses, Names(**{host.replace(".", "_"): [private]}), host)


def test_a_listed_port_is_that_port_alone() -> None:
    addresses = Addresses(AllowList.parse("127.0.0.1:8000 [::1]:8000 feeds.example:8443"))
    for url in ("http://127.0.0.1:8000/", "http://[::1]:8000/", "https://feeds.example:8443/"):
        addresses.check(URL(url), is_proxied=False)
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8443/", "https://feeds.example:8000/"):
        with pytest.raises(AddressError):
            addresses.check(URL(url), is_proxied=True)
    assert not addresses.permits("feeds.example", 8000, ip_address("1.1.1.1"))


@pytest.mark.parametrize(
    "text", ["*", "*.", "a b/c", "10.0.0.0/33", "1.2.3", "0x7f.1", "a:b", "a:0", "a:65536", "[::1",
             "[::1]8", "a@b", "a:", "http://a.example", "-:1:2", "ümläut..x", "a.example/feed"]
)  # fmt: skip
def test_a_malformed_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must list hosts or networks"):
        AllowList.parse(f"wiki.example, {text}")


def test_an_international_name_can_be_listed() -> None:
    addresses = Addresses(AllowList.parse("Bücher.example"))
    assert addresses.permits("xn--bcher-kva.example", 80, ip_address("10.0.0.1"))


@given(st.text(), st.booleans())
def test_any_text_is_permitted_or_refused_in_a_sentence(text: str, is_proxied: bool) -> None:
    problem = "."
    try:
        Addresses().check(URL(f"http://{text}/"), is_proxied=is_proxied)
    except AddressError as error:
        problem = str(error)
    except ValueError:
        return  # Not an address.
    assert problem.endswith(".")
    assert problem.isprintable()
