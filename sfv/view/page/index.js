// Sorts, filters and compares the rows that stand in the page already; without it they can still be read.
const table = document.querySelector(".runs"), body = table.tBodies[0], rows = [...body.rows];
const runs = JSON.parse(document.getElementById("data").textContent);
const search = document.getElementById("search"), verdict = document.getElementById("verdict");
const order = document.getElementById("order"), count = document.getElementById("count");
const compare = document.getElementById("compare"), pause = document.getElementById("pause");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let chosen = [], playing = !still.matches;

const value = (row, column) => {
  const text = row.querySelector(`[data-column=${column}]`).dataset.value;
  return text === "" ? null : column === "name" || column === "date" ? text : Number(text);
};

const made = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, text] of Object.entries(attributes)) element.setAttribute(key, text);
  element.append(...children);
  return element;
};

function sorted() {
  const [column, way] = order.value.split(" ");
  const sign = way === "descending" ? -1 : 1;
  const key = new Map(rows.map((row) => [row, value(row, column)]));
  rows.sort((a, b) => {
    const x = key.get(a), y = key.get(b);
    if (x === null || y === null) return (x === null) - (y === null); // what has no value comes last, either way
    return sign * (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y);
  });
  body.append(...rows);
  for (const head of table.querySelectorAll("th[data-sort]")) {
    if (head.dataset.sort === column) head.setAttribute("aria-sort", way);
    else head.removeAttribute("aria-sort");
  }
}

function filtered() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const fits = words.every((word) => row.dataset.text.includes(word));
    row.hidden = !(fits && (verdict.value === "" || row.dataset.verdict === verdict.value));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} runs`;
}

// ---- pictures that move while they can be seen

// A player for each of a thousand runs would take a browser half a minute: only those in sight have one.
const seen = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => {
  if (!isIntersecting) return target.replaceChildren();
  const video = made("video", { src: target.dataset.film, loop: "", playsinline: "" });
  video.muted = true;
  video.setAttribute("aria-label", `${target.closest("tr").querySelector("[data-column=name]").dataset.value}, moving`);
  target.replaceChildren(video);
  moved(video);
}), { rootMargin: "100px" });

function moved(video) {
  if (playing) video.play().catch(() => {}); // a browser may forbid it: the picture stands then
  else video.pause();
}

function moving() {
  pause.textContent = playing ? "Stop the pictures" : "Move the pictures";
  document.querySelectorAll(".runs video").forEach(moved);
}

// ---- two runs beside each other

function grid(caption, names, lines) {
  const head = made("tr", {}, made("th", { scope: "col" }, caption), ...names.map((name) => made("th", { scope: "col" }, name)));
  const content = lines.map(([label, a, b, best]) => made("tr", {}, made("th", { scope: "row" }, label),
    ...[a, b].map((text, i) => made("td", { class: best === i ? "best" : "" }, text))));
  return made("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": caption },
    made("table", {}, made("thead", {}, head), made("tbody", {}, ...content)));
}

const said = (value) => (Array.isArray(value) ? value.join(", ") || "none" : String(value));

function differing(a, b) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => said(a[name]) !== said(b[name]));
  const lines = names.map((name) => [name, name in a ? said(a[name]) : "–", name in b ? said(b[name]) : "–"]);
  return [lines.filter(([name]) => name in a && name in b), lines.filter(([name]) => !(name in a && name in b))];
}

function figures(a, b) {
  const labels = [...new Set([...a, ...b].map((number) => number.label))];
  return labels.map((label) => {
    const [x, y] = [a, b].map((numbers) => numbers.find((number) => number.label === label));
    const better = (x || y).better, both = x && y && x.value !== null && y.value !== null && x.value !== y.value;
    const best = both && better !== "none" ? Number((y.value > x.value) === (better === "higher")) : -1;
    return [label, x ? x.shown : "–", y ? y.shown : "–", best];
  });
}

function chart(title, unit, lines) {
  const W = 460, H = 220, left = 46, bottom = 30, top = 8, right = 10;
  const points = lines.flatMap((line) => line.points);
  if (points.length < 2) return "";
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const x1 = Math.max(...xs) || 1, y1 = Math.max(...ys, 1e-9) * 1.05;
  const X = (x) => left + ((W - left - right) * x) / x1, Y = (y) => H - bottom - ((H - bottom - top) * y) / y1;
  const draw = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, content] of Object.entries(attributes)) element.setAttribute(key, content);
    element.textContent = text;
    return element;
  };
  const ends = lines.map((line) => `${line.name} ends at ${line.points.at(-1)?.[1].toPrecision(3) ?? "nothing"}`);
  const svg = draw("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${title}: ${ends.join(", ")}` });
  for (let i = 0; i <= 4; i++) {
    const y = (y1 * i) / 4, x = (x1 * i) / 4;
    svg.append(draw("line", { x1: left, x2: W - right, y1: Y(y), y2: Y(y), stroke: "var(--line)" }));
    svg.append(draw("text", { x: left - 6, y: Y(y) + 4, "text-anchor": "end" }, String(Number(y.toPrecision(2)))));
    svg.append(draw("text", { x: X(x), y: H - bottom + 16, "text-anchor": "middle" }, String(Number(x.toPrecision(2)))));
  }
  svg.append(draw("text", { x: W - right, y: H - 1, "text-anchor": "end" }, unit));
  lines.forEach((line, i) => svg.append(draw("polyline", {
    points: line.points.map(([x, y]) => `${X(x).toFixed(1)},${Y(y).toFixed(1)}`).join(" "),
    fill: "none", stroke: ["#2f6fde", "#d9541e"][i], "stroke-width": 2.5, "stroke-dasharray": i ? "7 3" : "none",
  })));
  return made("div", { class: "card plot" }, made("h3", {}, title), svg);
}

function compared() {
  for (const row of rows) {
    const box = row.querySelector("input");
    box.checked = chosen.includes(Number(row.dataset.run));
    row.classList.toggle("chosen", box.checked);
  }
  history.replaceState(null, "", chosen.length ? `#compare=${chosen.join(",")}` : location.pathname + location.search);
  compare.replaceChildren();
  if (chosen.length < 2) {
    if (chosen.length) compare.append(made("p", { class: "soft" }, `${runs[chosen[0]].name} is chosen; choose another.`));
    return;
  }
  const pair = chosen.map((index) => runs[index]), [a, b] = pair, names = pair.map((run) => run.name);
  const films = pair.map((run, i) => made("figure", { class: i ? "second" : "first" },
    run.video ? made("video", { src: run.video, controls: "", loop: "", muted: "", playsinline: "", "aria-label": `${run.name}: reference and simulated character` })
              : made("p", { class: "soft" }, "No video."),
    made("figcaption", { class: "key" }, run.name)));
  const lines = (curve, column) => pair.map((run) => ({ name: run.name, points: ((run.curves[curve] || {})[column] || []) }));
  const [settings, lone] = differing(a.settings, b.settings);
  const rest = made("details", {}, made("summary", {}, `${lone.length} settings that only one of them names`), grid("Setting", names, lone));
  compare.append(
    made("h2", { tabindex: "-1" }, `${a.name} and ${b.name}`),
    made("section", { class: "two" }, ...films),
    made("h3", {}, "Settings that differ"),
    settings.length ? grid("Setting", names, settings) : made("p", {}, "None of those that both name."),
    lone.length ? rest : "",
    made("h3", {}, "Figures"),
    grid("Figure", names, figures(a.numbers, b.numbers)),
    made("section", { class: "two" },
      chart("Normalised return while learning", "million samples", lines("learning", "normalised_return")),
      chart("Success while learning", "million samples", lines("learning", "success")),
      chart("Position error over time, mm", "s", lines("errors", "mm"))),
  );
}

table.addEventListener("change", ({ target }) => {
  const run = Number(target.closest("tr").dataset.run);
  chosen = target.checked ? [...chosen, run].slice(-2) : chosen.filter((other) => other !== run);
  compared();
  if (chosen.length === 2) compare.scrollIntoView({ behavior: still.matches ? "auto" : "smooth" });
});
table.tHead.addEventListener("click", ({ target }) => {
  const head = target.closest("th[data-sort]");
  if (!head) return;
  const falling = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : head.dataset.first === "descending";
  order.value = `${head.dataset.sort} ${falling ? "descending" : "ascending"}`;
  sorted();
});
order.addEventListener("change", sorted);
search.addEventListener("input", filtered);
verdict.addEventListener("change", filtered);
pause.addEventListener("click", () => { playing = !playing; moving(); });
document.querySelectorAll("[data-film]").forEach((place) => seen.observe(place));
document.querySelectorAll(".screen").forEach((part) => { part.hidden = false; });
const asked = /^#compare=(\d+),(\d+)$/.exec(location.hash);
if (asked) chosen = asked.slice(1).map(Number).filter((index) => index < runs.length);
sorted(); filtered(); moving(); compared();
