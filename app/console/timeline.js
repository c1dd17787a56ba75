// The passes of a video on a line of its time, brought up to date in place: what has the focus stays.

import { byId, element, moment, percent } from "./dom.js";
import { textOf } from "./parts.js";
import { span } from "./passing.js";
import { lengthOf, progressText } from "./video.js";

/** `choose(id)` brings a pass forward, `cancel()` ends the reading. */
export function timeLine({ choose, cancel }) {
  const rows = new Map(); // id of a pass to its row
  const bar = element("progress", { max: 1, "aria-label": "Progress of the video" });
  const told = element("span", { class: "told" });
  const stop = element("button", { type: "button", class: "small", onclick: cancel }, "Cancel");
  const list = element("ol", { "aria-label": "Passes" });
  const scale = element("span", {});
  const axis = element("p", { class: "axis", "aria-hidden": "true" }, scale);
  const node = element(
    "div",
    { class: "time-line" },
    element("div", { class: "bar" }, element("h3", {}, "Passes"), bar, told, stop),
    list,
    axis,
  );

  function update(item, chosen) {
    const length = lengthOf(item);
    showState(item, length);
    for (const [place, passing] of item.passes.entries()) {
      const row = rows.get(passing.id) ?? newRow(passing.id);
      if (list.children[place] !== row.node) list.insertBefore(row.node, list.children[place] ?? null);
      fillRow(row, passing, length, passing.id === chosen?.id);
    }
    for (const [id, row] of rows) {
      if (item.passes.some((passing) => passing.id === id)) continue;
      row.node.remove(); // of a reading before this one
      rows.delete(id);
    }
    axis.hidden = item.passes.length === 0;
    scale.replaceChildren(
      ...[0, length / 2, length].map((second) => element("span", {}, moment(second))),
    );
  }

  function showState(item, length) {
    const going = item.state === "waiting" || item.state === "reading";
    const focused = document.activeElement === stop;
    stop.hidden = bar.hidden = !going;
    if (focused && !going) byId("result").focus();
    const { sent = 0, progress } = item;
    if (progress && length > 0) bar.value = Math.min(1, progress.at_s / length);
    else if (sent > 0 && sent < 1) bar.value = sent;
    else bar.removeAttribute("value");
    if (item.state === "waiting") told.textContent = "Waiting for its turn …";
    else told.textContent = going ? progressText(item) : summary(item);
  }

  function newRow(id) {
    const button = element("button", { type: "button", class: "bare", onclick: () => choose(id) });
    const row = { node: element("li", {}, button), button };
    rows.set(id, row);
    return row;
  }

  return { node, update };
}

function fillRow({ button }, passing, length, pressed) {
  const { first_seen_s: first, last_seen_s: last, validation, confidence } = passing;
  const place = {
    "--from": length > 0 ? first / length : 0,
    "--span": length > 0 ? (last - first) / length : 1,
  };
  button.setAttribute("aria-pressed", String(pressed));
  button.replaceChildren(
    element("span", { class: "text" }, textOf(passing)),
    element(
      "span",
      { class: "track", "aria-hidden": "true" },
      element("i", { class: validation.valid ? "" : "doubtful", style: place }),
    ),
    element("span", { class: "when" }, span(passing)),
    element("span", { class: "value" }, percent(confidence)),
  );
}

function summary({ passes, answer }) {
  const count = passes.length === 1 ? "1 vehicle" : `${passes.length} vehicles`;
  const frames = answer ? ` in ${answer.video.frames_read} frames that were read` : "";
  return `${count}${frames}`;
}
