// Time from left to right: a slider, marks to go to, and a plot for each group of curves.
// It knows no scene: it is told the time, and tells when somebody asks for another.
"use strict";

const WINDOW = 10; // seconds of what acts live that are seen at once

class Timeline {
  constructor(root, seek) {
    this.root = root;
    this.seek = seek;
    this.chosen = {};
    this.time = 0;
    this.load({ seconds: 1, curves: [], marks: [] });
    new ResizeObserver(() => this.draw()).observe(root);
  }

  // Show a recording: its curves and marks.
  load(data) {
    this.live = false;
    this.seconds = Math.max(data.seconds, 1e-3);
    this.marks = data.marks;
    this.groups = grouped(data.curves);
    this.build();
  }

  // Begin to show what acts live: [group, name, unit] of each value that will come.
  begin(names) {
    this.live = true;
    this.seconds = WINDOW;
    this.marks = [];
    this.series = names.map(([group, name, unit]) => ({ group, name, unit, times: [], values: [] }));
    this.groups = grouped(this.series);
    this.build();
  }

  // One moment of it: seconds, then a value for each name.
  append([seconds, ...values]) {
    this.series.forEach((curve, index) => {
      curve.times.push(seconds);
      curve.values.push(values[index]);
      if (curve.times.length > 1800) { curve.times.shift(); curve.values.shift(); }
    });
  }

  // Something happened: a mark of what acts live.
  mark(seconds, words) {
    this.marks.push({ start: seconds, stop: seconds, title: words, words: "", failing: false });
  }

  at(seconds) {
    this.time = seconds;
    this.draw();
  }

  get start() {
    return this.live ? Math.max(0, this.latest - WINDOW) : 0;
  }

  get latest() {
    const times = this.series && this.series.length ? this.series[0].times : [];
    return times.length ? times[times.length - 1] : 0;
  }

  build() {
    this.root.replaceChildren();
    this.slider = element("input", { type: "range", min: 0, step: 0.001 });
    this.slider.setAttribute("aria-label", "time in seconds");
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.root.append(lane("time", this.slider));
    this.strip = element("div", { className: "marks" });
    this.stripLane = lane("check and events", this.strip);
    this.root.append(this.stripLane);
    this.plots = Object.entries(this.groups).map(([group, curves]) => this.plot(group, curves));
    this.place();
    this.draw();
  }

  plot(group, curves) {
    const select = element("select", {});
    select.setAttribute("aria-label", `curve of ${group}`);
    curves.forEach((curve, index) => select.append(element("option", { value: index, textContent: curve.name })));
    select.value = Math.min(this.chosen[group] || 0, curves.length - 1);
    select.addEventListener("change", () => { this.chosen[group] = Number(select.value); this.draw(); });
    const canvas = element("canvas", {});
    canvas.setAttribute("role", "img");
    const go = (event) => {
      const box = canvas.getBoundingClientRect();
      this.seek(this.start + ((event.clientX - box.left) / box.width) * this.seconds);
    };
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); go(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) go(event); });
    const value = element("span", { className: "value" });
    const row = lane("", canvas);
    const chosen = element("div", {});
    chosen.append(select, value);
    row.firstChild.append(element("div", { textContent: group }), chosen);
    this.root.append(row);
    return { group, curves, select, canvas, value };
  }

  // Put the marks where they are.
  place() {
    this.stripLane.hidden = !this.marks.length;
    this.strip.replaceChildren();
    for (const mark of this.marks) {
      if (mark.start < this.start) continue;
      const button = element("button", { type: "button", className: mark.failing ? "mark fail" : "mark" });
      button.title = `${mark.title} ${mark.words}`;
      button.setAttribute("aria-label", `${mark.title}, at ${mark.start.toFixed(2)} s`);
      button.style.left = `${(100 * (mark.start - this.start)) / this.seconds}%`;
      button.style.width = `${(100 * (mark.stop - mark.start)) / this.seconds}%`;
      button.addEventListener("click", () => this.seek(mark.start));
      this.strip.append(button);
    }
  }

  draw() {
    const now = Math.min(this.time, this.start + this.seconds);
    this.slider.min = this.start;
    this.slider.max = this.start + this.seconds;
    this.slider.value = now;
    if (this.live && this.marks.length) this.place();
    for (const plot of this.plots) this.paint(plot, now);
  }

  paint({ group, curves, select, canvas, value }, now) {
    const curve = curves[Number(select.value)];
    const ratio = window.devicePixelRatio || 1;
    const wide = canvas.clientWidth, high = canvas.clientHeight;
    if (canvas.width !== Math.round(wide * ratio)) { canvas.width = wide * ratio; canvas.height = high * ratio; }
    const style = getComputedStyle(document.documentElement);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, wide, high);
    const { times, values } = curve;
    let low = 0, top = 0;
    for (let i = 0; i < times.length; i++) {
      if (values[i] === null || times[i] < this.start) continue;
      low = Math.min(low, values[i]);
      top = Math.max(top, values[i]);
    }
    const span = top - low || 1;
    const x = (time) => ((time - this.start) / this.seconds) * wide;
    const y = (v) => high - 4 - ((v - low) / span) * (high - 8);
    pen.strokeStyle = style.getPropertyValue("--line");
    pen.beginPath(); pen.moveTo(0, y(0)); pen.lineTo(wide, y(0)); pen.stroke();
    pen.strokeStyle = style.getPropertyValue("--curve");
    pen.lineWidth = 1.5;
    pen.beginPath();
    let drawn = false;
    for (let i = 0; i < times.length; i++) {
      if (values[i] === null || times[i] < this.start) { drawn = false; continue; }
      if (drawn) pen.lineTo(x(times[i]), y(values[i]));
      else pen.moveTo(x(times[i]), y(values[i]));
      drawn = true;
    }
    pen.stroke();
    pen.strokeStyle = style.getPropertyValue("--cursor");
    pen.beginPath(); pen.moveTo(x(now), 0); pen.lineTo(x(now), high); pen.stroke();
    pen.fillStyle = style.getPropertyValue("--faint");
    pen.font = "11px system-ui, sans-serif";
    if (times.length) pen.fillText(top ? rounded(top) : rounded(low), 3, top ? 11 : high - 3);
    const here = valueAt(curve, now);
    const words = here === null ? "" : ` ${rounded(here)} ${curve.unit === "0..1" ? "" : curve.unit}`;
    value.textContent = words;
    canvas.setAttribute("aria-label", `${group}, ${curve.name}:${words} at ${now.toFixed(2)} s`);
  }
}

const rounded = (value) => `${Number(value.toPrecision(3))}`;

function grouped(curves) {
  const groups = {};
  for (const curve of curves) (groups[curve.group] = groups[curve.group] || []).push(curve);
  return groups;
}

function valueAt({ times, values }, time) {
  let low = 0, high = times.length;
  while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= time + 1e-6) low = middle + 1; else high = middle; }
  return low ? values[low - 1] : null;
}

function element(kind, properties) {
  return Object.assign(document.createElement(kind), properties);
}

function lane(name, content) {
  const row = element("div", { className: "lane" });
  const track = element("div", { className: "track" });
  track.append(content);
  row.append(element("div", { className: "name", textContent: name }), track);
  return row;
}

// The rows of the check beside a scene: a button for each, which goes to where it is.
function listRows(root, marks, seek) {
  root.replaceChildren();
  for (const mark of marks) {
    const button = element("button", { type: "button", className: mark.failing ? "fail" : "note" });
    button.append(element("strong", { textContent: mark.title }), ` ${mark.words}`);
    button.addEventListener("click", () => seek(mark.start));
    root.append(button);
  }
}
