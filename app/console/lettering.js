// The letters of New Zealand plates: the skeletons of app/lab/synth/plates/strokes.py, drawn as SVG.
//
// A skeleton is a few polylines on the unit square, y downwards; `r` after a point rounds the
// corner there, a final `z` closes the line.

import { svg } from "./dom.js";

const OVAL = "0,0r 1,0r 1,1r 0,1r z";

export const SKELETONS = {
  "A": "0,1 .46,0 .54,0 1,1; .17,.68 .83,.68",
  "B": "0,.48 0,0 .93,0r .93,.48r z; 0,1 0,.48 1,.48r 1,1r z",
  "C": "1,.3 1,0r 0,0r 0,1r 1,1r 1,.7",
  "D": "0,0 1,0r 1,1r 0,1 z",
  "E": "1,0 0,0 0,1 1,1; 0,.48 .88,.48",
  "F": "1,0 0,0 0,1; 0,.48 .85,.48",
  "G": "1,.28 1,0r 0,0r 0,1r 1,1r 1,.53 .52,.53",
  "H": "0,0 0,1; 1,0 1,1; 0,.48 1,.48",
  "I": ".5,0 .5,1",
  "J": "1,0 1,1r 0,1r 0,.68",
  "K": "0,0 0,1; 1,0 0,.66; .3,.44 1,1",
  "L": "0,0 0,1 1,1",
  "M": "0,1 0,0 .5,.62 1,0 1,1",
  "N": "0,1 0,0 1,1 1,0",
  "O": OVAL,
  "P": "0,1 0,0 1,0r 1,.54r 0,.54",
  "Q": `${OVAL}; .5,.64 1.06,1.04`,
  "R": "0,1 0,0 1,0r 1,.52r 0,.52; .5,.52 1,1",
  "S": "1,.27 1,0r 0,0r 0,.47r 1,.47r 1,1r 0,1r 0,.73",
  "T": "0,0 1,0; .5,0 .5,1",
  "U": "0,0 0,1r 1,1r 1,0",
  "V": "0,0 .46,1 .54,1 1,0",
  "W": "0,0 .2,1 .26,1 .5,.3 .74,1 .8,1 1,0",
  "X": "0,0 1,1; 1,0 0,1",
  "Y": "0,0 .5,.5 1,0; .5,.5 .5,1",
  "Z": "0,0 1,0 0,1 1,1",
  "0": OVAL,
  "1": ".18,.2 .6,0 .6,1",
  "2": "0,.3 0,0r 1,0r 1,.44r 0,.97 0,1 1,1",
  "3": "0,.26 0,0r 1,0r 1,.46r .35,.46; .35,.46 1,.46r 1,1r 0,1r 0,.74",
  "4": ".74,1 .74,0 .66,0 0,.73 1,.73",
  "5": ".95,0 .06,0 .03,.46; .03,.46 .2,.38r 1,.38r 1,1r 0,1r 0,.76",
  "6": "1,.27 1,0r 0,0r 0,1r 1,1r 1,.42r 0,.42r 0,.72",
  "7": "0,0 1,0 .34,1",
  "8": ".04,0r .96,0r .96,.46r .04,.46r z; 0,.46r 1,.46r 1,1r 0,1r z",
  "9": "0,.73 0,1r 1,1r 1,0r 0,0r 0,.58r 1,.58r 1,.28",
};
// In print, unlike on the plates of most series, a zero must not look like the letter.
const SLASH = "; .12,.8 .88,.2";

/** One character as a nested <svg>, which cuts strokes off level at its edges. */
export function glyph(character, { x = 0, y = 0, width, height, pen }) {
  const skeleton = SKELETONS[character] + (character === "0" ? SLASH : "");
  const box = { width, height, pen };
  return svg(
    "svg",
    { x, y, width, height, viewBox: `0 0 ${width} ${height}` },
    skeleton.split(";").map((line) => svg("path", { d: path(line, box), "stroke-width": pen })),
  );
}

function path(line, { width, height, pen }) {
  const words = line.trim().split(/\s+/);
  const closed = words.at(-1) === "z";
  const points = (closed ? words.slice(0, -1) : words).map((word) => {
    const [x, y] = word.replace("r", "").split(",").map(Number);
    return {
      x: pen / 2 + x * (width - pen),
      y: pen / 2 + y * (height - pen),
      round: word.endsWith("r"),
    };
  });
  if (!closed) {
    runOut(points[0], points[1], height, pen);
    runOut(points.at(-1), points.at(-2), height, pen);
  }
  const radius = ((width - pen) / 2) * 0.92;
  const steps = points.map((point, i) => {
    const free = !closed && (i === 0 || i === points.length - 1);
    if (!point.round || free) return `L${point.x} ${point.y}`;
    const before = points.at(i - 1);
    const after = points[(i + 1) % points.length];
    const from = towards(point, before, radius);
    const to = towards(point, after, radius);
    const first = between(from, point, 0.5523);
    const second = between(to, point, 0.5523);
    return `L${from.x} ${from.y}C${first.x} ${first.y} ${second.x} ${second.y} ${to.x} ${to.y}`;
  });
  return `M${steps.join("").slice(1)}${closed ? "Z" : ""}`;
}

/** Where an arc around a corner begins; two rounded neighbours share the line between them. */
function towards(corner, neighbour, radius) {
  const length = Math.hypot(neighbour.x - corner.x, neighbour.y - corner.y);
  const reach = Math.min(radius, length * (neighbour.round ? 0.5 : 1));
  return between(corner, neighbour, reach / length);
}

function between(a, b, share) {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

/** Draws a free end near the top or bottom on past it, so that it is cut level there. */
function runOut(end, neighbour, height, pen) {
  if (Math.min(end.y, height - end.y) >= 0.75 * pen) return;
  const length = Math.hypot(end.x - neighbour.x, end.y - neighbour.y);
  const steep = Math.abs(end.y - neighbour.y) / length > 0.2;
  const reach = ((steep ? 1 : 0.5) * pen) / length;
  Object.assign(end, {
    x: end.x + (end.x - neighbour.x) * reach,
    y: end.y + (end.y - neighbour.y) * reach,
  });
}
