"""The body of an answer: read to its end or to a bound, and unpacked within that bound."""

import zlib
from collections.abc import AsyncIterable, Mapping

from spoke_admin.domain.error import AdminError

PIECE = 256 * 1024


async def read_body(chunks: AsyncIterable[bytes], headers: Mapping[str, str], most_bytes: int) -> bytes:
    """The body, at most `most_bytes` long on the wire and unpacked. Raises AdminError beyond, or when packed oddly."""
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most_bytes:
        raise _too_large(most_bytes)
    packing = headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity"):
        return await _plain(chunks, most_bytes)
    if packing in ("gzip", "x-gzip"):
        return await _unpacked(chunks, most_bytes)
    raise AdminError(
        "The server packed its answer in a way that was not asked for.",
        "Tell whoever runs it: the call asks for Content-Encoding identity.",
        packing[:60],
    )


async def _plain(chunks: AsyncIterable[bytes], most_bytes: int) -> bytes:
    first, rest = b"", bytearray()  # most answers come in one piece; no list: two bytes a chunk would swell to sixty
    async for chunk in chunks:
        if len(first) + len(rest) + len(chunk) > most_bytes:
            raise _too_large(most_bytes)
        if first:
            rest += chunk
        else:
            first = chunk
    return first + rest if rest else first


async def _unpacked(chunks: AsyncIterable[bytes], most_bytes: int) -> bytes:
    """gzip, one member. Unpacked piece by piece: half a megabyte can unpack to half a gigabyte."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    body = bytearray()
    packed_bytes = 0
    try:
        async for chunk in chunks:
            packed_bytes += len(chunk)
            rest = chunk
            while rest and not unpacker.eof:
                body += unpacker.decompress(rest, PIECE)
                rest = unpacker.unconsumed_tail
                if max(len(body), packed_bytes) > most_bytes:
                    raise _too_large(most_bytes)
            if unpacker.unused_data or rest:
                raise _badly_packed()
    except zlib.error:
        raise _badly_packed() from None
    if packed_bytes and not unpacker.eof:
        raise _badly_packed()
    return bytes(body)


def _badly_packed() -> AdminError:
    return AdminError("The server's answer cannot be unpacked.", "Try again; if it stays so, tell whoever runs it.")


def _too_large(most_bytes: int) -> AdminError:
    return AdminError(
        f"The server's answer is larger than {most_bytes / 1024 / 1024:,.3g} MB.",
        "Check the address: no answer to this call should be that long.",
    )
