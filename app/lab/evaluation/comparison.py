"""What changed from one evaluation to another, and whether by more than chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from scipy.stats import binomtest

from app.lab.errors import ResultError
from app.lab.evaluation.results import Evaluation, PhotoOutcome, PlateOutcome

SIGNIFICANCE: Final = 0.05
_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """One plate or photo that came out otherwise: `a` and `b` are the two answers."""

    photo: str
    truth: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Paired:
    """The same samples judged twice. `p_value` is McNemar's, exact and two-sided."""

    samples: int
    right_a: int
    right_b: int
    fixed: tuple[Difference, ...]
    broken: tuple[Difference, ...]
    p_value: float

    @property
    def significant(self) -> bool:
        return self.p_value < SIGNIFICANCE


@dataclass(frozen=True, slots=True)
class Comparison:
    """`aspects` are what was judged, in words; `only_a` and `only_b` count samples of one side."""

    a: str
    b: str
    aspects: dict[str, Paired]
    only_a: int
    only_b: int


_ADAPTER: Final = TypeAdapter(Comparison)


def comparison_body(comparison: Comparison) -> dict[str, object]:
    """Plain values for JSON."""
    body: dict[str, object] = _ADAPTER.dump_python(comparison, mode="json")
    return body


def mcnemar_exact(fixed: int, broken: int) -> float:
    """Probability of a split at least as uneven if each change were as likely for better as worse.

    McNemar, Psychometrika 12, 1947, 153-157, with the binomial distribution instead of chi squared.
    """
    if not fixed + broken:
        return 1.0
    return float(binomtest(fixed, fixed + broken).pvalue)


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Pair plates by photo and place in it, and photos without plates by name.

    Raises:
        ResultError: nothing in common, different modes, or different labels for the same plate.
    """
    if a.mode != b.mode:
        raise ResultError(f"One evaluation is of {a.mode}, the other of {b.mode}.")
    plates_a, plates_b = _by_place(a.plates), _by_place(b.plates)
    common = [key for key in plates_a if key in plates_b]
    if any(plates_a[key].truth != plates_b[key].truth for key in common):
        raise ResultError("The two evaluations have different labels for the same plates.")
    photos_a, photos_b = _negatives(a.photos), _negatives(b.photos)
    negatives = [name for name in photos_a if name in photos_b]
    if not common and not negatives:
        raise ResultError("The two evaluations have no plate and no photo in common.")
    plates = [(plates_a[key], plates_b[key]) for key in common]
    readable = [(one, other) for one, other in plates if one.truth is not None]
    boxed = [(one, other) for one, other in plates if one.box is not None and other.box is not None]
    aspects = {
        "answer right": _pair(readable, lambda plate: plate.right, _answer),
        "raw text right": _pair(readable, lambda plate: plate.raw_right, _raw),
        "among the first three": _pair(readable, lambda plate: plate.within_top(3), _top),
    }
    if a.mode == "photos":
        aspects |= {
            "plate found": _pair(plates, lambda plate: plate.read is not None, _place),
            "detected, IoU >= 0.5": _pair(boxed, lambda plate: plate.detected, _place),
            "none where none is": _pair_photos(
                [(photos_a[name], photos_b[name]) for name in negatives]
            ),
        }
    return Comparison(
        _described(a),
        _described(b),
        {name: paired for name, paired in aspects.items() if paired.samples},
        len(plates_a) - len(common) + len(photos_a) - len(negatives),
        len(plates_b) - len(common) + len(photos_b) - len(negatives),
    )


def _described(evaluation: Evaluation) -> str:
    networks = " + ".join(name for name in (evaluation.detector, evaluation.ocr) if name)
    options = [f"{name} {value}" for name, value in evaluation.options.items()]
    return ", ".join([evaluation.dataset, networks, *options, evaluation.created])


def _by_place(plates: Sequence[PlateOutcome]) -> dict[_Key, PlateOutcome]:
    return {(plate.photo, plate.index): plate for plate in plates}


def _negatives(photos: Sequence[PhotoOutcome]) -> Mapping[str, PhotoOutcome]:
    return {photo.name: photo for photo in photos if photo.negative}


def _pair(
    plates: Sequence[tuple[PlateOutcome, PlateOutcome]],
    right: Callable[[PlateOutcome], bool],
    show: Callable[[PlateOutcome], str],
) -> Paired:
    return paired(
        [
            (Difference(a.photo, a.truth or "", show(a), show(b)), right(a), right(b))
            for a, b in plates
        ]
    )


def _pair_photos(photos: Sequence[tuple[PhotoOutcome, PhotoOutcome]]) -> Paired:
    return paired(
        [
            (Difference(a.name, "", _found(a), _found(b)), not a.unmatched, not b.unmatched)
            for a, b in photos
        ]
    )


def paired(judged: Sequence[tuple[Difference, bool, bool]]) -> Paired:
    """Samples judged before and after, each with what tells of a change."""
    fixed = tuple(change for change, before, after in judged if after and not before)
    broken = tuple(change for change, before, after in judged if before and not after)
    return Paired(
        len(judged),
        sum(before for _, before, _ in judged),
        sum(after for _, _, after in judged),
        fixed,
        broken,
        mcnemar_exact(len(fixed), len(broken)),
    )


def _answer(plate: PlateOutcome) -> str:
    return plate.read.text if plate.read else ""


def _raw(plate: PlateOutcome) -> str:
    return plate.read.raw if plate.read else ""


def _top(plate: PlateOutcome) -> str:
    return " ".join(plate.read.ranked(3)) if plate.read else ""


def _place(plate: PlateOutcome) -> str:
    if plate.read is None:
        return "not found"
    return "found" if plate.iou is None else f"IoU {plate.iou:.2f}"


def _found(photo: PhotoOutcome) -> str:
    return " ".join(plate.text for plate in photo.unmatched)
