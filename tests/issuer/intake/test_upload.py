"""Uploads as they arrive: one file in memory, or one reason, and never anything left."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn import Config

from issuer.intake.upload import Upload, UploadFault, UploadRefused, receive_upload

BOUNDARY = "----qupia"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
FILE = b"\r\n\r\n--not the boundary\r\n\xff\x00;\xd0" * 10


def part(data: bytes, name: str = "export", file: str | None = "a.csv") -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def receive(body: bytes, *, kind: str = TYPE, size: int = 4096, limit: int = 10_000) -> Upload:
    return asyncio.run(receive_upload(pieces(body, size), kind, limit=limit))


def refused(body: bytes, *, kind: str = TYPE, size: int = 4096, limit: int = 10_000) -> UploadFault:
    with pytest.raises(UploadRefused) as caught:
        receive(body, kind=kind, size=size, limit=limit)
    return caught.value.fault


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = memory_files()
    yield
    assert memory_files() == before


def memory_files() -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum("memfd:upload" in str(link.readlink()) for link in links if link.is_symlink())


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_file_and_the_small_fields_are_received(size: int) -> None:
    fields = part(b"token", "csrf", None), part("ә".encode(), "note", None)
    with receive(form(fields[0], part(FILE), fields[1]), size=size) as upload:
        assert upload.paths[0].read_bytes() == upload.paths[0].read_bytes() == FILE
        assert upload.size == len(FILE)
        assert upload.fields == {"csrf": "token", "note": "ә"}
        assert "token" not in repr(upload)


def test_the_file_is_on_no_disk_and_without_its_name() -> None:
    with receive(form(part(FILE, file="Пациенты.csv"))) as upload:
        assert str(upload.paths[0].readlink()).startswith("/memfd:upload")


def test_an_upload_can_be_closed_twice() -> None:
    upload = receive(form(part(FILE)))
    upload.close()
    upload.close()


def test_the_limit_is_on_the_file_and_is_kept_while_reading() -> None:
    receive(form(part(b"x" * 10_000))).close()
    assert refused(form(part(b"x" * 10_001))) is UploadFault.TOO_LARGE

    async def endless() -> AsyncIterator[bytes]:
        yield part(b"x")[:-2]
        while True:
            sent.append(1)
            yield b"x" * 1000

    sent: list[int] = []
    with pytest.raises(UploadRefused) as caught:
        asyncio.run(receive_upload(endless(), TYPE, limit=10_000))
    assert caught.value.fault is UploadFault.TOO_LARGE
    assert len(sent) <= 11


@pytest.mark.parametrize("around", [b"", part(b"1", "csrf", None)])
def test_a_body_that_is_only_beginning_and_space_is_limited_too(around: bytes) -> None:
    long = form(around, part(b"y" * 70_000, "note", None))
    assert refused(long) is UploadFault.TOO_LARGE
    assert refused(form(part(FILE)) + b"\r\n" * 60_000) is UploadFault.TOO_LARGE


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/csv",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=" + "x" * 1000,
        "multipart/form-data; boundary=ә",
    ],
)
def test_what_is_no_form_is_refused(kind: str) -> None:
    assert refused(form(part(FILE)), kind=kind) is UploadFault.NOT_A_FORM


@pytest.mark.parametrize(
    "body",
    [
        b"iin;result\r\n",
        form(part(FILE)).replace(b"Content-Disposition", b"Content Disposition"),
        form(part(FILE)).replace(b"name=", b"name=" + b"x" * 10_000),
        form(part(FILE)).replace(b"\r\n\r\n", b"\r\nX: 1" * 20 + b"\r\n\r\n", 1),
    ],
)
def test_a_form_that_is_damaged_is_refused(body: bytes) -> None:
    assert refused(body) is UploadFault.NOT_A_FORM


def test_a_form_that_is_broken_off_is_refused() -> None:
    whole = form(part(b"1", "csrf", None), part(FILE))
    for end in (0, 1, 20, len(whole) - 200, len(whole) - 4):
        assert refused(whole[:end]) is UploadFault.TRUNCATED


def test_a_form_without_a_file_is_refused() -> None:
    assert refused(form(part(b"1", "csrf", None))) is UploadFault.NO_FILE
    assert refused(form(part(b"", file=""))) is UploadFault.NO_FILE


def test_several_files_are_kept_apart_and_bounded_together() -> None:
    content = form(part(b"first"), part(b"second"), part(b"yes", "dry_run", None))
    with receive(content) as upload:
        assert [path.read_bytes() for path in upload.paths] == [b"first", b"second"]
        assert (upload.size, upload.fields) == (11, {"dry_run": "yes"})
    assert upload.paths == []
    assert refused(content, limit=10) is UploadFault.TOO_LARGE


def test_ten_thousand_parts_are_refused_at_the_seventeenth() -> None:
    assert refused(form(*[part(b"", "x", None)] * 10_000)) is UploadFault.TOO_MANY_PARTS


def test_a_connection_that_breaks_leaves_nothing() -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield part(FILE)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(receive_upload(breaking(), TYPE))


def test_an_upload_that_is_cancelled_leaves_nothing() -> None:
    async def hanging() -> AsyncIterator[bytes]:
        yield part(FILE)[:-40]
        await asyncio.sleep(3600)

    async def cancel() -> None:
        task = asyncio.create_task(receive_upload(hanging(), TYPE))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())


@given(at=st.integers(0, 400), junk=st.binary(max_size=5), size=st.integers(1, 64))
def test_any_damage_gives_a_file_or_a_reason(at: int, junk: bytes, size: int) -> None:
    whole = form(part(b"1", "csrf", None), part(FILE[:100]))
    try:
        receive(whole[:at] + junk + whole[at + len(junk) :], size=size).close()
    except UploadRefused:
        return


def test_a_file_of_no_bytes_is_for_intake_to_refuse() -> None:
    with receive(form(part(b""))) as upload:
        assert upload.paths[0].stat().st_size == upload.size == 0


@pytest.mark.parametrize(
    "head", [b"a\rb: c\r\n\r\n", b"a b: c\r\n\r\n", b"a: b\r\n\rc", b"a: b\r\n\r\nc\r\n--x"]
)
def test_nothing_of_what_cannot_be_read_is_logged(
    head: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    Config(None)  # It sets up the logs of the service.
    refused(f"--{BOUNDARY}\r\n".encode() + head)
    refused(form(part(FILE))[1:])
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")
