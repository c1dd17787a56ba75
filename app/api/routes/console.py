"""The console: a page at `/` for people, its files, and the settings it shows."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, Field

from app.api.access import ANY_KEY, Shared
from app.api.errors import documented
from app.api.files import MEDIA_TYPES, PageFile, file_answer, load, page_file
from app.api.routes.status import IndexBody, index
from app.config import Settings
from app.config.variables import is_secret
from app.nz.series import SERIES

DIRECTORY: Final = Path(__file__).resolve().parents[2] / "console"
PAGE: Final = "index.html"
_MAX_ENTRIES: Final = 32

router = APIRouter(tags=["console"])


class SettingBody(BaseModel):
    """One setting in effect; the variable is its name in capitals after `ALPR_`."""

    name: str = Field(examples=["max_upload_bytes"])
    value: str | int | float | bool | list[str] | None
    is_default: bool
    description: str


@cache
def console_files() -> Mapping[str, PageFile]:
    """The console's files by name, and a module of the words for each series of plates.

    Only they can be asked for; no path is ever built.
    """
    words = {series.name: series.words for series in SERIES}
    module = f"export const FORMATS = {json.dumps(words, indent=2)};\n"
    return {
        **{path.name: load(path) for path in DIRECTORY.iterdir() if path.suffix in MEDIA_TYPES},
        "formats.js": page_file(module.encode(), ".js"),
    }


def prefers_page(accept: str) -> bool:
    """Whether an Accept header names HTML, and JSON not more; `*/*` is what programs send."""
    quality = {"text/html": 0.0, "application/json": 0.0}
    for entry in accept.split(",", _MAX_ENTRIES)[:_MAX_ENTRIES]:
        media, *parameters = (part.strip().lower() for part in entry.split(";"))
        weights = [re.fullmatch(r"q\s*=\s*([01](?:\.\d{0,3})?)", text) for text in parameters]
        quality[media] = next((float(found[1]) for found in weights if found), 1.0)
    return quality["text/html"] > 0 and quality["text/html"] >= quality["application/json"]


@router.get(
    "/",
    response_model=IndexBody,
    summary="What there is: the console for browsers, an index for programs",
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def root(
    response: Response,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
    if_none_match: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response | IndexBody:
    if prefers_page(accept):
        return file_answer(console_files(), PAGE, if_none_match)
    response.headers["Vary"] = "Accept"
    return index()


@router.get("/console/{name}", include_in_schema=False)
async def console_file(
    name: str, if_none_match: Annotated[str, Header(include_in_schema=False)] = ""
) -> Response:
    return file_answer(console_files(), name, if_none_match)


@router.get(
    "/settings",
    summary="Settings in effect that are not secret",
    dependencies=[Depends(ANY_KEY)],
    responses=documented(401),
)
async def settings(service: Shared) -> list[SettingBody]:
    return public_settings(service.settings)


def public_settings(settings: Settings) -> list[SettingBody]:
    """Every setting in effect but those that are secret by their type."""
    values, known = settings.model_dump(mode="json"), settings.model_dump()
    return [
        SettingBody(
            name=name,
            value=values[name],
            is_default=known[name]
            == field.get_default(call_default_factory=True, validated_data=known),
            description=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
        if not is_secret(field)
    ]
