// A request whose way out can be watched, which `fetch` tells nothing of.

/**
 * The response as soon as its head is there; its body comes as it is sent. `onSent(share)` is called
 * while the body of the request goes out. Rejects as `fetch` does.
 */
export function upload(path, { method, body, headers, signal, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const encoder = new TextEncoder();
    let answer = null;
    let seen = 0;
    const stream = new ReadableStream({
      start: (controller) => (answer = controller),
      cancel: () => request.abort(),
    });
    const passOn = () => {
      const more = request.responseText.slice(seen);
      seen += more.length;
      if (more !== "") answer.enqueue(encoder.encode(more));
    };
    const fail = (error) => {
      reject(error);
      answer.error(error);
    };
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
    request.onreadystatechange = () => {
      if (request.readyState !== XMLHttpRequest.HEADERS_RECEIVED) return;
      const { status, statusText } = request;
      const again = request.getResponseHeader("Retry-After");
      resolve(new Response(stream, { status, statusText, headers: again ? { "Retry-After": again } : {} }));
    };
    request.onprogress = passOn;
    request.onload = () => {
      passOn();
      answer.close();
    };
    request.onerror = () => fail(new TypeError("The connection broke off."));
    request.onabort = () => fail(new DOMException("The request was aborted.", "AbortError"));
    request.open(method, path);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (signal.aborted) return request.onabort();
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}
