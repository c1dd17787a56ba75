"""`uvicorn app.main:app`, also in each process that `serve` starts."""

from app.api.application import create_app
from app.config import Settings
from app.logs import configure_logging

settings = Settings()
configure_logging(settings.log_level, settings.log_format)
app = create_app(settings)
