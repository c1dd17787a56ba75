// Requests to the service this page came from, with its errors as sentences.

import { askForKey, currentKey, timesDeclined } from "./key.js";
import { upload } from "./upload.js";

const BUSY_ATTEMPTS = 6;

export class ApiError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * The successful response to a request. 401 opens the key field unless `prompt` is false; 429 and 503
 * are tried again when the service says, `onWait(seconds)` being told. `onSent(share)`, where given, is
 * told how much of the body is on its way. Throws ApiError, of code "cancelled" after the signal.
 */
export async function request(path, options = {}) {
  const { body, headers = {}, prompt = true, signal, onWait = () => {}, onSent } = options;
  const { method = body === undefined ? "GET" : "POST" } = options;
  for (let attempt = 1; ; ) {
    const key = currentKey();
    const declined = timesDeclined();
    const response = await send(path, { method, body, headers, key, signal, onSent });
    if (response.ok) return response;
    const error = await errorOf(response);
    if (response.status === 401 && prompt) {
      // Another request may have asked while this one was under way: its answer is good for both.
      const asked = timesDeclined() !== declined;
      const reason = key === null ? "" : error.message;
      if (currentKey() === key && (asked || !(await askForKey(reason)))) {
        throw new ApiError("This service asks for an API key, and none was given.", error.code);
      }
      continue;
    }
    if (![429, 503].includes(response.status) || attempt === BUSY_ATTEMPTS) throw error;
    const seconds = Math.min(30, Number(response.headers.get("Retry-After")) || attempt);
    onWait(seconds);
    await pause(seconds, signal);
    attempt += 1;
  }
}

/**
 * Reads a picture from a file or behind a URL, with the options of a query; resolves to the answer
 * and the time it took.
 */
export async function predict({ blob, name, url, query = "" }, { signal, report }) {
  const start = performance.now();
  const response = await request((url ? "predict/url" : "predict/file") + query, {
    ...(url ? jsonBody({ url }) : { body: form(blob, name) }),
    signal,
    onWait: (waiting) => report({ waiting }),
  });
  return { answer: await response.json(), roundTrip: performance.now() - start };
}

function jsonBody(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

export function form(blob, name) {
  const data = new FormData();
  data.append("file", blob, name);
  return data;
}

/** Resolves after that time, or at once after the signal. */
export function pause(seconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", resolve, { once: true });
  });
}

async function send(path, { method, body, headers, key, signal, onSent }) {
  const options = {
    method,
    body,
    headers: key === null ? headers : { ...headers, "X-API-Key": key },
    signal,
  };
  try {
    if (onSent) return await upload(path, { ...options, onSent });
    return await fetch(path, { ...options, cache: "no-store", credentials: "same-origin" });
  } catch {
    if (signal?.aborted) throw new ApiError("This was cancelled.", "cancelled");
    throw new ApiError(
      body instanceof FormData
        ? "The connection broke off. The service may be down, or the file larger than it accepts."
        : "The service does not answer. It may be stopped or restarting.",
      "unreachable",
    );
  }
}

async function errorOf(response) {
  try {
    const { detail, code } = await response.json();
    if (typeof detail === "string") return new ApiError(detail, code);
  } catch {
    // Not the service's own answer: a proxy stands between.
  }
  const status = `${response.status} ${response.statusText}`.trim();
  return new ApiError(`The service could not be reached: the answer was ${status}.`, "unreachable");
}
