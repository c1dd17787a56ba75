"""Log lines, as text or JSON, with the request they belong to."""

import logging
import logging.config
from collections.abc import Callable, Mapping
from contextvars import ContextVar

import cv2

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The request that the current task serves."""

Fields = Mapping[str, Callable[[], str]]
"""Further fields of each line: their names, and what tells their values where it is logged."""


class _Filter(logging.Filter):
    """Adds the fields to each line."""

    def __init__(self, fields: Fields) -> None:
        super().__init__()
        self._fields = fields

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in self._fields.items():
            setattr(record, name, value())
        return True


def configure_logging(level: str, form: str, further: Fields | None = None) -> None:
    """Send everything to standard error in one form; uvicorn's own access log is replaced.

    For the whole process, so it is called where one begins and nowhere else.
    OpenCV, which writes a line past logging for every damaged picture, is silenced.

    Args:
        form: "text" or "json".
        further: fields beside that of the request.
    """
    fields = {"request_id": REQUEST_ID.get, **(further or {})}
    names = " ".join(f"%({name})s" for name in ("asctime", "levelname", "name", *fields, "message"))
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"fields": {"()": _Filter, "fields": fields}},
            "formatters": {
                "text": {"format": names},
                "json": {"()": "pythonjsonlogger.json.JsonFormatter", "format": names},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": form,
                    "filters": ["fields"],
                }
            },
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "app": {"level": level},
                # It warns of every malformed form, which is answered, logged and counted here.
                "python_multipart": {"level": "ERROR"},
                # It warns of each try to reach a collector that is away, and then tells of it.
                "opentelemetry": {"level": "ERROR"},
                "uvicorn": {"handlers": [], "level": level, "propagate": True},
                "uvicorn.error": {"handlers": [], "level": level, "propagate": True},
                "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
            },
        }
    )
