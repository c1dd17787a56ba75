import io
import re
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from app.lab.evaluation.report.html import html_report
from app.lab.evaluation.report.table import summary_tables
from app.lab.evaluation.summary import summarise
from tests.lab.evaluation.builders import evaluation, photo, plate, read

PLATES = (
    plate("ABC123", read("ABC123", candidates=(("ABC123", 0.99),))),
    plate("KLM482", read("KLM48Z", candidates=(("KLM482", 0.4),), confidence=0.7), index=1),
    plate("QBN11", read("QBN11", corrected="QBN1", candidates=(("QBN1", 0.9),)), index=2),
    plate("RDY19", None, index=3, tags={"condition": "<night>"}),
)
PHOTOS = (
    photo("a.jpg", unmatched=(read("TEL09"),)),
    photo("n.jpg", negative=True, unmatched=(read("STOP"),)),
)
EVALUATION = evaluation(PLATES, PHOTOS)


def pictures(folder: Path) -> Path:
    for name in ("a.jpg", "n.jpg"):
        assert cv2.imwrite(str(folder / name), np.full((60, 120, 3), 90, np.uint8))
    return folder


def test_report_is_one_page_without_outside_resources(tmp_path: Path) -> None:
    page = html_report(
        EVALUATION, summarise(EVALUATION), pictures(tmp_path), worst=5, max_pixels=10_000
    )
    sources = re.findall(r'(?:src|href)="([^"]{0,40})', page)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert "<script" not in page
    assert "@import" not in page
    assert "<night>" not in page
    assert "&lt;night&gt;" in page
    for heading in ("Overview", "Confidence", "Breakdown", "Remaining errors: 3"):
        assert f"<h2>{heading}</h2>" in page
    for kind in ("Right readings made wrong", "Wrong readings", "Not found", "False plates"):
        assert f"<h2>{kind}</h2>" in page


def test_fewer_worst_cases_on_request(tmp_path: Path) -> None:
    summary = summarise(EVALUATION)
    pages = [
        html_report(EVALUATION, summary, pictures(tmp_path), worst=most, max_pixels=10_000)
        for most in (1, 9)
    ]
    assert [page.count("data:image/jpeg") for page in pages] == [4, 5]


def test_report_of_photos_without_plates(tmp_path: Path) -> None:
    nothing = evaluation((), (photo("n.jpg", negative=True),))
    page = html_report(nothing, summarise(nothing), pictures(tmp_path), worst=5, max_pixels=10_000)
    assert "photos without a plate given one" in page
    assert "Confidence" not in page


def test_tables_tell_the_figures() -> None:
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(summary_tables(EVALUATION, summarise(EVALUATION)))
    text = console.export_text()
    for row in (
        r"plate accuracy, raw +2/4 +50\.0 %",
        r"plate accuracy, corrected +1/4 +25\.0 %",
        r"plate accuracy, top 3 +2/4 +50\.0 %",
        r"wrong corrections, of right raw texts +1/2 +50\.0 %",
        r"detection precision \(IoU >= 0\.5\) +3/5 +60\.0 %",
        r"photos without a plate given one +1/1 +100\.0 %",
        r"false plates +2",
        r"total +25\.00 +25\.00 +25\.00",
    ):
        assert re.search(row, text), row


def test_false_plates_count_as_wrong_answers() -> None:
    summary = summarise(EVALUATION)
    last = summary.confidence["raw text by OCR confidence"].risk_coverage.points[-1]
    assert (last.precision.count, last.precision.total) == (2, 5)
    assert last.coverage == 5 / 4
