"""Lists as files: CSV as spreadsheets and Plate Recognizer's users have it, YAML as in Frigate.

CSV has a head line with `plate` (`license_plate`, `rego`, ... mean the same) and any of the other
columns, or no head line and a plate a line. Frigate's configuration has `known_plates`, names with
their plates; its add-ons have `watched_plates`.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import ValidationError

from app.errors import InvalidRequest
from app.passes.lists.entries import MAX_ENTRIES, Entry, EntryDraft, PlateList
from app.passes.lists.hours import time_zone
from app.passes.store.cells import as_cell, from_cell, line

FileForm = Literal["csv", "frigate"]
COLUMNS: Final = ("plate", "owner", "notes", "valid_from", "valid_until", "hours", "cameras")
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "plate": (
        *("license_plate", "licence_plate", "number_plate", "plate_number", "plates"),
        *("registration", "rego", "license"),
    ),
    "owner": ("name", "driver", "resident", "known_name"),
    "notes": ("note", "comment", "comments", "description", "tag", "tags"),
    "valid_from": ("from", "start", "start_date", "starts"),
    "valid_until": ("until", "to", "end", "end_date", "ends", "expires", "expiry"),
    "hours": ("schedule",),
    "cameras": ("camera",),
}
_COLUMN_OF: Final = {
    **{name: name for name in COLUMNS},
    **{other: name for name, others in _NAMES.items() for other in others},
}
_SHOWN_FAULTS: Final = 20


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Entries of a file, each plate once, and names of columns that mean nothing here."""

    drafts: tuple[EntryDraft, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    values: Mapping[str, Any]


def read_file(data: bytes, form: FileForm, plate_list: PlateList) -> ReadFile:
    """Moments without a time zone are of the list's.

    Raises:
        InvalidRequest: it says of each fault its line and field, and no plate.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InvalidRequest(f"line {line}: this is no text in UTF-8.") from error
    if "\0" in text:
        raise InvalidRequest("This is no text: there is NUL in it.")
    ignored: list[str] = []
    rows = _csv_rows(text, ignored) if form == "csv" else _frigate_rows(text)
    zone = time_zone(plate_list.draft.time_zone)
    return ReadFile(_drafts(rows, zone), tuple(ignored))


def written(entries: Iterable[Entry], form: FileForm) -> Iterator[str]:
    """A file of entries, in pieces. Frigate's has plates and their owners alone."""
    if form == "csv":
        yield line(COLUMNS)
        for entry in entries:
            values = entry.draft.model_dump(mode="json")
            values["cameras"] = line(entry.draft.cameras, ";").removesuffix("\r\n")
            yield line(as_cell(values[column]) for column in COLUMNS)
        return
    known: dict[str, list[str]] = {}
    for entry in entries:
        known.setdefault(entry.draft.owner or entry.draft.plate, []).append(entry.draft.plate)
    yield yaml.safe_dump({"lpr": {"known_plates": known}}, allow_unicode=True, sort_keys=False)


def _drafts(rows: Iterable[_Row], zone: ZoneInfo) -> tuple[EntryDraft, ...]:
    found: dict[str, tuple[int, EntryDraft]] = {}
    faults: list[str] = []
    for number, row in enumerate(rows, start=1):
        if number > MAX_ENTRIES:
            faults.append(f"line {row.line}: a list has at most {MAX_ENTRIES} entries")
            break
        try:
            draft = EntryDraft.model_validate(_values(row.values, zone))
        except ValidationError as error:
            for wrong in error.errors(include_input=False, include_url=False):
                where = f"{wrong['loc'][0]}: " if wrong["loc"] else ""
                faults.append(f"line {row.line}: {where}{_words(wrong['msg'])}")
        except ValueError as error:
            faults.append(f"line {row.line}: {error}")
        else:
            line, same = found.setdefault(draft.plate, (row.line, draft))
            if same != draft:
                faults.append(f"line {row.line}: plate: line {line} says otherwise of it")
        if len(faults) >= _SHOWN_FAULTS:
            faults.append("...")
            break
    if faults:
        raise InvalidRequest("; ".join(faults))
    return tuple(draft for _, draft in found.values())


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def _values(values: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Raises ValueError with the field's name."""
    given = {name: value for name, value in values.items() if value != ""}
    for name in ("valid_from", "valid_until"):
        if name in given:
            try:
                given[name] = _moment(given[name], zone, whole_day=name == "valid_until")
            except ValueError as error:
                raise ValueError(
                    f"{name}: write a moment as in 2026-11-27 or 2026-11-27T18:00"
                ) from error
    if "cameras" in given:
        given["cameras"] = list(_split(given["cameras"]))
    return given


def _split(text: str) -> Iterator[str]:
    """Names with semicolons between them; one that has a semicolon is in quotes."""
    for names in csv.reader(io.StringIO(text, newline=""), delimiter=";", skipinitialspace=True):
        yield from (name.strip() for name in names if name.strip())


def _moment(text: str, zone: ZoneInfo, *, whole_day: bool) -> datetime:
    """A day alone is from its beginning, or until its end. Raises ValueError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if whole_day and day < date.max:
        day += timedelta(days=1)
    return datetime.combine(day, time.min, zone)


def _csv_rows(text: str, ignored: list[str]) -> Iterator[_Row]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: list[str | None] | None = None
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                columns = _columns(cells, ignored)
                if columns is not None:
                    continue
                columns = ["plate"]
            if len(cells) > len(columns):
                raise InvalidRequest(
                    f"line {reader.line_num}: there are {len(cells)} cells, and "
                    f"{len(columns)} columns."
                )
            named = zip(columns, cells, strict=False)
            values = {name: from_cell(cell) for name, cell in named if name is not None}
            yield _Row(reader.line_num, values)
    except csv.Error as error:
        raise InvalidRequest(f"line {reader.line_num}: {error}.") from error


def _columns(cells: list[str], ignored: list[str]) -> list[str | None] | None:
    """What the head line names, None for what means nothing here; None where it is no head line."""
    names = [cell.lower().replace(" ", "_").replace("-", "_") for cell in cells]
    columns = [_COLUMN_OF.get(name) for name in names]
    if "plate" not in columns:
        if len(cells) > 1:
            raise InvalidRequest("line 1: a head line with a column `plate` is needed.")
        return None
    known = [column for column in columns if column is not None]
    twice = next((column for column in known if known.count(column) > 1), None)
    if twice is not None:
        raise InvalidRequest(f"line 1: {twice}: there are two columns of it.")
    ignored += [
        cell[:40] for cell, column in zip(cells, columns, strict=True) if column is None and cell
    ]
    return columns


def _frigate_rows(text: str) -> Iterator[_Row]:
    try:
        root = yaml.compose(text, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise InvalidRequest(f"{line}{error.problem}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidRequest("This is no YAML.") from error
    for owner, plates in _known(root):
        if not isinstance(plates, yaml.SequenceNode):
            raise InvalidRequest(f"line {_number(plates)}: a list of plates is needed.")
        for plate in plates.value:
            if not isinstance(plate, yaml.ScalarNode):
                raise InvalidRequest(f"line {_number(plate)}: plate: a text is needed.")
            yield _Row(_number(plate), {"plate": plate.value, "owner": owner})


def _known(root: yaml.Node | None, *, inner: bool = False) -> Iterator[tuple[str, yaml.Node]]:
    """Names, empty for watched plates, with the node of their plates."""
    for name, node in _pairs(root):
        if name in ("lpr", "frigate", "plate_recognizer") and not inner:
            yield from _known(node, inner=True)
        elif name == "known_plates":
            yield from _pairs(node)
        elif name == "watched_plates":
            yield "", node


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def _number(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
