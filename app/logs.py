"""Log lines, as text or JSON, with the request they belong to."""

import logging
import logging.config
from contextvars import ContextVar

import cv2

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The request that the current task serves."""

_FIELDS = "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"


class _RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = REQUEST_ID.get()
        return True


def configure_logging(level: str, form: str) -> None:
    """Send everything to standard error in one form; uvicorn's own access log is replaced.

    For the whole process, so it is called where one begins and nowhere else.
    OpenCV, which writes a line past logging for every damaged picture, is silenced.

    Args:
        form: "text" or "json".
    """
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": _RequestIdFilter}},
            "formatters": {
                "text": {"format": _FIELDS},
                "json": {"()": "pythonjsonlogger.json.JsonFormatter", "format": _FIELDS},
            },
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": form,
                    "filters": ["request_id"],
                }
            },
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "app": {"level": level},
                # It warns of every malformed form, which is answered, logged and counted here.
                "python_multipart": {"level": "ERROR"},
                "uvicorn": {"handlers": [], "level": level, "propagate": True},
                "uvicorn.error": {"handlers": [], "level": level, "propagate": True},
                "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
            },
        }
    )
