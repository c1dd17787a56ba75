from app.lab.evaluation.figures.accuracy import report_detection
from tests.lab.evaluation.builders import photo, plate, read


def test_recall_found_and_precision() -> None:
    plates = [
        plate("ABC123", read("ABC123"), photo="a.jpg", iou=0.8),
        plate(None, read("KLM482"), photo="a.jpg", index=1, iou=0.4),
        plate("QBN11", None, photo="b.jpg"),
    ]
    photos = [
        photo("a.jpg", unmatched=(read("TEL09"),)),
        photo("b.jpg"),
        photo("n1.jpg", negative=True, unmatched=(read("STOP"),)),
        photo("n2.jpg", negative=True),
    ]
    report = report_detection(plates, photos)
    assert (report.recall.count, report.recall.total) == (1, 3)
    assert (report.found.count, report.found.total) == (2, 3)
    assert report.precision is not None
    assert (report.precision.count, report.precision.total) == (1, 4)
    assert report.false_plates == 2
    assert (report.negatives_with_plate.count, report.negatives_with_plate.total) == (1, 2)


def test_no_precision_where_other_plates_may_be_in_view() -> None:
    plates = [plate("ABC123", read("ABC123"))]
    photos = [photo(fully_labelled=False, unmatched=(read("KLM482"),))]
    report = report_detection(plates, photos)
    assert report.precision is None
    assert report.false_plates is None


def test_photos_without_plates_alone() -> None:
    report = report_detection([], [photo("n.jpg", negative=True, unmatched=(read("STOP"),))])
    assert report.precision is None
    assert report.false_plates == 1
    assert report.negatives_with_plate.value == 1
