"""Looks for secrets where none may be: plain, percent-encoded, in base64, UTF-16 and hex, forwards and backwards."""

import base64
import functools
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

CHUNK = 8 << 20  # bytes of a file looked at together
LONGEST = (
    64 << 10
)  # bytes; more than any form of the longest secret (8,192 characters), which may lie across two chunks
MOST_MEMBERS = 200  # of an archive


@functools.lru_cache(maxsize=512)
def forms(secret: str) -> Mapping[str, bytes]:
    """What a secret may look like where it has no business to be: name of the form -> bytes, no form twice."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "backwards": raw[::-1],
        "percent-encoded": quote(secret, safe="").encode(),
        "percent-encoded in full": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "UTF-16 LE": secret.encode("utf-16-le"),
        "UTF-16 BE": secret.encode("utf-16-be"),
        "hex": raw.hex().encode(),
        "hex in capitals": raw.hex().upper().encode(),
        "hex backwards": raw.hex().encode()[::-1],
        "hex of it backwards": raw[::-1].hex().encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
    }
    for shift in range(3):  # in base64 a text looks otherwise at each of three places; its ends mix with what is beside
        whole = base64.b64encode(b"\0" * shift + raw)
        found[f"base64 at {shift}"] = whole[4 if shift else 0 : -4]
        found[f"base64url at {shift}"] = base64.urlsafe_b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
    once = {form: name for name, form in reversed(found.items())}
    return {name: form for form, name in reversed(once.items())}


class Search:
    """Where secrets were found: name of the form and of the place, never the secret."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Name -> secret."""
        self._forms = [(f"{name}, {form}", it) for name, text in secrets.items() for form, it in forms(text).items()]

    def in_bytes(self, content: bytes, place: str) -> list[str]:
        return [f"{name}: {place}" for name, it in self._forms if it in content]

    def in_all(self, contents: Iterable[tuple[str, bytes]]) -> list[str]:
        """Of places and their contents: looked through as one, and one by one only where something was found."""
        held = list(contents)
        together = b"\n".join(content for _, content in held)
        found = [(name, it) for name, it in self._forms if it in together]
        return [f"{name}: {place}" for name, it in found for place, content in held if it in content]

    def in_files(self, folder: Path) -> list[str]:
        """Of every ordinary file, what archives hold, and all names. The keychain's own store is left out."""
        hits: list[str] = []
        small: list[tuple[str, bytes]] = []
        for parent, folders, files in os.walk(folder):
            if "keyrings" in folders:
                folders.remove("keyrings")
            here = Path(parent)
            small += [(f"the name of {(here / it).relative_to(folder)}", os.fsencode(it)) for it in (*folders, *files)]
            for path in (here / it for it in files):
                if not path.is_file() or path.is_symlink():
                    continue
                place = str(path.relative_to(folder))
                for number, part in enumerate(parts(path)):
                    if number or len(part) == CHUNK:
                        hits += self.in_bytes(part, place)
                    else:
                        small.append((place, part))
        return list(dict.fromkeys(hits + self.in_all(small)))

    def in_processes(self, folder: Path) -> list[str]:
        """Of arguments and environments of all that runs for this folder. What may not be read, nobody reads."""
        hits: list[str] = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes()
                surroundings = (process / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in words + surroundings:
                hits += self.in_bytes(words, f"the arguments of {process.name}")
                hits += self.in_bytes(surroundings, f"the environment of {process.name}")
        return hits


def parts(path: Path) -> Iterator[bytes]:
    """A file in chunks that overlap; of an archive (a workbook, an evidence pack) its members as well."""
    try:
        with path.open("rb") as file:
            archived = file.read(2) == b"PK"
            file.seek(0)
            yield from _chunks(file)
        if archived:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist()[:MOST_MEMBERS]:
                    with archive.open(member) as unpacked:
                        yield unpacked.read(CHUNK)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):  # not to be read by anyone, or broken
        return


def _chunks(file: io.BufferedReader) -> Iterator[bytes]:
    kept = b""
    while part := file.read(CHUNK - len(kept)):
        part = kept + part
        yield part
        kept = part[-LONGEST:] if len(part) == CHUNK else b""
