"""URLs that must not be fetched."""

PUBLIC_ADDRESS = "93.184.215.14"

_THIS_MACHINE = (
    *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "0", "0.0.0.0", "0x0"),
    *("2130706433", "0x7f000001", "0x7F.1", "0x7f.0x0.0x0.0x1", "017700000001", "0177.0.0.1"),
    *("0177.0000.0000.0001", "127.0x0.0.01", "localhost", "LOCALHOST", "LocalHost", "localhost."),
    *("127.0.0.1.", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[::ffff:127.0.0.1]"),
    *("[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[::7f00:1]"),
    *("[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
    *("[2001:0:7f00:1::]", "127%2e0%2e0%2e1", "%31%32%37.0.0.1", "127。0。0。1", "１２７.0.0.1"),  # noqa: RUF001
    *("①②⑦.0.0.1", "ⓛocalhost", "ｌｏｃａｌｈｏｓｔ"),  # noqa: RUF001
)
_OTHER_ADDRESSES = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.254"),
    *("0xa000001", "167772161", "012.0.0.1", "169.254.169.254", "169.254.1.1", "0xa9fea9fe"),
    *("100.64.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7"),
    *("203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[2001:db8::1]"),
    *("[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:a00:1::]"),
    *("[100::1]", "[5f00::1]", "[3fff::1]", "[fd00:ec2::254]", "[4000::1]"),
)
_SCHEMES = (
    *("file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1/a", "gopher://a:70/_x"),
    *("dict://127.0.0.1:11211/stat", "ldap://127.0.0.1/", "data:image/png;base64,AAAA"),
    *("javascript:alert(1)", "ws://127.0.0.1/", "unix:///var/run/docker.sock", "jar:http://a!/b"),
    *("http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "blob:https://a/b", "//127.0.0.1/", "/a.jpg"),
    *("127.0.0.1/a.jpg", "", "http://", "https:///a.jpg", "http:", "http://?a", "http://#a"),
)


def hostile_urls(port: int) -> list[str]:
    """URLs that lead to a port of this machine, to other private addresses, or elsewhere."""
    return [
        *(f"http://{host}:{port}/" for host in _THIS_MACHINE),
        *(f"https://{host}:{port}/" for host in _THIS_MACHINE[:3]),
        *(f"http://{host}/" for host in _OTHER_ADDRESSES),
        *_SCHEMES,
        f"http://user:password@127.0.0.1:{port}/",
        f"http://public.example@127.0.0.1:{port}/",
        f"http://public.example:80@127.0.0.1:{port}/",
        f"http://public.example%40127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}\\@public.example/",
        f"http://127.0.0.1:{port}#@public.example/",
        f"http://127.0.0.1:{port}?@public.example/",
        f"http://a@b@127.0.0.1:{port}/",
        f"HTTP://127.0.0.1:{port}/",
        f"hTTp://127.0.0.1:{port}/",
        f" http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}/\r\nHost: public.example",
        f"http://127.0.0.1:{port}\r\n/",
        f"http:\\\\127.0.0.1:{port}\\",
        f"http:127.0.0.1:{port}/",
        f"http://0/@127.0.0.1:{port}/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:-1/",
        "http://127.0.0.1:http/",
        "http://[::1/",
        "http://::1/",
        "http://[fe80::1%25eth0]/",
        "http://127.0.0.1%00.public.example/",
        "http://nowhere.invalid/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 2000 + "example/",
        "http://.../",
        "http://xn--/",
        "http://*.public.example:1/",
        "http://localhost%09/",
    ]
