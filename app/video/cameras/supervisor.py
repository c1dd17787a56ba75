"""All cameras: which there are, and that each is watched."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence

from app.errors import UnknownCamera
from app.video.cameras.camera import Camera, Surroundings
from app.video.cameras.config import CameraPlan, changed
from app.video.cameras.events import CameraObserver

logger = logging.getLogger(__name__)

STOP_S = 2.0
"""All threads of the service end within `app.config.CLOSING_SECONDS`."""


class Supervisor:
    """Watches each camera on a thread of its own: none waits for another. Thread-safe."""

    def __init__(self, around: Surroundings, observers: Sequence[CameraObserver] = ()) -> None:
        self._around, self._observers = around, tuple(observers)
        self._cameras: dict[str, Camera] = {}
        self._lock = threading.Lock()

    @property
    def cameras(self) -> list[Camera]:
        """In the order of their names."""
        return [camera for _, camera in sorted(self._cameras.items())]

    def camera(self, name: str) -> Camera:
        """Raises UnknownCamera."""
        try:
            return self._cameras[name]
        except KeyError as error:
            raise UnknownCamera("There is no camera of that name.") from error

    def apply(self, plans: Mapping[str, CameraPlan]) -> list[str]:
        """Watch these cameras and no others. Those that did not change go on as they were.

        Returns the names of those that were begun, begun anew or ended.
        """
        with self._lock:
            plans_before = {name: camera.plan for name, camera in self._cameras.items()}
            ended: list[Camera] = []
            begun: list[Camera] = []
            cameras = dict(self._cameras)
            for before, after in changed(plans_before, plans):
                if before is not None:
                    ended.append(cameras.pop(before.name))
                if after is not None:
                    begun.append(Camera(after, self._around, self._observers))
                    cameras[after.name] = begun[-1]
            self._cameras = cameras
            _end(ended)
            for camera in begun:
                camera.start()
        return sorted({camera.plan.name for camera in (*ended, *begun)})

    def close(self) -> None:
        """End all of them; their last passes are told."""
        self.apply({})


def _end(cameras: Sequence[Camera]) -> None:
    for camera in cameras:
        camera.stop()
    give_up = time.monotonic() + STOP_S
    for camera in cameras:
        if not camera.join(max(0.0, give_up - time.monotonic())):
            logger.error("camera %s does not end", camera.plan.name)
