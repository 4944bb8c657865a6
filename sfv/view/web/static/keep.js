// What is seen, kept as a picture or as a short video: the scene with the names above the bodies.
"use strict";

const FILMED = 30, LONGEST = 120; // frames a second; s of a video
const KINDS = ["video/webm;codecs=vp9", "video/webm", "video/mp4"];

// A canvas as large as a scene's is now: a video has one size from its beginning to its end.
const blank = ({ canvas: { width, height } }) => Object.assign(document.createElement("canvas"), { width, height });

// Draw what a scene shows on such a canvas.
function copied(scene, canvas) {
  const { width, height } = canvas, ratio = width / Math.max(scene.canvas.clientWidth, 1);
  const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  pen.drawImage(scene.canvas, 0, 0, width, height);
  pen.font = `${14 * ratio}px system-ui, sans-serif`;
  pen.textAlign = "center";
  for (const tag of scene.names.children) {
    if (tag.hidden) continue;
    const [x, y] = tag.place.map((value) => value * ratio), wide = pen.measureText(tag.textContent).width + 12 * ratio;
    pen.fillStyle = style.getPropertyValue("--paper");
    pen.fillRect(x - wide / 2, y - 22 * ratio, wide, 22 * ratio);
    pen.fillStyle = style.getPropertyValue("--ink");
    pen.fillText(tag.textContent, x, y - 6 * ratio);
  }
  return canvas;
}

function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// A picture of a scene, as a file that the browser saves.
function keepPicture(scene, name) {
  copied(scene, blank(scene)).toBlob((blob) => download(blob, `${name}.png`));
}

// A video of it, from one call of `toggle` to the next.
class Recorder {
  constructor(scene, changed) {
    this.scene = scene;
    this.changed = changed;
    this.taken = null;
  }

  get running() { return this.taken !== null; }

  toggle(name) {
    if (this.running) { this.taken.stop(); return; }
    const kind = KINDS.find((one) => window.MediaRecorder && MediaRecorder.isTypeSupported(one));
    if (!kind) throw new Error("this browser records no videos; sfv view RUN --out clip.mp4 makes one");
    const canvas = copied(this.scene, blank(this.scene)), parts = [];
    const taken = new MediaRecorder(canvas.captureStream(FILMED), { mimeType: kind, videoBitsPerSecond: 8e6 });
    this.scene.drawn = () => copied(this.scene, canvas);
    taken.ondataavailable = ({ data }) => parts.push(data);
    taken.onstop = () => {
      this.scene.drawn = null;
      this.taken = null;
      clearTimeout(end);
      download(new Blob(parts, { type: kind }), `${name}.${kind.startsWith("video/mp4") ? "mp4" : "webm"}`);
      this.changed();
    };
    taken.start();
    const end = setTimeout(() => taken.stop(), 1000 * LONGEST);
    this.taken = taken;
    this.changed();
  }
}
