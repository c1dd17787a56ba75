"""The console: a page at `/` for people, its files, and the settings it shows."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.api.errors import documented
from app.api.routes.predict import Shared, require_key
from app.api.routes.status import IndexBody, index
from app.config import Settings

DIRECTORY: Final = Path(__file__).resolve().parents[2] / "console"
PAGE: Final = "index.html"
MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept, but asked for again by its ETag: an update shows at once
}

router = APIRouter(tags=["console"])


@dataclass(frozen=True, slots=True)
class ConsoleFile:
    body: bytes
    media_type: str
    etag: str


class SettingBody(BaseModel):
    """One setting in effect; the variable is its name in capitals after `ALPR_`."""

    name: str = Field(examples=["max_upload_bytes"])
    value: str | int | float | bool | list[str] | None
    is_default: bool
    description: str


@cache
def console_files() -> Mapping[str, ConsoleFile]:
    """The console's files by name. Only they can be asked for; no path is ever built."""
    return {path.name: _load(path) for path in DIRECTORY.iterdir() if path.suffix in MEDIA_TYPES}


def _load(path: Path) -> ConsoleFile:
    body = path.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return ConsoleFile(body, MEDIA_TYPES[path.suffix], etag)


def prefers_page(accept: str) -> bool:
    """Whether an Accept header names HTML, and JSON not more; `*/*` is what programs send."""
    quality = {"text/html": 0.0, "application/json": 0.0}
    for entry in accept.split(","):
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
        return _answer(PAGE, if_none_match)
    response.headers["Vary"] = "Accept"
    return index()


@router.get("/console/{name}", include_in_schema=False)
async def console_file(
    name: str, if_none_match: Annotated[str, Header(include_in_schema=False)] = ""
) -> Response:
    return _answer(name, if_none_match)


@router.get(
    "/settings",
    summary="Settings in effect that are not secret",
    dependencies=[Depends(require_key)],
    responses=documented(401),
)
async def settings(service: Shared) -> list[SettingBody]:
    return public_settings(service.settings)


def public_settings(settings: Settings) -> list[SettingBody]:
    """Every setting except those kept out of the settings' repr, which are the secret ones."""
    values = settings.model_dump(mode="json")
    return [
        SettingBody(
            name=name,
            value=values[name],
            is_default=getattr(settings, name) == field.get_default(call_default_factory=True),
            description=field.description or "",
        )
        for name, field in Settings.model_fields.items()
        if field.repr
    ]


def _answer(name: str, if_none_match: str) -> Response:
    """A file, or word that the browser has it already. Raises HTTPException 404."""
    file = console_files().get(name)
    if file is None:
        raise HTTPException(404, "The console has no such file.")
    headers = {**HEADERS, "ETag": file.etag, "Vary": "Accept"}
    if file.etag in re.findall(r'"[^"]*"', if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
