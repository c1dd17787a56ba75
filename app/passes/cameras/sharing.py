"""How cameras are shared out among the processes that live."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A process that lives, the cameras that it knows, and for how many seconds it has lived."""

    name: str
    cameras: frozenset[str]
    age_s: float


@dataclass(frozen=True, slots=True)
class Lease:
    """`is_over`: anybody may take the camera."""

    owner: str
    epoch: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class View:
    """All that there is to know at one moment; `me` is among the members."""

    me: str
    members: Collection[Member]
    leases: Mapping[str, Lease]

    def owner(self, camera: str) -> str | None:
        """None where nobody watches it."""
        lease = self.leases.get(camera)
        return None if lease is None or lease.is_over else lease.owner

    @property
    def held(self) -> dict[str, int]:
        """The epochs of my own, by camera."""
        return {
            camera: lease.epoch
            for camera, lease in self.leases.items()
            if lease.owner == self.me and not lease.is_over
        }


def to_take(view: View) -> list[str]:
    """Cameras without an owner that are mine to take.

    Nobody takes more than its share while another that has less knows the camera.
    """
    mine = _known(view, view.me)
    counts = _counts(view)
    taken: list[str] = []
    for camera in sorted(mine):
        if view.owner(camera) is not None:
            continue
        full = counts[view.me] + len(taken) >= _share(view)
        if not (full and _poorer(view, camera, counts, steady_s=0.0)):
            taken.append(camera)
    return taken


def to_give(view: View, *, steady_s: float) -> str | None:
    """A camera of mine for one who has less than its share, while I have more.

    One that has not lived for `steady_s` gets none: it may be about to die once more.
    """
    counts = _counts(view)
    if counts[view.me] <= _share(view):
        return None
    for camera in sorted(view.held):
        if _poorer(view, camera, counts, steady_s=steady_s):
            return camera
    return None


def _share(view: View) -> int:
    known = {camera for member in view.members for camera in member.cameras}
    return math.ceil(len(known) / len(view.members))


def _counts(view: View) -> dict[str, int]:
    owners = [view.owner(camera) for camera in view.leases]
    return {member.name: owners.count(member.name) for member in view.members}


def _poorer(view: View, camera: str, counts: Mapping[str, int], *, steady_s: float) -> bool:
    """Whether another has less than its share and knows the camera."""
    share = _share(view)
    return any(
        member.name != view.me
        and camera in member.cameras
        and counts[member.name] < share
        and member.age_s >= steady_s
        for member in view.members
    )


def _known(view: View, name: str) -> frozenset[str]:
    return next(member.cameras for member in view.members if member.name == name)
