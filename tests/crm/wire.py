"""The bytes of a stand-in: reading requests, sending answers, breaking off where a fault is due.

Knows HTTP and sockets, nothing of CRMs.
"""

from __future__ import annotations

import gzip
import socket
import struct
import sys
import threading
import time
import traceback
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.crm.faults import Fault
from tests.crm.messages import Answer, Request, html_answer

Serve = Callable[[Request], tuple[Answer | None, Fault | None, datetime]]
_BODILESS = (204, 304)


class Server:
    """A threaded server on a free port of the loopback, answering by one function."""

    def __init__(self, serve: Serve) -> None:
        self.stopping = threading.Event()
        outer = self

        class Handler(_Handler):
            answer_by = staticmethod(serve)
            stopping = outer.stopping

        self._http = _QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Begin to answer, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end waiting answers."""
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    # Clients may keep a connection open for as long as they live.
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "standin"
    sys_version = ""
    # Headers and body leave at once; without it every small answer waits for an acknowledgement.
    disable_nagle_algorithm = True
    answer_by: Serve
    stopping: threading.Event
    _date: datetime

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the stand-in has a log of its own."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the simulated time as an HTTP date."""
        return format_datetime(self._date, usegmt=True)

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=unquote(parts.path),
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        answer, fault, self._date = type(self).answer_by(request)
        kind = fault.kind if fault else None
        if fault and kind == "slow":
            self._wait(fault.seconds)
        if answer is None or kind == "reset_after":
            self._reset()
            return
        if fault and kind == "html":
            answer = html_answer(fault.status or 200)
        if kind in ("truncated", "reset_in_body") and answer.status not in _BODILESS:
            whole = _whole(answer)
            answer = Answer(answer.status, whole, answer.headers)
            if kind == "truncated":
                answer = Answer(answer.status, whole[: len(whole) // 2], answer.headers)
        self._send(answer, breaks_off=kind == "reset_in_body")

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.stopping.wait(0.01):
            pass

    def _send(self, answer: Answer, *, breaks_off: bool) -> None:
        body = answer.body
        headers = dict(answer.headers)
        if "gzip" in self.headers.get("Accept-Encoding", "") and answer.status not in _BODILESS:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 1) if isinstance(body, bytes) else _zipped(body)
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if answer.status in _BODILESS:
            self.end_headers()
        elif isinstance(body, bytes):
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if breaks_off else body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in body:
                if piece:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        if breaks_off:
            self._reset()

    def _reset(self) -> None:
        """End the connection with a reset instead of an orderly close."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # The socket closes only once nothing reads from it any more.
        self.rfile.close()
        self.connection.close()


def _whole(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


def _zipped(pieces: Iterable[bytes]) -> Iterable[bytes]:
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
