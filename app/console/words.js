// The service's names in words.

export { FORMATS } from "./formats.js"; // made by the service from its table of series

export const STAGES = {
  queue: "Waiting",
  decode: "Decoding",
  detect: "Finding plates",
  ocr: "Reading characters",
  interpret: "Checking formats",
};

export const OUTCOMES = {
  success: "Read",
  low_confidence: "Read, low confidence",
  failure: "No plate found",
  error: "Service failed",
};

export const REASONS = {
  confidence: "too weak",
  aspect_ratio: "of the wrong shape",
  outside_frame: "outside the picture",
  region: "outside the region",
  min_height: "too low",
  format: "of another series",
  unreadable: "without a readable character",
};

export const CAMERA_STATES = {
  connecting: "Connecting",
  live: "Live",
  waiting: "Lost, trying again",
  ended: "Ended",
  elsewhere: "Watched by another process",
  unowned: "Watched by nobody yet",
};

export const LIST_KINDS = { allow: "Allowed", watch: "Watched", ignore: "Ignored" };

export const LIST_USES = {
  allow: "Allowed: may open gates",
  watch: "Watched: told of",
  ignore: "Ignored: neither kept nor told",
};

export const DELIVERY_STATES = { waiting: "Waiting", delivered: "Delivered", failed: "Given up" };

/** Why a gate opened or did not. */
export const DECISIONS = {
  opened: "Opened",
  dry_run: "Would have opened (dry run)",
  not_listed: "Not on the list",
  not_exact: "Read otherwise than listed",
  few_reads: "Too few reads agree",
  improbable: "Not probable enough",
  entry_not_valid: "Entry not valid then",
  entry_hours: "Not at the entry's hours",
  entry_camera: "Not at the entry's cameras",
  gate_hours: "Not at the gate's hours",
  cooldown: "Just opened for it",
  cut: "Plate cut off by the edge",
  late: "Told too late",
  no_list: "No such list",
  no_target: "No such target",
  fault: "Failed",
};

export const MOTIONS = { nearing: "coming nearer", leaving: "going away" };

/** Where something goes in a picture, for each eighth of a turn: right, and on clockwise. */
export const WAYS = [
  ...["right", "down to the right", "down", "down to the left"],
  ...["left", "up to the left", "up", "up to the right"],
];

/** A name of the service in words, the name itself where there are none yet. */
export const word = (words, name) => words[name] ?? name.replaceAll("_", " ");

/** A sentence of the service, which may be a clause, as a sentence. */
export const sentence = (text) =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
