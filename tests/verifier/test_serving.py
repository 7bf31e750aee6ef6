"""``serve`` as a process: what browsers get of the page, and what nobody gets."""

import asyncio
import gzip
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.asgi import ask
from tests.support.certificates import certificate
from tests.support.servers import ended_by, free_port, heard
from tests.support.waiting import PATIENCE
from verifier.serving import CONTENT_SECURITY_POLICY, HEADERS, PAGE, create_app

pytestmark = pytest.mark.process

PROGRAM = """
import sys
from pathlib import Path
import verifier.serving
from verifier.commands import app

verifier.serving.PAGE = Path(sys.argv.pop(1))
app.main()
"""
"""The whole command over another page than the built one."""

SCRIPT = b"export const a = 1;\n" * 10_000
FILES = {
    "index.html": b"<!doctype html><title>Door</title>",
    "sw.js": b"self.skipWaiting()",
    "manifest.webmanifest": b"{}",
    "icons/icon-192.png": b"\x89PNG",
    "assets/index-DiwrgTda.js": SCRIPT,
    "assets/index-C4_-x9Za.css": b"a{}",
    "assets/reader-BWJxQJVs.wasm": b"\0asm" + bytes(5_000),
    "assets/unhashed.js": b"0",
    "assets/odd-DiwrgTda.weird": b"?",
}
SECRET = b"what no browser gets"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built page, behind a link, with a secret beside it and a link to the secret in it."""
    folder = tmp_path_factory.mktemp("web")
    built = folder / "built"
    for name, content in FILES.items():
        path = built / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "secret.txt").write_bytes(SECRET)
    (built / "link.txt").symlink_to(folder / "secret.txt")
    (built / "loop.txt").symlink_to("loop.txt")
    (folder / "dist").symlink_to(built)
    return folder / "dist"


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[str]"
    port: int
    first_line: str
    trust: ssl.SSLContext | None = None

    def ask(self, path: str, method: str = "GET", **headers: str) -> Got:
        """One request, its path as it is written here."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(self._connection()) as connection:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            members = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, members, answer.read())

    def _connection(self) -> http.client.HTTPConnection:
        if self.trust is None:
            return http.client.HTTPConnection("localhost", self.port, timeout=PATIENCE)
        return http.client.HTTPSConnection(
            "localhost", self.port, timeout=PATIENCE, context=self.trust
        )

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Its exit status, and what it wrote after its first line."""
        return ended_by(self.process, number)


def command(page: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(page), "serve", *map(str, arguments)]


@contextmanager
def serving(
    page: Path, *arguments: object, trust: ssl.SSLContext | None = None, **environment: str
) -> Iterator[Server]:
    """Run ``serve`` until the block ends; its port is open when the block begins."""
    port = free_port()
    with heard(command(page, "--port", port, *arguments), **environment) as process:
        assert process.stdout is not None
        yield Server(process, port, process.stdout.readline(), trust)


def refused(page: Path, *arguments: object) -> str:
    """The one line of a ``serve`` that cannot begin."""
    ended = subprocess.run(
        command(page, *arguments), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    [line] = ended.stderr.splitlines()
    return line.removeprefix("error: ")


@pytest.fixture(scope="module")
def server(page: Path) -> Iterator[Server]:
    with serving(page) as running:
        yield running


# What a browser gets


@pytest.mark.parametrize(
    ("path", "media_type", "keep"),
    [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/icons/icon-192.png", "image/png", "no-cache"),
        ("/assets/index-DiwrgTda.js", "text/javascript; charset=utf-8", "forever"),
        ("/assets/index-C4_-x9Za.css", "text/css; charset=utf-8", "forever"),
        ("/assets/reader-BWJxQJVs.wasm", "application/wasm", "forever"),
        ("/assets/unhashed.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/assets/odd-DiwrgTda.weird", "application/octet-stream", "forever"),
    ],
)
def test_each_file_has_its_content_its_type_and_its_time_to_keep(
    server: Server, path: str, media_type: str, keep: str
) -> None:
    got = server.ask(path)
    assert (got.status, got.body) == (200, FILES[path.lstrip("/") or "index.html"])
    assert got.headers["content-type"] == media_type
    forever = "public, max-age=31536000, immutable"
    assert got.headers["cache-control"] == (forever if keep == "forever" else keep)


def test_a_query_does_not_change_what_is_given(server: Server) -> None:
    assert server.ask("/?source=pwa").body == FILES["index.html"]


@pytest.mark.parametrize("path", ["/", "/assets/index-DiwrgTda.js", "/nothing", "/../secret.txt"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_answer_tells_the_browser_what_the_page_may_do(
    server: Server, path: str, method: str
) -> None:
    headers = server.ask(path, method).headers
    assert {name: headers[name.lower()] for name in HEADERS} == HEADERS
    assert "date" in headers
    assert not {"server", "set-cookie", "strict-transport-security"} & set(headers)
    assert not [name for name in headers if name.startswith("access-control-")]


def test_the_page_may_load_only_itself_and_talk_only_to_issuers() -> None:
    policy = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "img-src": "'self' blob:",
        "media-src": "'self' blob:",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "connect-src": "'self' https: http://localhost:* http://127.0.0.1:*",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_page_may_use_the_camera_and_keep_the_screen_on_and_nothing_else(
    server: Server,
) -> None:
    features = server.ask("/").headers["permissions-policy"].split(", ")
    allowed = {feature for feature in features if not feature.endswith("=()")}
    assert allowed == {"camera=(self)", "screen-wake-lock=(self)"}
    assert {"microphone=()", "geolocation=()", "display-capture=()", "usb=()"} < set(features)


def test_files_travel_compressed_where_the_browser_takes_that(server: Server) -> None:
    got = server.ask("/assets/index-DiwrgTda.js", Accept_Encoding="gzip, deflate, br")
    assert got.headers["content-encoding"] == "gzip"
    assert got.headers["vary"] == "Accept-Encoding"
    assert len(got.body) < len(SCRIPT) / 20
    assert gzip.decompress(got.body) == SCRIPT
    assert server.ask("/icons/icon-192.png", Accept_Encoding="gzip").body == b"\x89PNG"


def test_a_file_that_the_browser_has_is_not_sent_again(server: Server) -> None:
    tag = server.ask("/sw.js").headers["etag"]
    again = server.ask("/sw.js", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


def test_head_answers_as_get_does_without_the_content(server: Server) -> None:
    got = server.ask("/assets/index-DiwrgTda.js", "HEAD")
    assert (got.status, got.body) == (200, b"")
    assert got.headers["content-length"] == str(len(SCRIPT))
    assert server.ask("/nothing", "HEAD").status == 404


# What nobody gets


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/nothing"])
def test_the_page_is_read_and_never_written(server: Server, path: str, method: str) -> None:
    got = server.ask(path, method)
    assert (got.status, got.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/assets/missing-DiwrgTda.js",
        "/index.html/x",
        "/.git/config",
        "/secret.txt",
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%5csecret.txt",
        "/%252e%252e/secret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/link.txt",
        "/loop.txt",
        "/null%00.html",
        "/%ff%fe",
        "/" + "a" * 5_000,
    ],
)
def test_whatever_is_no_file_of_the_page_is_not_found_and_not_repeated(
    server: Server, path: str
) -> None:
    got = server.ask(path)
    assert (got.status, got.body) == (404, b"Not Found")
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.headers["cache-control"] == "no-cache"
    assert "location" not in got.headers


def test_a_page_that_is_taken_away_is_missing_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    with serving(tmp_path) as running:
        assert running.ask("/").status == 200
        (tmp_path / "index.html").unlink()
        tmp_path.rmdir()
        assert running.ask("/").status == 404
        assert running.stop() == (0, "", "")


def test_what_nobody_foresaw_is_answered_in_one_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = create_app(tmp_path)
    tmp_path.rmdir()  # Starlette takes this for a mistake of whoever wrote the program.
    reply = asyncio.run(ask(app, "GET", "/880317300134"))
    assert (reply.status, reply.body) == (500, b"Failed")
    shown = capfd.readouterr()
    assert shown.out == ""
    assert re.fullmatch(r"error: RuntimeError at staticfiles\.py:\d+\n", shown.err)


# The process


def test_no_request_is_written_down(page: Path) -> None:
    with serving(page) as running:
        line = f"serving the page on http://127.0.0.1:{running.port}; stop with Ctrl-C\n"
        assert running.first_line == line
        for path in ("/?code=880317300134", "/880317300134", "/../880317300134"):
            running.ask(path, Referer="https://example.test/880317300134")
        running.ask("/880317300134", "POST")
        assert running.stop() == (0, "", "")


def test_a_service_manager_ends_it_in_peace(page: Path) -> None:
    with serving(page, "--json") as running:
        assert json.loads(running.first_line) == {
            "url": f"http://127.0.0.1:{running.port}",
            "host": "127.0.0.1",
            "port": running.port,
        }
        assert running.ask("/").status == 200
        status, out, err = running.stop(signal.SIGTERM)
    assert (status, out, err) == (-signal.SIGTERM, "", "")


def test_it_needs_no_device_and_makes_none(page: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(page, QUPIA_VERIFIER_HOME=str(home), HOME=str(tmp_path)) as running:
        assert running.ask("/").status == 200
        running.stop()
    assert list(tmp_path.iterdir()) == []


def test_with_tls_other_machines_are_told_to_stay_with_it(page: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    words = ("--tls-cert", cert, "--tls-key", key, "--host", "0.0.0.0")
    with serving(page, *words, trust=ssl.create_default_context(cafile=cert)) as running:
        assert running.ask("/").headers["strict-transport-security"] == "max-age=31536000"


def test_with_tls_the_page_is_served_as_without(page: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=cert)
    with serving(page, "--tls-cert", cert, "--tls-key", key, trust=trust) as running:
        assert f" https://127.0.0.1:{running.port};" in running.first_line
        got = running.ask("/")
        assert (got.status, got.body) == (200, FILES["index.html"])
        # It would hold for every other program on this machine as well.
        assert "strict-transport-security" not in got.headers
        assert {name: got.headers[name.lower()] for name in HEADERS} == HEADERS
        assert running.stop() == (0, "", "")


def test_without_tls_other_machines_are_warned_of_once(page: Path) -> None:
    with serving(page, "--host", "0.0.0.0") as running:
        assert running.first_line.startswith("serving the page on http://0.0.0.0:")
        assert running.ask("/").status == 200
        _, _, err = running.stop()
    assert err == (
        "warning: phones give a page neither camera nor service worker over plain http; "
        "give --tls-cert and --tls-key\n"
    )


def test_with_tls_other_machines_need_no_warning(page: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    trust = ssl.create_default_context(cafile=cert)
    options = ("--host", "0.0.0.0", "--tls-cert", cert, "--tls-key", key)
    with serving(page, *options, trust=trust) as running:
        assert running.ask("/").status == 200
        assert running.stop() == (0, "", "")


def test_a_port_that_is_taken_is_one_line(page: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert refused(page, "--port", port) == (
            f"cannot listen on 127.0.0.1:{port} (Address already in use); choose another --port"
        )


def test_a_page_that_is_not_built_is_one_line(tmp_path: Path) -> None:
    assert refused(tmp_path / "dist") == "the page is not built; run: make page"
    assert refused(tmp_path) == "the page is not built; run: make page"


def test_tls_files_that_cannot_be_used_are_one_line(page: Path, tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    together = "--tls-cert and --tls-key belong together"
    assert refused(page, "--tls-cert", cert) == together
    assert refused(page, "--tls-key", key) == together
    broken = "the TLS files cannot be used; give a PEM certificate chain and its key"
    assert refused(page, "--tls-cert", key, "--tls-key", cert) == broken
    assert refused(page, "--tls-cert", cert, "--tls-key", tmp_path / "none.pem") == broken


@pytest.mark.parametrize("port", ["0", "65536", "door"])
def test_a_port_that_is_none_is_one_line(page: Path, port: str) -> None:
    assert "--port" in refused(page, "--port", port)


def test_the_built_page_is_served_as_it_is() -> None:
    with serving(PAGE) as running:
        for path in PAGE.rglob("*"):
            if path.is_file():
                got = running.ask("/" + path.relative_to(PAGE).as_posix())
                assert (got.status, got.body) == (200, path.read_bytes())
                assert got.headers["content-type"] != "application/octet-stream", path.name
        assert running.stop() == (0, "", "")
