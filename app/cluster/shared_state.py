"""What replicas of the service have to share, checked before there are any."""

from app.config import Settings
from app.errors import InvalidRequest


def check_shared(settings: Settings) -> None:
    """Nothing that clients see may be in the memory or on the disk of one replica.

    Raises:
        InvalidRequest: it would be, by these settings.
        OSError: the file of keys cannot be read.
    """
    if settings.auth == "on" and not settings.keys():
        raise InvalidRequest(
            "Replicas need the same keys: set ALPR_API_KEYS or ALPR_API_KEYS_FILE on every node."
        )
    if settings.store == "on" and settings.database_url is None:
        raise InvalidRequest("Replicas keep passes in one place only with ALPR_DATABASE_URL.")
    if settings.cameras_file is not None and not settings.shares_cameras:
        raise InvalidRequest(
            "Replicas share cameras only with ALPR_DATABASE_URL: each would watch all of them."
        )
