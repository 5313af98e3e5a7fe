"""One connection to a foreign endpoint: HTTP/1.1 over asyncio itself, its reading bounded, kept while it is good."""

import asyncio
import ssl
from typing import Any

import httpcore

IDLE = 2.0  # seconds; below the five after which common servers close
MOST_READ = 98_304  # bytes taken for one request: body and heads, however many an endpoint sends
TAKEN_AT_ONCE = 16_384  # bytes taken at once: between, others have their turn


class Wire:
    """Carries one request at a time; nobody's cookies, redirects or proxies, the last thing a webhook wants."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._held: httpcore.AsyncHTTPConnection | None = None

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """Over the connection that is there, or a new one where it is of another origin, closed, or idle too long."""
        held = self._held
        if held is None or not held.is_idle() or held.has_expired() or not held.can_handle_request(request.url.origin):
            await self.aclose()
            held = self._held = httpcore.AsyncHTTPConnection(
                request.url.origin, ssl_context=self._tls, keepalive_expiry=IDLE, network_backend=_Network()
            )
        return await held.handle_async_request(request)

    async def aclose(self) -> None:
        if self._held is not None:
            await self._held.aclose()
            self._held = None


class _Network(httpcore.AsyncNetworkBackend):
    """Connections by asyncio alone: whoever sends bounds the time, so no timeouts are needed below."""

    async def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(*await asyncio.open_connection(host, port))
        except OSError as cause:
            raise httpcore.ConnectError(str(cause)) from cause


class _Stream(httpcore.AsyncNetworkStream):
    """Of which only so much is read for what was last written: the parser bounds one head, but not how many come."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._read = 0

    async def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        try:
            taken = await self._reader.read(min(max_bytes, TAKEN_AT_ONCE))
        except OSError as cause:
            raise httpcore.ReadError(str(cause)) from cause
        self._read += len(taken)
        if self._read > MOST_READ:
            raise httpcore.RemoteProtocolError("the endpoint answers without end")
        return taken

    async def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        self._read = 0
        try:
            self._writer.write(buffer)
            await self._writer.drain()
        except OSError as cause:
            raise httpcore.WriteError(str(cause)) from cause

    async def aclose(self) -> None:
        self._writer.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        try:
            await self._writer.start_tls(ssl_context, server_hostname=server_hostname)
        except OSError as cause:
            self._writer.close()
            raise httpcore.ConnectError(str(cause)) from cause
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # while idle: the other side closed it
            return self._reader.at_eof()
        return self._writer.get_extra_info(info)
