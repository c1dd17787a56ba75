"""What makes a plate hard to read, drawn at random from a severity between 0 and 1."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from app.lab.synth.types import Severity

BANDS: Final[dict[Severity, tuple[float, float]]] = {
    "easy": (0.0, 0.33),
    "medium": (0.33, 0.67),
    "hard": (0.67, 1.0),
}

TYPICAL_EXPOSURE: Final = 0.76
"""By day: white plates are then as bright as they are on real photos."""

Light = Literal["day", "night", "flash", "infrared"]
Cover = Literal["", "tow_ball", "leaf", "tape", "edge"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Angles in degrees; sizes of blur in heights of a character; shares and strengths in 0..1.

    `character_height` is in pixels of the picture, `distance` of the camera in widths of the
    plate, `noise` in grey levels, `tint` a gain of blue, green and red.
    """

    severity: float
    character_height: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    distance: float = 10.0
    light: Light = "day"
    exposure: float = 1.0
    haze: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gradient: float = 0.0
    shadow: float = 0.0
    glare: float = 0.0
    defocus: float = 0.0
    motion: float = 0.0
    motion_angle: float = 0.0
    noise: float = 0.0
    rain: float = 0.0
    zoom: float = 1.0
    sharpen: float = 0.0
    jpeg: int = 95
    dirt: float = 0.0
    flaking: float = 0.0
    fading: float = 0.0
    dent: float = 0.0
    cover: Cover = ""

    @property
    def level(self) -> Severity:
        return "easy" if self.severity < 0.33 else "medium" if self.severity < 0.67 else "hard"

    @property
    def angle(self) -> float:
        """Between the view and the plate's normal, turned by yaw and pitch, in degrees."""
        yaw, pitch = np.radians([self.yaw, self.pitch])
        return float(np.degrees(np.arccos(np.cos(yaw) * np.cos(pitch))))

    @property
    def blur(self) -> float:
        """Standard deviation of all blur and of the pixels together, in heights of a character."""
        pixels = (0.3 + 0.35 * (self.zoom - 1)) / self.character_height
        moved = 1.2 * self.motion / np.sqrt(12)  # a trail hides more than a blur of its width
        return float(np.sqrt(self.defocus**2 + moved**2 + pixels**2))

    def tags(self) -> tuple[str, ...]:
        """Names of what is strong enough to matter."""
        found = {
            self.light: self.light != "day",
            "angle": max(abs(self.yaw), 1.5 * abs(self.pitch)) > 25,
            "tilt": abs(self.roll) > 8,
            "lowres": self.character_height < 13,
            "blur": self.defocus > 0.06,
            "motion": self.motion > 0.18,
            "noise": self.noise > 12,
            "dark": self.exposure < 0.45 and self.light == "day",
            "haze": self.haze > 0.25,
            "shadow": self.shadow > 0.3,
            "glare": self.glare > 0.3,
            "rain": self.rain > 0.2,
            "compressed": self.jpeg < 40,
            "dirt": self.dirt > 0.25,
            "worn": max(self.flaking, self.fading) > 0.3,
            "dent": self.dent > 0.3,
            "covered": self.cover != "",
        }
        return tuple(name for name, present in found.items() if present) or ("clear",)


def draw_severity(rng: np.random.Generator, severity: Severity | float | None) -> float:
    """A number as it is, a level as a number in its band, None as one over the whole range."""
    if severity is None:
        return float(rng.random())
    if isinstance(severity, str):
        return float(rng.uniform(*BANDS[severity]))
    if not 0 <= severity <= 1:
        raise ValueError(f"Severity is between 0 and 1, not {severity}.")
    return float(severity)


def draw_conditions(rng: np.random.Generator, severity: Severity | float | None) -> Conditions:
    """Conditions as photos have them: most effects are absent from most pictures."""
    s = draw_severity(rng, severity)

    def between(easy: float, hard: float) -> float:
        return easy + (hard - easy) * s

    def sometimes(easy: float, hard: float, most: float) -> float:
        """An effect present with a probability that grows with severity, and so its strength."""
        if rng.random() >= between(easy, hard):
            return 0.0
        return most * float(rng.beta(1.6, 2.2)) * between(0.45, 1.0)

    low, high = 18 * (8 / 18) ** s, 58 * (30 / 58) ** s
    light = _draw_light(rng, between(0.06, 0.3))
    dark = light in {"night", "infrared"}
    warmth, green = rng.normal(-0.02, between(0.06, 0.1)), rng.normal(0, 0.015)
    tint = np.array([1 - warmth, 1 + green, 1 + warmth])
    if light == "night":
        tint *= (0.72, 0.95, 1.12) if rng.random() < 0.6 else (1.05, 1.0, 0.95)
    return Conditions(
        severity=s,
        character_height=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        yaw=float(np.clip(rng.normal(0, between(12, 27)), -45, 45)),
        pitch=float(np.clip(rng.normal(5, between(6, 10)), -25, 30)),
        roll=float(np.clip(rng.normal(0, between(2, 5)), -20, 20)),
        distance=float(np.exp(rng.uniform(np.log(3.5), np.log(25)))),
        light=light,
        exposure=_draw_exposure(rng, light, s),
        haze=0.05 * float(rng.random()) + sometimes(0.05, 0.3, 0.6),
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        gradient=float(rng.normal(0, between(0.06, 0.2))),
        shadow=0.0 if dark else sometimes(0.12, 0.35, 0.75),
        glare=sometimes(0.03, 0.22, 1.0),
        defocus=0.015 * float(rng.random()) + sometimes(0.25, 0.6, 0.17),
        motion=sometimes(0.06, 0.35, 0.62),
        motion_angle=float(rng.normal(0, 20) if rng.random() < 0.75 else rng.uniform(0, 180)),
        noise=float(
            0.4
            + rng.gamma(1.5, between(0.9, 2.4))
            + (rng.uniform(0, between(5, 14)) if dark else 0)
        ),
        rain=sometimes(0.02, 0.12, 0.8),
        zoom=1.0 + sometimes(0.1, 0.3, 1.0),
        sharpen=float(rng.uniform(0, 1.1)) if rng.random() < 0.5 else 0.0,
        jpeg=int(np.clip(rng.normal(between(86, 66), between(8, 20)), 18, 97)),
        dirt=sometimes(0.2, 0.5, 0.85),
        flaking=sometimes(0.06, 0.25, 0.8),
        fading=sometimes(0.15, 0.35, 0.8),
        dent=sometimes(0.1, 0.3, 1.0),
        cover=_draw_cover(rng, between(0.0, 0.16)),
    )


def _draw_light(rng: np.random.Generator, dark_share: float) -> Light:
    if rng.random() >= dark_share:
        return "day"
    lights: tuple[Light, ...] = ("night", "flash", "infrared")
    return lights[int(rng.choice(3, p=(0.5, 0.25, 0.25)))]


def _draw_exposure(rng: np.random.Generator, light: Light, s: float) -> float:
    if light == "night":
        return float(rng.uniform(0.75 - 0.55 * s, 0.95))
    if light == "flash":
        return float(rng.uniform(0.95, 1.25 + 0.5 * s))
    return float(
        np.clip(rng.normal(TYPICAL_EXPOSURE - 0.1 * s, 0.17 + 0.1 * s), 0.2, 1.2 + 0.15 * s)
    )


def _draw_cover(rng: np.random.Generator, share: float) -> Cover:
    if rng.random() >= share:
        return ""
    covers: tuple[Cover, ...] = ("tow_ball", "leaf", "tape", "edge")
    return covers[int(rng.choice(4, p=(0.45, 0.15, 0.15, 0.25)))]
