// A video: whether a file is one, and its reading, told as it goes on.

import { ApiError, form, request } from "./api.js";
import { moment, percent } from "./dom.js";
import { linesOf } from "./lines.js";

/** Names of files whose type browsers do not know, or take for another. */
const NAMES = /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|flv|h264|mjpe?g)$/i;
const BROKEN = "The connection broke off before the end of the video.";

export const isVideo = ({ type, name }) =>
  type.startsWith("video/") || (!type.startsWith("image/") && NAMES.test(name));

/**
 * Reads a video; resolves to the answer and the time it took. What comes on the way is told as
 * changes of the item: `sent`, the share of the file; `progress`, the newest line of that name;
 * `passes` in the order of their beginning, those that are over marked `ended`.
 */
export async function readVideo({ blob, name, query = "" }, { signal, report }) {
  const start = performance.now();
  let passes = [];
  report({ passes, sent: 0, progress: undefined });
  const response = await request(`predict/video${query}`, {
    body: form(blob, name),
    headers: { Accept: "application/x-ndjson" },
    signal,
    onSent: (sent) => report({ sent, waiting: undefined }),
    onWait: (waiting) => report({ waiting }),
  });
  report({ sent: 1, waiting: undefined });
  try {
    for await (const line of linesOf(response.body)) {
      const { event, pass: passing, ...told } = JSON.parse(line);
      if (event === "error") throw new ApiError(told.detail, told.code);
      if (event === "result") {
        passes = told.passes.reduce((all, one) => withPass(all, one, true), []);
        return { answer: told, passes, roundTrip: performance.now() - start };
      }
      if (event === "progress") report({ progress: told });
      else report({ passes: (passes = withPass(passes, passing, event === "end")) });
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(BROKEN, signal.aborted ? "cancelled" : "unreachable");
  }
  throw new ApiError(BROKEN, "unreachable");
}

function withPass(passes, passing, ended) {
  const others = passes.filter(({ id }) => id !== passing.id);
  return [...others, { ...passing, ended }].sort((a, b) => a.first_seen_s - b.first_seen_s);
}

/** How far the reading of a video is, in words. */
export function progressText({ sent, progress, waiting }) {
  if (waiting) return `The service is busy; trying again in ${waiting} s …`;
  if (progress === undefined) return sent < 1 ? `Uploading, ${percent(sent)} …` : "Reading …";
  const { at_s: at, duration_s: all } = progress;
  return `Reading, ${moment(at)}${all ? ` of ${moment(all)}` : ""} …`;
}

/** Seconds of the video that its time line has, as far as is known. */
export function lengthOf({ answer, progress, passes }) {
  if (answer) return answer.video.duration_s;
  const ends = passes.map(({ last_seen_s: end }) => end);
  return Math.max(progress?.duration_s ?? 0, progress?.at_s ?? 0, ...ends);
}
