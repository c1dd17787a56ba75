"""The API's documentation: OpenAPI's schema, and a page that needs no other host."""

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from app.api.files import PageFile, file_answer, load

DIRECTORY: Final = Path(__file__).resolve().parents[2] / "docs"
PAGE: Final = "index.html"
_SWAGGER_UI: Final = ("swagger-ui-bundle.js", "swagger-ui.css")

router = APIRouter(include_in_schema=False)

IfNoneMatch = Annotated[str, Header()]


@cache
def docs_files() -> Mapping[str, PageFile]:
    """The page's own files and Swagger UI's, which the package fastapi-offline brings."""
    package = find_spec("fastapi_offline")
    assert package is not None
    assert package.origin is not None
    static = Path(package.origin).parent / "static"
    paths = [*DIRECTORY.iterdir(), *(static / name for name in _SWAGGER_UI)]
    return {path.name: load(path) for path in paths}


@router.get("/openapi.json")
def schema(request: Request) -> JSONResponse:
    """Made at the first call and kept. That takes a third of a second: on a thread."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def page(if_none_match: IfNoneMatch = "") -> Response:
    return file_answer(docs_files(), PAGE, if_none_match)


@router.get("/docs/{name}")
async def file(name: str, if_none_match: IfNoneMatch = "") -> Response:
    return file_answer(docs_files(), name, if_none_match)
