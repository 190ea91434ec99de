"""Web sites on this machine, over TLS, with a certificate authority of the tests' own."""

import ssl
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

import anyio.to_thread
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.runtime.addresses import IPAddress

NAMES: tuple[x509.GeneralName, ...] = (
    x509.DNSName("localhost"),
    x509.DNSName("app.example"),
    x509.IPAddress(ip_address("127.0.0.1")),
)


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and the certificate that it gave to the sites."""

    ca_file: Path
    chain_file: Path


def make_authority(directory: Path) -> Authority:
    """An authority and a certificate for NAMES, as PEM files."""
    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tests")])

    def builder(public_key: ec.EllipticCurvePublicKey, name: x509.Name) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        builder(ca_key.public_key(), ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        builder(key.public_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A site")]))
        .add_extension(x509.SubjectAlternativeName(NAMES), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    made = Authority(directory / "ca.pem", directory / "chain.pem")
    made.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.chain_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return made


@dataclass(frozen=True)
class Answer:
    """What a site says at one path; of a `slow` answer, half of the body comes while the site is open."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    slow: bool = False


@dataclass
class Site:
    """A site that answers what a test sets up, and 404 elsewhere; `seen` are the requests received."""

    port: int
    answers: dict[str, Answer | Callable[[], Answer]] = field(default_factory=dict[str, Answer | Callable[[], Answer]])
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(
        default_factory=list[tuple[str, str, dict[str, str], bytes]]
    )
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "localhost") -> str:
        """The address of a path."""
        return f"https://{host}:{self.port}{path}"

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(each[1] == path for each in self.seen)

    def never(self) -> Answer:
        """An answer that does not come while the site is open."""
        self.closing.wait()
        return Answer(status=404)


@contextmanager
def running_site(authority: Authority) -> Generator[Site]:
    """A site on a free port of 127.0.0.1 while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.seen.append((self.command, self.path, headers, body))
            found = site.answers.get(self.path, Answer(status=404))
            answer = found if isinstance(found, Answer) else found()
            self.send_response(answer.status)
            for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.slow:
                self.wfile.write(answer.body[: len(answer.body) // 2])
                site.closing.wait()
            else:
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that hung up, as some tests want it to

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.chain_file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site = Site(cast("tuple[str, int]", server.server_address)[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Names:
    """A name server: gives each answer of a name once, the last one again and again; counts the questions."""

    known: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, host: str, port: int) -> Sequence[IPAddress]:
        self.asked.append(host)
        if host not in self.known:
            raise OSError("no such name")
        answers = self.known[host]
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(each) for each in given]


class SilentNames:
    """A name server that answers for `localhost`, and for others once `released` is set."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[IPAddress]:
        self.asked.append(host)
        if host != "localhost":
            self.waiting.release()
            self.released.wait()
            raise OSError("no such name")
        return [ip_address("127.0.0.1")]


async def seen(arrivals: threading.Semaphore, times: int) -> None:
    """Wait until something has arrived so many times."""
    for _ in range(times):
        await anyio.to_thread.run_sync(arrivals.acquire)
