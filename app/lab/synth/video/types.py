"""What a drawn video is asked for, and what is known of it."""

from dataclasses import dataclass

from app.video.types import VideoFrame

__all__ = ["Camera", "PassTruth", "Traffic", "VideoFrame"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Vehicles that drive away from a camera at a gate.

    `vehicles` follow one another in each of the `lanes` (1 or 2), those of two lanes side by side.
    `speed` is in km/h; a negative one brings them nearer, in reverse. Each stands for `stop_s`
    seconds on its way. `parked` vehicles stand at the kerb all the time. Something large crosses
    before the camera, and each plate is hidden behind it for `hidden_s` seconds.
    """

    vehicles: int = 4
    lanes: int = 1
    speed: float = 20.0
    stop_s: float = 0.0
    parked: int = 0
    hidden_s: float = 0.0
    mix: str = "road"


@dataclass(frozen=True, slots=True)
class Camera:
    """How it is filmed.

    `variable` lets the time between frames vary about that of `fps`. The `shutter` is open for so
    many seconds: what moves meanwhile is blurred. `defocus` is the standard deviation of a blur in
    pixels, `light` the share of daylight, `noise` in grey levels, `shake` the standard deviation
    of the camera's movement in pixels.
    """

    width: int = 1280
    height: int = 720
    fps: float = 10.0
    variable: bool = False
    shutter: float = 0.005
    defocus: float = 0.6
    light: float = 1.0
    noise: float = 2.5
    shake: float = 0.0


@dataclass(frozen=True, slots=True)
class PassTruth:
    """A vehicle that passes: its plate is all in the picture from `start_s` to `end_s`."""

    text: str
    start_s: float
    end_s: float
