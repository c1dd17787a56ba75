// Requests to the service this page came from, with its errors as sentences.

import { askForKey, currentKey, timesDeclined } from "./key.js";

const BUSY_ATTEMPTS = 6;

export class ApiError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/**
 * The successful response to a request. 401 opens the key field unless `prompt` is false; 503 is
 * tried again when the service says, `onWait(seconds)` being told. Throws ApiError.
 */
export async function request(path, { body, headers = {}, prompt = true, onWait = () => {} } = {}) {
  for (let attempt = 1; ; ) {
    const key = currentKey();
    const declined = timesDeclined();
    const response = await send(path, { body, headers, key });
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
    if (response.status !== 503 || attempt === BUSY_ATTEMPTS) throw error;
    const seconds = Math.min(30, Number(response.headers.get("Retry-After")) || attempt);
    onWait(seconds);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    attempt += 1;
  }
}

/**
 * Reads a picture from a file or behind a URL, with the options of a query; resolves to the answer
 * and the time it took.
 */
export async function predict({ blob, name, url, query = "" }, onWait) {
  const start = performance.now();
  const response = await request((url ? "predict/url" : "predict/file") + query, {
    ...(url ? jsonBody({ url }) : { body: form(blob, name) }),
    onWait,
  });
  return { answer: await response.json(), roundTrip: performance.now() - start };
}

function jsonBody(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

function form(blob, name) {
  const data = new FormData();
  data.append("file", blob, name);
  return data;
}

async function send(path, { body, headers, key }) {
  try {
    return await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      body,
      headers: key === null ? headers : { ...headers, "X-API-Key": key },
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch {
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
