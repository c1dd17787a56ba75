"""One row for each picture: what was read, or why not."""

import io
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel

from app.api.errors import ErrorBody
from app.api.schemas.pictures import Prediction
from app.cluster.plan import Form

COLUMNS: Final = pa.schema(
    [
        ("picture", pa.string()),
        ("plate", pa.string()),
        ("confidence", pa.float64()),
        ("format", pa.string()),
        ("corrected_plate", pa.string()),
        ("code", pa.string()),
        ("detail", pa.string()),
        ("answer", pa.string()),
    ]
)
"""The best plate flat; `code` and `detail` of an error, and `answer` as JSON text as of the API."""


class Row(BaseModel):
    """As an item of a batch request: either `result` or `error`."""

    picture: str
    result: Prediction | None = None
    error: ErrorBody | None = None

    def columns(self) -> dict[str, Any]:
        row: dict[str, Any] = {"picture": self.picture}
        if self.error is not None:
            row |= {"code": self.error.code, "detail": self.error.detail}
        if self.result is not None:
            checked = self.result.validation
            row |= {
                "plate": self.result.plate,
                "confidence": self.result.confidence,
                "format": None if checked is None else checked.format,
                "corrected_plate": self.result.corrected_plate,
                "answer": self.result.model_dump_json(),
            }
        return row


def dump(rows: Sequence[Row], form: Form) -> bytes:
    """A file of rows in their order."""
    if form == "jsonl":
        return "".join(f"{row.model_dump_json()}\n" for row in rows).encode()
    buffer = io.BytesIO()
    table = pa.Table.from_pylist([row.columns() for row in rows], COLUMNS)
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
