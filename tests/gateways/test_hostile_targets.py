"""Receivers of webhooks that mean harm: whatever they do, a call ends in its time and keeps little (API-02)."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.gateways import webhook_target
from portal.gateways.webhook_target import Problem, TargetAnswer, TargetRefusedError, look_up, post
from portal.kit.networks import read_allowed

pytestmark = pytest.mark.req("API-02")

LIMIT_S = 0.4
# How long a receiver keeps its caller: who had no limit of his own would leave only then, and with another word.
PATIENCE_S = 10
DROP_S = 0.02
OK = b"HTTP/1.1 200 OK\r\n"
Behaviour = Callable[[socket.socket], None]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_UP_TIMEOUT_S", "CONNECT_TIMEOUT_S", "TOTAL_TIMEOUT_S"):
        monkeypatch.setattr(webhook_target, name, LIMIT_S)


def hang(peer: socket.socket) -> None:
    """Say nothing until the caller has gone."""
    peer.settimeout(PATIENCE_S)
    while peer.recv(4096):
        pass


def drip(*pieces: bytes) -> Behaviour:
    """Pieces, the last of them again and again, faster than any time-out of a socket."""

    def behave(peer: socket.socket) -> None:
        for piece in pieces[:-1]:
            peer.sendall(piece)
        for _ in range(int(PATIENCE_S / DROP_S)):
            peer.sendall(pieces[-1])
            time.sleep(DROP_S)  # It is what the receiver does; the test waits for nothing here.

    return behave


def flood(head: bytes) -> Behaviour:
    def behave(peer: socket.socket) -> None:
        peer.sendall(head)
        for _ in range(5 * 1024):
            peer.sendall(b"x" * 1024)

    return behave


@contextlib.contextmanager
def server(behave: Behaviour) -> Iterator[int]:
    """A receiver on a port of its own that does this with everybody who calls."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, _ = listening.accept()
                with peer, contextlib.suppress(OSError):
                    behave(peer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.close()


def call(port: int, scheme: str = "http") -> tuple[TargetAnswer, float]:
    began = time.monotonic()
    target = look_up(f"{scheme}://127.0.0.1:{port}/", [read_allowed(f"127.0.0.1:{port}")])
    answer = post(target, headers={}, body=b"{}")
    return answer, time.monotonic() - began


@pytest.mark.parametrize(
    ("behave", "problem"),
    [
        pytest.param(hang, Problem.TIMEOUT, id="hangs"),
        pytest.param(drip(b"H"), Problem.TIMEOUT, id="drips its first line"),
        pytest.param(drip(OK, b"A: b\r\n"), Problem.TIMEOUT, id="never ends its headers"),
        pytest.param(drip(b"HTTP/1.1 100 Continue\r\n\r\n"), Problem.TIMEOUT, id="says to go on for ever"),
        pytest.param(
            drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"), Problem.TIMEOUT, id="drips a chunk's size"
        ),
        pytest.param(flood(OK + b"A: "), Problem.BROKEN_ANSWER, id="5 MB of one header"),
        pytest.param(lambda peer: peer.close(), Problem.BROKEN_ANSWER, id="closes at once"),
        pytest.param(lambda peer: peer.sendall(b"\x16\x03\x01"), Problem.BROKEN_ANSWER, id="speaks something else"),
        pytest.param(flood(OK + b"Content-Length: 5242880\r\n\r\n"), None, id="5 MB"),
    ],
)
def test_a_call_ends_in_its_time_and_keeps_little(behave: Behaviour, problem: Problem | None) -> None:
    with server(behave) as port:
        answer, took_s = call(port)
    assert answer.problem is problem
    assert took_s < PATIENCE_S
    assert len(answer.excerpt) <= webhook_target.EXCERPT_MAX


def test_a_certificate_that_nobody_signed_is_refused_and_a_handshake_ends_in_its_time(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))

    def shake(peer: socket.socket) -> None:
        context.wrap_socket(peer, server_side=True).close()

    for behave, problem in (
        (shake, Problem.TLS),
        (drip(b"\x16"), Problem.TLS),
        (hang, Problem.TIMEOUT),
    ):
        with server(behave) as port:
            answer, took_s = call(port, "https")
        assert answer.problem is problem
        assert took_s < PATIENCE_S


def test_a_name_is_looked_up_once_so_that_it_cannot_change_between_the_look_and_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    system = socket.getaddrinfo

    def rebound(host: str, port: int, *args: int, **more: int) -> object:
        asked.append(host)
        return system({"rebinds.example": f"127.0.0.{len(asked)}"}.get(host, host), port, *args, **more)

    with server(lambda peer: peer.sendall(OK + b"Content-Length: 0\r\n\r\n" * bool(peer.recv(4096)))) as port:
        monkeypatch.setattr(socket, "getaddrinfo", rebound)
        target = look_up(f"http://rebinds.example:{port}/", [read_allowed(f"127.0.0.1:{port}")])
        assert post(target, headers={}, body=b"{}").status_code == 200
        assert asked[0] == "rebinds.example"
        assert "rebinds.example" not in asked[1:]
        with pytest.raises(TargetRefusedError) as refused:
            look_up(f"http://rebinds.example:{port}/", [read_allowed(f"127.0.0.1:{port}")])
    assert refused.value.problem is Problem.FORBIDDEN_ADDRESS


def test_one_number_of_a_name_that_may_not_be_called_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: both)
    with pytest.raises(TargetRefusedError) as refused:
        look_up("https://two-faced.example/", ())
    assert refused.value.problem is Problem.FORBIDDEN_ADDRESS


def test_names_of_a_server_that_never_answers_keep_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: done.wait(5) and [])
    monkeypatch.setattr(webhook_target, "_looking_up", threading.BoundedSemaphore(1))
    began = time.monotonic()
    for _ in range(2):  # The second finds no thread free.
        with pytest.raises(TargetRefusedError) as refused:
            look_up("https://silent.example/", ())
        assert refused.value.problem is Problem.TIMEOUT
    done.set()
    assert time.monotonic() - began < PATIENCE_S


def own_certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that signs itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    signed = built.add_extension(here, critical=False).sign(key, hashes.SHA256())
    path = folder / "own.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
