"""Fetching goes where it may, ends when it must, and says why nothing came."""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event, Thread
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from callcrm.lib import http
from callcrm.lib.http import FetchError, fetch
from tests import carrier as provider
from tests.carrier import Carrier, free_port

AUDIO = bytes(range(256)) * 1000
LISTED = {"allowed_hosts": ["api.example.com"], "redirect_hosts": [".media.example.com"]}


@pytest.fixture
def carrier():
    with Carrier() as running:
        yield running


def get(url, **options):
    options = {"max_bytes": 10**6, "seconds": 5, "types": ["audio/"]} | options
    with fetch(url, **options) as answer:
        return b"".join(answer.blocks())


def refusal(url, **options):
    with pytest.raises(FetchError) as refused:
        get(url, **options)
    return refused.value.code


@pytest.fixture
def addresses(monkeypatch):
    """Names lead where the test says; nothing is connected to."""
    connected = []

    def lead_to(*found):
        def resolve(host, port, **_):
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in found
            ]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def connect(self, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    lead_to.connected = connected
    return lead_to


# --- Where it goes


def test_the_operators_own_base_is_trusted_even_on_this_machine(carrier):
    carrier.will(provider.audio(AUDIO))
    assert get(f"{carrier.base}/a.wav?x=1", auth=("AC1", "secret"), trusted_base=carrier.base) == AUDIO
    [asked] = carrier.asked
    assert asked.path == "/a.wav?x=1"
    assert asked.headers["Authorization"] == "Basic QUMxOnNlY3JldA=="
    assert asked.headers["Host"] == carrier.base.removeprefix("http://")


@pytest.mark.parametrize("base", ["", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_this_machine_is_refused_unless_it_is_exactly_that_base(carrier, base):
    assert refusal(f"{carrier.base}/a.wav", trusted_base=base) == "refused_host"
    assert carrier.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/a",
        "https://api.example.com:8443/a",
        "https://user@api.example.com/a",
        "https://api.example.com@127.0.0.1/a",
        "https://127.0.0.1\\@api.example.com/a",
        "https://api.example.com.evil.example/a",
        "https://evil.example/api.example.com",
        "https://x.media.example.com/only-after-a-redirect",
        "https://apі.example.com/cyrillic",
        "https://api.example.com./a",
        "https://api.example.com:99999/a",
        "https://[::1]/a",
        "https://api.example.com/a b",
        "https://api.example.com/a\r\nX: y",
        "https://",
        "file:///etc/passwd",
        "ftp://api.example.com/a",
        "//api.example.com/a",
    ],
)
def test_what_is_not_a_listed_host_over_https_is_refused_before_a_name_is_asked(url, addresses):
    addresses("203.0.113.9")
    assert refusal(url, **LISTED) == "refused_host"
    assert addresses.connected == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104  # an address to refuse
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::",
        "fe80::1%eth0", "fec0::1",
    ],
)  # fmt: skip
def test_a_listed_name_that_leads_inside_is_refused(address, addresses):
    addresses("93.184.216.34", address)
    assert refusal("https://api.example.com/a", **LISTED) == "refused_address"
    assert addresses.connected == []


def test_it_connects_to_the_address_that_was_checked_and_asks_for_it_once(addresses):
    addresses("93.184.216.34", "2606:2800:220:1::1")
    assert refusal("https://api.example.com/a", **LISTED) == "unreachable"
    assert addresses.connected == [("93.184.216.34", 443), ("2606:2800:220:1::1", 443)]


def test_a_form_is_posted_as_it_is(carrier):
    carrier.will(provider.body(b"{}", "application/json"))
    form = {"Status": "paused", "Odd": "a&b=c d\u00e9\r\n"}
    assert get(f"{carrier.base}/x.json", trusted_base=carrier.base, types=[], form=form) == b"{}"
    [asked] = carrier.asked
    assert (asked.method, asked.body) == ("POST", b"Status=paused&Odd=a%26b%3Dc+d%C3%A9%0D%0A")
    assert asked.headers["Content-Length"] == str(len(asked.body))


def test_a_form_is_not_posted_to_where_an_answer_leads(carrier):
    carrier.will(provider.redirect(f"{carrier.base}/elsewhere"))
    assert refusal(f"{carrier.base}/x.json", trusted_base=carrier.base, form={"a": "b"}) == "status_302"
    assert len(carrier.asked) == 1


# --- Redirects


def test_a_redirect_to_another_port_of_this_machine_is_refused(carrier):
    with Carrier() as other:
        carrier.will(provider.redirect(f"{other.base}/a.wav"))
        assert refusal(f"{carrier.base}/a.wav", auth=("a", "b"), trusted_base=carrier.base) == "refused_host"
        assert other.asked == []


@pytest.mark.parametrize(
    "location", ["http://x.media.example.com/", "https://media.example.com/", "//evil.example/"]
)
def test_a_redirect_to_a_host_that_is_not_listed_is_refused(carrier, location):
    carrier.will(provider.redirect(location))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, **LISTED) == "refused_host"


def test_a_redirect_to_a_listed_host_is_checked_by_address_too(carrier, monkeypatch):
    carrier.will(provider.redirect("https://x.media.example.com/a"))
    real = socket.getaddrinfo
    inside = [(socket.AF_INET, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda h, *a, **k: inside if "media" in h else real(h, *a, **k)
    )
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, **LISTED) == "refused_address"


def test_credentials_go_to_the_first_address_alone(carrier):
    carrier.will(provider.redirect("/moved"), provider.redirect("/again", 307), provider.audio(AUDIO))
    assert get(f"{carrier.base}/a", auth=("AC1", "secret"), trusted_base=carrier.base) == AUDIO
    assert [asked.path for asked in carrier.asked] == ["/a", "/moved", "/again"]
    assert ["Authorization" in asked.headers for asked in carrier.asked] == [True, False, False]


def test_a_third_redirect_is_not_followed(carrier):
    carrier.will(provider.redirect("/round"))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "too_many_redirects"
    assert len(carrier.asked) == 3


def test_a_redirect_to_nowhere_is_told_by_its_status(carrier):
    carrier.will(provider.status(302))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "status_302"


# --- What comes


@pytest.mark.parametrize("code", [204, 400, 401, 404, 410, 500, 503])
def test_any_other_status_is_told(carrier, code):
    carrier.will(provider.status(code))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == f"status_{code}"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("999999", 3600),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0),
        ("Sat, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Sat, 01 Jan 2000 00:00:00 +99999999999999", None),
    ],
)
def test_a_server_may_say_when_to_come_back(carrier, said, seconds):
    carrier.will(provider.status(429, Retry_After=said))
    with pytest.raises(FetchError) as refused:
        get(f"{carrier.base}/a", trusted_base=carrier.base)
    assert (refused.value.code, refused.value.retry_after) == ("status_429", seconds)


def test_a_date_to_come_back_is_read_as_seconds():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (http._pause(later) or 0) <= 100


@pytest.mark.parametrize(
    "reply", [provider.html(), provider.body(AUDIO, ""), provider.body(AUDIO, "video/mp4")]
)
def test_another_type_is_refused(carrier, reply):
    carrier.will(reply)
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "wrong_type"


def test_what_was_packed_unasked_is_refused(carrier):
    carrier.will(provider.body(AUDIO, **{"Content-Encoding": "gzip"}))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "wrong_type"


def test_what_announces_too_much_is_not_read(carrier):
    carrier.will(provider.body(b"x", announced=600 * 2**20))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, max_bytes=500 * 2**20) == "too_large"


def test_what_announces_nothing_is_counted(carrier):
    carrier.will(provider.endless(600))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, max_bytes=2**20) == "too_large"
    assert carrier.sent < 100 * 2**20


def test_what_announces_nothing_and_ends_well_is_whole(carrier):
    carrier.will(provider.endless(2))
    assert get(f"{carrier.base}/a", trusted_base=carrier.base, max_bytes=2**21) == bytes(2**21)


@pytest.mark.parametrize("reply", [provider.cut(AUDIO), provider.body(AUDIO, announced=len(AUDIO) + 1)])
def test_what_ends_before_its_end_is_told(carrier, reply):
    carrier.will(reply)
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "cut_short"


def test_what_is_not_http_is_told(carrier):
    carrier.will(provider.garbage())
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base) == "unreachable"


def test_nobody_there_is_told():
    base = f"http://127.0.0.1:{free_port()}"
    assert refusal(f"{base}/a", trusted_base=base) == "unreachable"


# --- How long


@pytest.mark.parametrize("reply", [provider.silence(), provider.drip(AUDIO), provider.drip(AUDIO, head=True)])
def test_neither_silence_nor_a_drip_outlives_the_time(carrier, reply):
    carrier.will(reply)
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, seconds=0.4) == "too_slow"


def test_a_redirect_buys_no_time(carrier):
    carrier.will(provider.redirect("/slow"), provider.silence())
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, seconds=0.4) == "too_slow"


def test_a_pause_between_two_bytes_has_a_limit_of_its_own(carrier, monkeypatch):
    monkeypatch.setattr(http, "IDLE_SECONDS", 0.2)
    carrier.will(provider.silence())
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, seconds=60) == "too_slow"


@pytest.mark.parametrize("first", [[], [provider.redirect("/b")]], ids=["at once", "after a redirect"])
def test_a_head_that_drips_has_a_limit_of_its_own(carrier, monkeypatch, first):
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.3)
    carrier.will(*first, provider.drip(AUDIO, head=True))
    begun = monotonic()
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, seconds=6) == "too_slow"
    assert monotonic() - begun < 4


def test_the_limit_of_the_head_is_none_of_the_body(carrier, monkeypatch):
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.3)
    carrier.will(provider.drip(b"0123456789"))
    assert get(f"{carrier.base}/a", trusted_base=carrier.base, seconds=60) == b"0123456789"


# --- Deleting


def test_deleting_asks_once_and_follows_nothing(carrier):
    carrier.will(provider.status(204))
    with fetch(f"{carrier.base}/a", max_bytes=0, seconds=5, trusted_base=carrier.base, method="DELETE"):
        assert [asked.method for asked in carrier.asked] == ["DELETE"]
    carrier.will(provider.redirect("/b"))
    assert refusal(f"{carrier.base}/a", trusted_base=carrier.base, method="DELETE") == "status_302"


# --- Certificates


def certificate(folder, name):
    key, day = ec.generate_private_key(ec.SECP256R1()), timedelta(days=1)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(datetime.now(UTC) - day).not_valid_after(datetime.now(UTC) + day)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    file = folder / f"{name}.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(plain + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A server with a certificate for `localhost` that we trust; remembers which names it was asked for."""
    file, names = certificate(tmp_path, "localhost"), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setattr(http, "_tls", lambda: ssl.create_default_context(cafile=str(file)))
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as spoken:
                    spoken.recv(4096)
                    spoken.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: 2\r\n\r\nok"
                    )

    Thread(target=serve, daemon=True).start()
    yield listening.getsockname()[1], names
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def test_over_https_the_name_is_asked_for_and_its_certificate_checked(secure, monkeypatch):
    port, names = secure
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *a, **k: real("127.0.0.1", *a, **k))
    assert get(f"https://localhost:{port}/a", trusted_base=f"https://localhost:{port}") == b"ok"
    assert (
        refusal(f"https://other.example:{port}/a", trusted_base=f"https://other.example:{port}")
        == "untrusted"
    )
    assert names == ["localhost", "other.example"]


def test_a_failure_repeats_nothing_of_the_address():
    secret = "https://api.example.com:1/AC123/secret"
    with pytest.raises(FetchError) as refused:
        get(secret, **LISTED)
    assert str(refused.value) == "refused_host"
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("where", ["trusted", "listed", "redirected"])
def test_a_resolver_that_hangs_keeps_nobody_longer_than_was_given(carrier, monkeypatch, where):
    over, real = Event(), socket.getaddrinfo

    def hangs(host, *args, **named):
        return real(host, *args, **named) if host == "127.0.0.1" else over.wait(30) and []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    carrier.will(provider.redirect("https://x.media.example.com/a"))
    address, base = {
        "trusted": ("http://slow.example:1/a", "http://slow.example:1"),
        "listed": ("https://api.example.com/a", carrier.base),
        "redirected": (f"{carrier.base}/a", carrier.base),
    }[where]
    begun = monotonic()
    try:
        assert refusal(address, trusted_base=base, seconds=0.3, **LISTED) == "too_slow"
        assert monotonic() - begun < 5
    finally:
        over.set()
