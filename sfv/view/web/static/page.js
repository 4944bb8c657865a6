// The page: time of a recording, which it keeps itself; what acts live, which a server tells it; and the controls.
// In a file FILM holds all that a server would give, and nothing acts.
"use strict";

const get = (id) => document.getElementById(id);
const filmed = typeof FILM !== "undefined";
const APART = 1.3; // m between figures side by side
let show = null, cast = null, socket = null, scene = null, wishes = null, recorder = null;
let time = 0, playing = true, speed = 1, before = null;
let pose = [];
const link = new URLSearchParams(location.hash.slice(1));
const wanted = Number(link.get("t") ?? NaN);

const say = (words) => { if (socket && socket.readyState === 1) socket.send(JSON.stringify(words)); };
const news = (words) => { get("news").textContent = words; };
const timeline = new Timeline(get("timeline"), seek);

function take(said) {
  show = said;
  get("title").textContent = show.title;
  document.title = `${show.title} – sfv view`;
  news(show.news);
  get("act").hidden = filmed || !show.can_act;
  for (const actor of show.actors) {
    actor.table = unpack(actor.poses, Float32Array);
    actor.parts = actor.table.length / (7 * actor.frames);
  }
  pose = show.actors.map(({ parts }) => new Float32Array(7 * parts));
  get("apart").parentElement.hidden = show.actors.length < 2;
  get("ghost").parentElement.hidden = !show.can_act && !show.actors.some(({ ghost }) => ghost);
  wishes.load(show);
  shownPicture = -1;
  if (!cast) recorded();
}

// Show the recording.
function recorded() {
  cast = null;
  scene.load(show.bodies, show.grounds);
  timeline.load(show.timeline);
  listRows(get("rows"), show.timeline.marks, seek);
  time = Math.min(time, show.seconds);
  mode();
  look();
  draw();
  const seen = `${show.title} ${show.actors.length}`;
  if (framed !== seen) { // others than before
    framed = seen;
    scene.camera.frame(scene.places);
    if (link.has("camera")) scene.camera.words = link.get("camera");
    link.delete("camera");
    scene.draw();
  }
}
let framed = null;

// Look through the clip's own camera, or from where one likes.
function look() {
  const { shot } = show.pictures, through = get("through");
  through.parentElement.hidden = cast !== null || !shot;
  scene.camera.own = through.checked && shot && !cast ? shot : null;
  get("picture").hidden = cast !== null || scene.camera.own !== null || !show.pictures.times.length;
  scene.behind = scene.camera.own && { image: get("picture"), size: shot.size, warp: warp() };
}

const AS_IT_IS = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const warp = () => (show.pictures.warps ? show.pictures.warps[Math.max(shownPicture, 0)] : AS_IT_IS);

function mode() {
  const live = cast !== null;
  document.body.classList.toggle("acts", live);
  get("act").textContent = live ? "Back to the recording" : "Act live from here";
  get("again").hidden = !live;
  get("back").hidden = live;
  get("rows").hidden = live;
}

// Who has come to an end before the others, as who fell has, stands still from then on.
function called({ name, frames, fps }) {
  const end = (frames - 1) / fps;
  return time > end + 0.1 ? `${name}: ended at ${end.toFixed(1)} s` : name;
}

const asideOf = (index, widths) => [0, -index * Math.max(APART, ...widths)];

function draw() {
  if (cast) return;
  const apart = get("apart").checked, widths = show.actors.map(({ width }) => width);
  const items = show.actors.map((actor, index) => ({
    body: actor.body, ghost: actor.ghost, ground: actor.ground, name: actor.ghost ? "" : called(actor),
    aside: apart ? [0, -APART * index] : asideOf(actor.beside, widths),
    pose: between(actor.table, actor.parts, actor.fps, actor.frames, time, pose[index]),
  }));
  const ghosts = get("ghost").checked;
  scene.show(items.filter(({ ghost }) => ghosts || !ghost), get("follow").checked);
  timeline.at(time);
  picture();
  clock(`${time.toFixed(2)} s of ${show.seconds.toFixed(2)} s`);
}

let shownPicture = -1;
function picture() {
  const { times, files } = show.pictures;
  if (!times.length) return;
  let index = times.findIndex((at) => at > time + 1e-6);
  index = (index < 0 ? times.length : Math.max(index, 1)) - 1;
  if (index === shownPicture) return;
  shownPicture = index;
  get("picture").src = files ? `data:image/jpeg;base64,${files[index]}` : `/picture/${index}.jpg`;
  if (scene.behind) scene.behind.warp = warp();
}

function clock(words) {
  get("clock").textContent = words;
  get("play").textContent = playing ? "Pause" : "Play";
}

function turn(now) {
  requestAnimationFrame(turn);
  const passed = before === null ? 0 : Math.min((now - before) / 1000, 0.5);
  before = now;
  if (cast && cast.now) {
    scene.show(cast.now.items, get("follow").checked);
    timeline.at(cast.now.at);
    cast.now = null;
  }
  if (!show || cast || !playing) return;
  time += speed * passed;
  if (time > show.seconds) time = 0;
  draw();
}

function seek(seconds) {
  if (cast) { say({ look: seconds }); return; }
  playing = false;
  time = Math.min(Math.max(seconds, 0), show.seconds);
  history.replaceState(null, "", `#t=${time.toFixed(3)}`);
  draw();
}

// What a server says of those who act.
function heard(said) {
  if ("news" in said) news(said.news);
  if ("changed" in said) fetchShow();
  if (said.show) { time = 0; playing = true; take(said.show); }
  if (said.live) begun(said);
  if (said.anew) { timeline.begin(cast.curves); scene.prints = []; }
  if (said.values) for (const values of said.values) timeline.append(values);
  if (said.mark) timeline.mark(said.at, said.mark);
  if (said.seen && cast) acted(said);
}

function begun(said) {
  cast = said;
  playing = true;
  news("");
  scene.load(said.bodies, said.grounds);
  look();
  scene.prints = [];
  timeline.begin(said.curves);
  options(get("push").elements.body, scene.bodies[said.players[0].body].names);
  options(get("arrange").elements.terrain, said.kinds);
  mode();
}

function options(select, names) {
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => new Option(name, name)));
  if (names.includes(chosen)) select.value = chosen;
}

function acted(said) {
  const widths = cast.players.map(({ width }) => width), items = [];
  playing = said.playing;
  cast.last = said;
  cast.players.forEach((player, index) => {
    const seen = said.seen[index], aside = asideOf(index, widths);
    const name = seen.fell === null ? player.name : `${player.name}: fell at ${seen.fell.toFixed(1)} s`;
    const effort = get("strain").checked ? seen.effort : null;
    items.push({
      ...player, name, aside, seen, effort, pose: seen.pose, ghost: false,
      forces: get("forces").checked, mass: get("mass").checked,
    });
    if (said.values.length) tread(seen.contacts, aside);
    if (get("ghost").checked) items.push({ body: player.body, aside, pose: seen.ghost, ghost: true, name: "" });
  });
  cast.now = { items, at: said.at }; // is drawn with the next picture: more may come before
  clock(`live: ${said.at.toFixed(2)} s, at ${said.phase.toFixed(2)} s of the clip; ${said.taken} steps, ${said.dropped} left out`);
}

// Feet leave prints where they bear weight, a hand's breadth apart.
function tread(contacts, [, aside]) {
  if (!get("prints").checked) return;
  for (const [x, y, z, u, v, w] of contacts) {
    if (Math.hypot(u, v, w) < 30) continue;
    if (scene.prints.some((at) => Math.hypot(at[0] - x, at[1] - y - aside) < 0.08)) continue;
    scene.prints.push([x, y + aside, z]);
    if (scene.prints.length > 300) scene.prints.shift();
  }
}

function fetchShow() {
  return fetch("/show.json").then((answer) => answer.json()).then(take, () => {
    news("What is to be shown did not come whole; load this page again.");
  });
}

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.onmessage = (event) => heard(JSON.parse(event.data));
  socket.onclose = () => news("The server has stopped; start sfv view again and load this page.");
}

const act = () => {
  if (get("act").hidden) return;
  if (!cast) { news("the policy gets ready …"); say({ act: 1, from: time }); return; }
  say({ act: 0 });
  cast = null;
  playing = false;
  news(show.news);
  recorded();
};
// whether those who act stand still, the server says
const toggle = () => { if (cast) { say({ play: playing ? 0 : 1 }); return; } playing = !playing; draw(); };
const step = (count) => { if (cast) say({ step: count }); else seek(time + count / 30); };
const again = () => { if (cast) { say({ begin: cast.start, play: 1 }); } else seek(0); };

const number = (form, name) => Number(form.elements[name].value);
const push = () => { const form = get("push"); say({ push: { body: form.elements.body.value, force: number(form, "force"), way: number(form, "way") } }); };
function arrange() {
  const form = get("arrange"), said = { terrain: form.elements.terrain.value };
  for (const name of ["difficulty", "seed", "friction", "strength", "mass", "delay", "noise"]) said[name] = number(form, name);
  say({ arrange: said });
}

// Shift and a drag from a body: a push of it, as strong as the drag is long.
let dragged = null;
function drags() {
  scene.canvas.addEventListener("pointerdown", (event) => {
    if (!cast || !event.shiftKey) return;
    const picked = scene.pick(event.offsetX, event.offsetY);
    dragged = picked && { ...picked, x: event.offsetX, y: event.offsetY };
  });
  scene.canvas.addEventListener("pointerup", (event) => {
    if (!dragged || !cast) return;
    const { right, back } = scene.camera.view(1, 1), across = event.offsetX - dragged.x, deep = event.offsetY - dragged.y;
    const way = [0, 1].map((axis) => across * right[axis] + deep * back[axis]);
    const [w, i, j, k] = dragged.item.pose.slice(3, 7);
    const facing = Math.atan2(2 * (w * k + i * j), 1 - 2 * (j * j + k * k));
    let degrees = ((Math.atan2(way[1], way[0]) - facing) * 180) / Math.PI;
    degrees = ((degrees + 540) % 360) - 180;
    const body = scene.bodies[dragged.item.body].names[dragged.part];
    say({ push: { body, force: Math.min(5 * Math.hypot(across, deep), 1000), way: degrees } });
    dragged = null;
  });
}

function listen() {
  get("play").addEventListener("click", toggle);
  get("back").addEventListener("click", () => step(-1));
  get("step").addEventListener("click", () => step(1));
  get("speed").addEventListener("change", () => { speed = Number(get("speed").value); say({ speed }); });
  get("act").addEventListener("click", act);
  get("again").addEventListener("click", again);
  get("look").addEventListener("change", () => {
    if (!get("prints").checked) scene.prints = [];
    look();
    if (!cast) draw();
    else if (cast.last) acted({ ...cast.last, values: [] });
  });
  scene.steered = () => { if (get("through").checked) { get("through").checked = scene.camera.own !== null; look(); } };
  get("picture").addEventListener("load", () => { if (scene.behind) scene.draw(); });
  get("still").addEventListener("click", () => keepPicture(scene, show.title));
  get("film").addEventListener("click", () => {
    try { recorder.toggle(show.title); } catch (error) { news(error.message); }
  });
  get("link").addEventListener("click", () => {
    const at = cast ? 0 : time;
    history.replaceState(null, "", `#t=${at.toFixed(3)}&camera=${scene.camera.words}`);
    if (navigator.clipboard) navigator.clipboard.writeText(location.href).then(() => news("the link is copied"), () => news("the link stands in the address"));
    else news("the link stands in the address");
  });
  get("push").addEventListener("submit", (event) => { event.preventDefault(); push(); });
  get("throw").addEventListener("submit", (event) => {
    event.preventDefault();
    say({ throw: { speed: number(event.target, "speed"), way: number(event.target, "way") } });
  });
  get("arrange").addEventListener("change", arrange);
  get("arrange").addEventListener("reset", () => setTimeout(() => { said(); arrange(); }));
  document.addEventListener("input", said);
  said();
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|SELECT|BUTTON|SUMMARY|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      " ": toggle, ArrowRight: () => step(1), ArrowLeft: () => step(-1), l: act, r: again, p: () => cast && push(),
      f: () => { get("follow").checked = !get("follow").checked; },
    }[event.key];
    if (does) { event.preventDefault(); does(); }
  });
}

// Sliders say their values.
function said() {
  for (const slider of document.querySelectorAll("form input[type=range]"))
    slider.parentElement.querySelector("output").textContent = slider.value;
}

function start() {
  try {
    scene = new Scene(get("scene"));
  } catch (error) {
    news(error.message);
    return;
  }
  wishes = new Wishes(get("wish"), get("samples"), scene, (wish) => { news("generating …"); say({ wish }); });
  recorder = new Recorder(scene, () => { get("film").textContent = recorder.running ? "Stop the video" : "Video"; });
  drags();
  listen();
  const ready = () => { if (show && !Number.isNaN(wanted)) seek(wanted); requestAnimationFrame(turn); };
  if (filmed) { take(FILM); ready(); } else { fetchShow().then(ready); connect(); }
}
start();
