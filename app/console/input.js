// The ways a picture comes in: dropped, pasted, chosen, from the camera, or behind a URL.

import { announce, byId } from "./dom.js";

/** `take` is called with a list of { name, blob } or { name, url }. */
export function startInputs(take) {
  const files = (list) => {
    const sources = [...list].map((file) => ({ name: file.name || "pasted.png", blob: file }));
    if (sources.length > 0) take(sources);
  };
  startChoosing(files);
  startDropping(files);
  startPasting(files, take);
  startUrl(take);
  startCamera(take);
  startSample(take);
}

function startChoosing(files) {
  const input = byId("file-input");
  byId("choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    files(input.files);
    input.value = ""; // so that the same file can be chosen again
  });
}

function startDropping(files) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") ?? false;
  const mark = (over) => document.body.classList.toggle("dropping", over);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    files(event.dataTransfer.files);
  });
}

function startPasting(files, take) {
  document.addEventListener("paste", (event) => {
    if (event.clipboardData.files.length > 0) {
      event.preventDefault();
      files(event.clipboardData.files);
    } else if (!(event.target instanceof HTMLInputElement)) {
      const text = event.clipboardData.getData("text").trim();
      if (/^https?:\/\/\S+$/i.test(text)) take([behind(text)]);
    }
  });
}

function startUrl(take) {
  const input = byId("url-input");
  byId("url-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const url = input.value.trim();
    if (!/^https?:\/\/[^/\s]+/i.test(url) || !URL.canParse(url)) {
      input.setAttribute("aria-invalid", "true");
      byId("url-error").textContent = "Give an address that begins with http:// or https://.";
      input.focus();
      return;
    }
    input.removeAttribute("aria-invalid");
    byId("url-error").textContent = "";
    take([behind(url)]);
  });
}

function behind(url) {
  const path = new URL(url).pathname.split("/").filter(Boolean);
  return { url, name: path.at(-1) ?? new URL(url).host };
}

function startCamera(take) {
  const dialog = byId("camera-dialog");
  const video = byId("camera-video");
  const problem = byId("camera-error");
  byId("camera").addEventListener("click", async () => {
    problem.textContent = "";
    byId("camera-take").disabled = true;
    dialog.showModal();
    if (!navigator.mediaDevices) {
      problem.textContent = "Browsers give the camera to pages over https or on localhost only.";
      return;
    }
    try {
      const wish = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      const stream = await navigator.mediaDevices.getUserMedia({ video: wish });
      if (!dialog.open) return stop(stream);
      video.srcObject = stream;
    } catch (error) {
      problem.textContent =
        error.name === "NotAllowedError"
          ? "The browser was not allowed to use the camera."
          : "No camera could be used.";
    }
  });
  video.addEventListener("loadeddata", () => (byId("camera-take").disabled = false));
  byId("camera-take").addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "");
    canvas.toBlob((blob) => take([{ name: `camera-${time}.jpg`, blob }]), "image/jpeg", 0.95);
    dialog.close();
  });
  byId("camera-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    stop(video.srcObject);
    video.srcObject = null;
  });
}

function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function startSample(take) {
  byId("sample").addEventListener("click", async () => {
    const response = await fetch("console/sample.jpg").catch(() => null);
    if (response?.ok) take([{ name: "sample.jpg", blob: await response.blob() }]);
    else announce("The sample could not be loaded.");
  });
}
