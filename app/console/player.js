// The video in place of a picture, at the frame that was read best, and the time line below it.

import { byId, element, svg } from "./dom.js";
import { showPass } from "./passing.js";
import { timeLine } from "./timeline.js";
import { progressText } from "./video.js";

const SAME_FRAME = 0.02; // seconds between a frame's time and where the browser stops for it

let shown = null; // { item, player, address, line, best, made }: made is what the result was made of

/** Shows a video and its reading so far; `chosen` is the id of the pass in front, by default the first. */
export function showVideo(item, chosen, { choose, retry, cancel }) {
  if (shown?.item !== item) open(item, choose, cancel);
  const passing = item.passes.find(({ id }) => id === chosen) ?? item.passes[0];
  shown.line.update(item, passing);
  showResult(item, passing, retry);
  if (passing === undefined || passing.best.at_s === shown.best?.at_s) return;
  shown.best = passing.best;
  seek();
}

/** The result anew, where it changed: it is told of each frame, and people read and select in it. */
function showResult(item, passing, retry) {
  const { state, error, answer } = item;
  const made = [passing, state, error, answer, passing ? "" : progressText(item)];
  if (shown.made && made.every((one, i) => one === shown.made[i])) return;
  shown.made = made;
  showPass(item, passing, { retry });
}

/** The video at the frame on the page, null where there is none. */
export const frameShown = () => (shown?.player.readyState > 1 ? shown.player : null);

export function clearVideo() {
  if (shown === null) return;
  URL.revokeObjectURL(shown.address);
  shown = null;
  byId("stage").replaceChildren();
}

function open(item, choose, cancel) {
  const address = URL.createObjectURL(item.blob);
  const line = timeLine({ choose, cancel: () => cancel(item) });
  const player = element("video", {
    src: address,
    controls: true,
    playsinline: true,
    preload: "auto",
    "aria-label": `Video ${item.name}`,
    onloadedmetadata: () => {
      frame.style.setProperty("--width", player.videoWidth);
      frame.style.setProperty("--height", player.videoHeight);
      seek();
    },
    onseeked: showBox,
    ontimeupdate: showBox,
    onerror: () => {
      const text = "This browser cannot show the file. The service reads it all the same.";
      player.replaceWith(element("p", { class: "blank" }, text));
    },
  });
  const frame = element("div", { class: "frame", style: { "--width": 16, "--height": 9 } }, player);
  const name = element("span", { class: "name" }, item.name);
  byId("stage").replaceChildren(frame, element("p", { class: "caption" }, name), line.node);
  shown = { item, player, address, line, best: null, made: null };
}

function seek() {
  const { player, best } = shown ?? {};
  if (!best || player.readyState === 0 || !player.paused) return;
  player.currentTime = best.at_s + SAME_FRAME / 2;
}

/** The box is that of one frame: it is there while that one is. */
function showBox() {
  if (shown === null) return;
  const { player, best } = shown;
  const { parentElement: frame, videoWidth, videoHeight } = player;
  frame?.querySelector(".boxes")?.remove();
  if (best === null || Math.abs(player.currentTime - best.at_s) > SAME_FRAME) return;
  const { x, y, width, height } = best.bbox;
  const place = { x, y, width, height, rx: 2 };
  frame?.append(
    svg(
      "svg",
      { class: "boxes", viewBox: `0 0 ${videoWidth} ${videoHeight}`, "aria-hidden": "true" },
      svg(
        "g",
        { class: "box chosen" },
        svg("rect", { class: "halo", ...place }),
        svg("rect", { class: "line", ...place }),
      ),
    ),
  );
}
