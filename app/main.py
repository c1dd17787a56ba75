"""`uvicorn app.main:app`, also in each process that `serve` starts."""

from app.api.application import create_app
from app.api.tracing.opening import log_fields
from app.config import Settings
from app.logs import configure_logging

settings = Settings()
configure_logging(settings.log_level, settings.log_format, log_fields(settings))
app = create_app(settings)
