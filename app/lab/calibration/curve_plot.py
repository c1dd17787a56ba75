"""The curve from which a correction threshold is chosen, as a picture."""

from pathlib import Path

from matplotlib.figure import Figure

from app.lab.calibration.samples import CorrectionCurve


def plot_curve(curve: CorrectionCurve, *, threshold: float, title: str, path: Path) -> None:
    """Gained against lost corrections while the threshold falls, ``threshold`` marked, as PNG."""
    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    by_loss, by_threshold = figure.subplots(1, 2)
    wrong, right = max(curve.wrong, 1), max(curve.right, 1)
    gained, lost, _ = curve.at(threshold)

    by_loss.step([0, *(100 * curve.lost / right)], [0, *(100 * curve.gained / wrong)], where="post")
    by_loss.plot(100 * lost / right, 100 * gained / wrong, "o", label=f"threshold {threshold:.3f}")
    by_loss.set_xlabel("right readings made wrong, % of right")
    by_loss.set_ylabel("wrong readings mended, % of wrong")
    by_loss.set_ylim(bottom=0)
    by_loss.legend()

    by_threshold.plot(curve.thresholds, 100 * curve.gained / wrong, label="mended, % of wrong")
    by_threshold.plot(
        curve.thresholds, 100 * curve.changed / wrong, label="wrong otherwise, % of wrong"
    )
    by_threshold.plot(curve.thresholds, 100 * curve.lost / right, label="made wrong, % of right")
    by_threshold.axvline(threshold, color="grey", linestyle=":")
    by_threshold.set_xlabel("correction threshold (posterior)")
    by_threshold.legend()

    figure.suptitle(title)
    figure.savefig(path)
