"""The cameras of the service where several processes share them."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.config import Settings
from app.video.cameras.supervisor import Supervisor

if TYPE_CHECKING:
    from app.passes.cameras.keeper import SharedCameras, Turns
    from app.passes.store.store import PassStore

_HOST_LENGTH = 60


def open_turns(settings: Settings) -> "Turns | None":
    """None where this process watches all cameras itself."""
    if not settings.shares_cameras:
        return None
    from app.passes.cameras.keeper import Turns  # noqa: PLC0415

    return Turns()


def share_cameras(
    store: "PassStore | None",
    supervisor: Supervisor,
    turns: "Turns | None",
    owned: Callable[[Mapping[str, bool]], None],
) -> "SharedCameras | None":
    """Shared from when it is started on; None without turns."""
    if store is None or turns is None:
        return None
    from app.passes.cameras.keeper import LEASE_S, SharedCameras  # noqa: PLC0415
    from app.passes.cameras.leases import LeaseTable  # noqa: PLC0415

    name = process_name()
    return SharedCameras(
        name,
        LeaseTable(store.url, name, lease_s=LEASE_S),
        supervisor,
        turns,
        prepare=store.prepare,
        written=store.written,
        owned=owned,
    )


def process_name() -> str:
    """Of this process among all, for people too: containers have hosts of their own, and one
    process number."""
    return f"{socket.gethostname()[:_HOST_LENGTH]}-{os.getpid()}-{secrets.token_hex(2)}"
