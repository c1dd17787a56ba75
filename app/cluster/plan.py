"""What a long job has to read, in parts that are the same whenever it goes on.

In the output folder, files whose names begin with `_` are of the job itself, and readers of Parquet
leave them out:

    _job.json               settings; the job goes on with these only
    _plan-00000.parquet     pictures and the part of each; a further one for those found later
    part-00000000.parquet   rows of one part, there only if it is finished
"""

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from app.cluster.places import Place
from app.errors import InvalidRequest

Form = Literal["parquet", "jsonl"]

_JOB = "_job.json"
_PLAN = "_plan-"


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    pictures: tuple[str, ...]

    def file(self, form: Form) -> str:
        return f"part-{self.number:08d}.{form}"


def check_job(place: Place, settings: Mapping[str, object]) -> None:
    """Write down with what settings a job reads, or compare. Raises InvalidRequest, OSError."""
    wanted = json.loads(json.dumps(settings, default=str))
    names = set(place.names())
    if _JOB not in names:
        if names:
            raise InvalidRequest(f"{place.address} has other files in it: choose another folder.")
        place.write(_JOB, json.dumps(wanted, indent=1).encode())
        return
    known = json.loads(place.read(_JOB))
    changed = sorted(
        name for name in wanted.keys() | known.keys() if wanted.get(name) != known.get(name)
    )
    if changed:
        raise InvalidRequest(
            f"{place.address} was begun with another {', '.join(changed)}: "
            "give what it was begun with, or choose another folder."
        )


def plan_parts(place: Place, pictures: Iterable[str], *, size: int) -> list[Part]:
    """All parts of the job, those of pictures that no earlier run knew at the end.

    Raises OSError.
    """
    plans = sorted(name for name in place.names() if name.startswith(_PLAN))
    parts = [part for name in plans for part in _load(place.read(name))]
    known = {picture for part in parts for picture in part.pictures}
    new = sorted(set(pictures) - known)
    first = len(parts)
    added = [
        Part(first + number, tuple(new[start : start + size]))
        for number, start in enumerate(range(0, len(new), size))
    ]
    if added:
        place.write(f"{_PLAN}{len(plans):05d}.parquet", _dump(added))
    return parts + added


def unfinished(place: Place, parts: Iterable[Part], form: Form) -> list[Part]:
    """Parts without their file. Raises OSError."""
    names = set(place.names())
    return [part for part in parts if part.file(form) not in names]


def _dump(parts: Iterable[Part]) -> bytes:
    rows = [(part.number, picture) for part in parts for picture in part.pictures]
    numbers, pictures = zip(*rows, strict=True)
    table = pa.table({"part": pa.array(numbers, pa.int32()), "picture": pa.array(pictures)})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _load(data: bytes) -> list[Part]:
    pictures: dict[int, list[str]] = {}
    table = pq.read_table(io.BytesIO(data))
    for number, picture in zip(
        table["part"].to_pylist(), table["picture"].to_pylist(), strict=True
    ):
        pictures.setdefault(number, []).append(picture)
    return [Part(number, tuple(names)) for number, names in pictures.items()]
