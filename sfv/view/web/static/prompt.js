// What is asked of a generative prior: a sentence, a path on the ground, how many; and what became of it.
// It knows no sockets: it is told what to say a wish with.
"use strict";

const SPACING = 0.1, MOST_POINTS = 40; // m between the points of a path that is drawn; of one that is asked for

class Wishes {
  constructor(form, samples, scene, ask) {
    Object.assign(this, { form, samples, scene, ask });
    this.path = form.elements.path;
    this.pen = form.querySelector("#draw");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.wish(); });
    this.path.addEventListener("input", () => this.show());
    this.pen.addEventListener("click", () => this.drawing(!scene.canvas.dataset.drawing));
    form.querySelector("#keep-path").addEventListener("click", () => download(new Blob([this.path.value]), "path.csv"));
    const { text, label } = form.elements; // a kind of movement goes in place of a sentence
    label.addEventListener("change", () => { text.disabled = label.value !== ""; });
    this.drags();
  }

  // Take what a show has of it.
  load({ prior, samples }) {
    this.form.hidden = !prior;
    this.heeds = prior ? prior.heeds : [];
    if (prior) {
      this.form.querySelector("legend").textContent = `Ask ${prior.name}`;
      const { label } = this.form.elements, chosen = label.value;
      label.replaceChildren(label.options[0], ...prior.labels.map((name) => new Option(name, name)));
      label.value = prior.labels.includes(chosen) ? chosen : "";
    }
    for (const part of this.form.querySelectorAll("[data-heeds]")) part.hidden = !this.heeds.includes(part.dataset.heeds);
    this.samples.replaceChildren(...samples.map((sample) => card(sample)));
    this.samples.hidden = !samples.length;
    this.show();
  }

  // The points that are written, [x, y] in m; null where a line is none.
  get points() {
    const lines = this.path.value.split("\n").filter((line) => line.trim());
    const points = lines.map((line) => line.split(",").map(Number));
    return points.every((point) => point.length === 2 && point.every(Number.isFinite)) ? points : null;
  }

  show() {
    const points = this.heeds.includes("path") ? this.points : [];
    this.path.setCustomValidity(points ? "" : "Give a line x,y for each point, in metres.");
    this.scene.path = points || [];
    this.form.querySelector("#path-length").textContent = points && points.length > 1 ? `${reach(points).toFixed(1)} m` : "";
    this.scene.draw();
  }

  wish() {
    const { text, label, seconds, count, seed, mend } = this.form.elements, points = this.heeds.includes("path") ? this.points : [];
    this.ask({
      text: label.value ? "" : text.value, label: label.value, seconds: Number(seconds.value), count: Number(count.value), seed: Number(seed.value),
      mend: mend.checked, path: points && points.length > 1 ? points : null,
    });
  }

  drawing(on) {
    if (on) this.scene.canvas.dataset.drawing = "1";
    else delete this.scene.canvas.dataset.drawing;
    this.pen.setAttribute("aria-pressed", on);
  }

  drags() {
    const { canvas } = this.scene;
    let drawn = null;
    canvas.addEventListener("pointerdown", () => { if (canvas.dataset.drawing) drawn = [[0, 0]]; });
    canvas.addEventListener("pointermove", (event) => {
      if (!drawn || !event.buttons) return;
      const place = this.scene.groundAt(event.offsetX, event.offsetY), last = drawn[drawn.length - 1];
      if (!place || Math.hypot(place[0] - last[0], place[1] - last[1]) < SPACING) return;
      drawn.push(place);
      this.put(drawn);
    });
    canvas.addEventListener("pointerup", () => {
      if (!drawn) return;
      if (drawn.length > 1) this.put(evenly(drawn));
      drawn = null;
      this.drawing(false);
    });
  }

  put(points) {
    this.path.value = points.map((point) => point.map((value) => value.toFixed(2)).join(",")).join("\n");
    this.show();
  }
}

const reach = (points) => points.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - points[i][0], y - points[i][1]), 0);

// The same way, in points as far from each other: then it is gone at one speed.
function evenly(points) {
  const count = Math.min(MOST_POINTS, Math.max(2, Math.round(reach(points) / SPACING))), step = reach(points) / (count - 1);
  const out = [points[0]];
  let gone = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]], far = Math.hypot(b[0] - a[0], b[1] - a[1]);
    while (out.length < count && gone + far >= step * out.length - 1e-9) {
      const share = (step * out.length - gone) / far;
      out.push([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
    }
    gone += far;
  }
  return out;
}

// One sample: what the check says of it, and what to type to train on it.
function card({ name, passes, words, commands }) {
  const box = element("section", { className: passes ? "sample pass" : "sample fail" });
  box.setAttribute("aria-label", `sample ${name}`);
  const more = element("details", {}), code = element("pre", { textContent: commands.join("\n"), tabIndex: 0 });
  more.append(element("summary", { textContent: "Train this" }), code);
  box.append(element("strong", { textContent: `${name}: ${passes ? "passes" : "fails"}` }), ` ${words}`, more);
  return box;
}
