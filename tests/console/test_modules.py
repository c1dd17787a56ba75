"""The console's pure modules, in the browser they are written for."""

import csv
import io
import shlex
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from tests.servers import Server

if TYPE_CHECKING:
    from tests.console.browser import BrowserContext, Console

EXPOSITION = r"""# HELP t_seconds Time
# TYPE t_seconds histogram
t_seconds_bucket{le="0.1",stage="a"} 2.0
t_seconds_bucket{le="0.2",stage="a"} 6.0
t_seconds_bucket{le="+Inf",stage="a"} 8.0
t_seconds_count{stage="a"} 8.0
t_seconds_sum{stage="a"} 1.6
t_seconds_count{stage="b"} 0.0
t_seconds_sum{stage="b"} 0.0
c_total{code="a \"quoted\", \\ and\nbroken",status="x"} 3.0
c_total{code="b",status="x"} 4.0
c_total{code="b",status="y"} 5.0
c_total{code="c",status="y"} 0.0
bare 1.5e-05
"""

CELLS: dict[Any, str] = {
    None: "",
    0.5: "0.5",
    -1: "-1",
    True: "true",
    "ABC123": "ABC123",
    "a,b": '"a,b"',
    'a"b': '"a""b"',
    "a\nb": '"a\nb"',
    " a": '" a"',
    "=1+1": '"\'=1+1"',
    "+1": '"\'+1"',
    "-1": '"\'-1"',
    "@SUM(A1)": '"\'@SUM(A1)"',
    "\t=1": '"\'\t=1"',
    "  =1": '"\'  =1"',
    '=HYPERLINK("x")': '"\'=HYPERLINK(""x"")"',
}
"""Values and their cells; text that a spreadsheet would run gets an apostrophe."""
FIELDS = {
    "car.jpg": "file=@car.jpg",
    "two words.jpg": 'file=@"two words.jpg"',
    "a;type=text,b.jpg": 'file=@"a;type=text,b.jpg"',
    "it's.jpg": 'file=@"it\'s.jpg"',
    'say "x" \\.jpg': 'file=@"say \\"x\\" \\\\.jpg"',
    "$(touch x).jpg": 'file=@"$(touch x).jpg"',
}
"""File names and what curl must be given to send them as they are."""


@pytest.fixture(scope="module")
def console(
    automation: ModuleType, context: "BrowserContext", service: Server
) -> "Iterator[Console]":
    """One tab for all: the modules keep nothing."""
    console: Console = automation.Console(context, service.url, key=None)
    yield console
    console.close()


def test_exposition(console: "Console") -> None:
    found = console.call(
        "exposition.js",
        """((all, time) => ({
            sums: module.sums(all, "c_total", "code"),
            bare: all.get("bare")[0].value,
            mean: time("a").mean,
            quantiles: [0.25, 0.5, 0.75, 0.99].map(time("a").quantile),
            none: [time("b").mean, time("b").quantile(0.5), time("c").count],
        }))(
            module.parse(argument),
            (stage) => module.histogram(module.parse(argument), "t_seconds", { stage }),
        )""",
        EXPOSITION,
    )
    assert found["sums"] == [["b", 9], ['a "quoted", \\ and\nbroken', 3]]
    assert found["bare"] == 1.5e-05
    assert found["mean"] == pytest.approx(200)
    assert found["quantiles"] == pytest.approx([100, 150, 200, 200])
    assert found["none"] == [None, None, 0]


def test_csv_cells(console: "Console") -> None:
    found = console.call("csv.js", "argument.map(module.cell)", list(CELLS))
    assert dict(zip(CELLS, found, strict=True)) == CELLS


def test_csv_of_a_picture_not_read(console: "Console") -> None:
    items = [{"name": "=a.jpg", "error": {"message": "The image is empty."}}]
    text = console.call("csv.js", "module.table(argument)", items)
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["file"], line["plate"]) == ("'=a.jpg", "")
    assert line["error"] == "The image is empty."


def test_curl_of_files(console: "Console") -> None:
    for name, field in FIELDS.items():
        command = console.call("snippets.js", "module.curlCommand(argument)", {"name": name})
        words = shlex.split(command.replace("\\\n", ""))
        assert words[words.index("-F") + 1] == field
        assert words[-1] == f"{console.url}/predict/file"
        assert "X-API-Key: $ALPR_KEY" in words


def test_curl_of_a_url(console: "Console") -> None:
    item = {"name": "x.jpg", "url": 'http://camera/it\'s.jpg?a=1&b="2"'}
    command = console.call("snippets.js", "module.curlCommand(argument)", item)
    words = shlex.split(command.replace("\\\n", ""))
    assert words[words.index("-d") + 1] == '{"url":"http://camera/it\'s.jpg?a=1&b=\\"2\\""}'
    assert words[-1] == f"{console.url}/predict/url"


def test_videos_are_told_from_pictures(console: "Console") -> None:
    files = {
        ("gate.mp4", "video/mp4"): True,
        ("gate.mkv", ""): True,
        ("GATE.TS", "text/vnd.trolltech.linguist"): True,
        ("gate.h264", "application/octet-stream"): True,
        ("gate.jpg", "image/jpeg"): False,
        ("gate.mp4", "image/jpeg"): False,
        ("gate", ""): False,
    }
    given = [{"name": name, "type": kind} for name, kind in files]
    assert console.call("video.js", "argument.map(module.isVideo)", given) == list(files.values())


def test_csv_of_a_video(console: "Console") -> None:
    validation = {"normalized": "ABC123", "valid": True, "format": "standard"}
    best = {"detection_confidence": 0.9, "bbox": {"x": 1, "y": 2, "width": 30, "height": 10}}
    seen = {"first_seen_s": 1.2, "last_seen_s": 3.4, "reads": 9, "agreeing": 8}
    passing = {"plate": "ABC123", "confidence": 0.99, "validation": validation, "best": best}
    items = [{"name": "gate.mp4", "kind": "video", "passes": [passing | seen]}]
    (line,) = csv.DictReader(io.StringIO(console.call("csv.js", "module.table(argument)", items)))
    assert (line["plate"], line["x"], line["detection_confidence"]) == ("ABC123", "1", "0.9")
    assert {name: float(line[name]) for name in seen} == seen


def test_directions_in_words(console: "Console") -> None:
    found = console.call(
        "passing.js",
        "argument.map(module.directionWords)",
        [
            {"degrees": 92, "motion": "nearing"},
            {"degrees": 350, "motion": "steady"},
            {"degrees": None, "motion": "steady"},
            {"degrees": None, "motion": "leaving"},
        ],
    )
    assert found == ["down (92°), coming nearer", "right (350°)", "standing", "going away"]


def test_polygons_and_their_text(console: "Console") -> None:
    def polygons(text: str) -> Any:
        return console.call("drawing.js", "module.polygonsOf(argument)", text)

    text = "0.1,0.4,0.9,0.4,0.9,1;0,0,1,0,1,0.08"
    assert polygons(text) == [[[0.1, 0.4], [0.9, 0.4], [0.9, 1]], [[0, 0], [1, 0], [1, 0.08]]]
    again = console.call("drawing.js", "module.textOfPolygons(argument)", polygons(text))
    assert again == text
    assert polygons("0.1 0.4, 1 1") == [[[0.1, 0.4], [1, 1]]]
    assert polygons("") == [[]]
    for wrong in ("0.1", "0.1,2", "x,1", "0,0,1,1;-1,0"):
        assert polygons(wrong) is None
