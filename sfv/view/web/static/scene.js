// The scene: bodies, ground, forces and paths in WebGL, names above the bodies.
// It knows no time: it draws what it is given.
"use strict";

const CALM = [0.27, 0.47, 0.78], STRAINED = [0.86, 0.2, 0.12], GHOST = [0.2, 0.42, 0.85];
const PER_NEWTON = 1 / 900; // m of an arrow for each N: twice a person's weight is as long as a person's leg

class Scene {
  constructor(root) {
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("aria-label", "the scene; arrow keys turn the camera, plus and minus bring it nearer");
    this.names = document.createElement("div");
    root.append(this.canvas, this.names);
    this.gl = this.canvas.getContext("webgl2", { alpha: false, antialias: true, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("this browser has no WebGL 2, without which there is no scene; another one may");
    this.solid = program(this.gl, SOLID, LIT);
    this.floor = program(this.gl, FLOOR, SQUARES);
    this.shade = new Shade(this.gl);
    this.backdrop = new Backdrop(this.gl);
    this.quad = this.mesh({ points: new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, -1, 0, 1, 1, 0, -1, 1, 0]), faces: new Uint32Array([0, 1, 2, 3, 4, 5]) });
    const made = ([points, faces], colour, how) => this.mesh(how(points, faces, new Uint8Array(colour)));
    this.ball = made(BALL, [200, 30, 90], smooth);
    this.disc = made(DISC, [20, 140, 90], faceted);
    this.print = made(DISC, [60, 90, 150], faceted);
    this.arrow = made(ARROW, [235, 120, 20], smooth);
    this.cube = made(CUBE, [160, 115, 70], faceted);
    this.bodies = {};
    this.grounds = [];
    this.items = [];
    this.prints = [];
    this.path = [];
    this.drawn = null; // is called after each drawing
    this.behind = null; // {image, size, warp} of the clip, while its camera is looked through
    this.camera = new Camera();
    this.steered = () => {}; // is called when somebody turned the camera
    steer(this.canvas, this.camera, () => { this.behind = this.camera.own && this.behind; this.steered(); this.draw(); });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  mesh({ points, normals, colours, faces }) {
    const gl = this.gl, array = gl.createVertexArray();
    gl.bindVertexArray(array);
    [[points, gl.FLOAT, false], [normals, gl.FLOAT, false], [colours, gl.UNSIGNED_BYTE, true]].forEach(([data, kind, share], index) => {
      if (!data) return;
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, 3, kind, share, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
    return { array, count: faces.length };
  }

  // Take bodies and grounds, as they come packed.
  load(bodies, grounds) {
    this.items = []; // what was shown stood on other grounds
    for (const [key, { parts, names }] of Object.entries(bodies)) {
      if (this.bodies[key]) continue;
      this.bodies[key] = {
        names,
        parts: parts.map(({ body, points, faces, colours }) => ({
          body, mesh: this.mesh(smooth(unpack(points, Float32Array), unpack(faces, Uint32Array), unpack(colours, Uint8Array))),
        })),
      };
    }
    this.grounds = grounds.map(({ points, faces }) =>
      this.mesh(faceted(unpack(points, Float32Array), unpack(faces, Uint32Array), new Uint8Array([176, 184, 170]))));
  }

  // Show these: {body, pose, aside, ghost, name, effort, servos, ground, seen}, and keep those that are followed in view.
  show(items, follow) {
    this.items = items;
    const roots = items.filter((item) => !item.ghost).map(({ pose, aside }) => [pose[0] + aside[0], pose[1] + aside[1], pose[2]]);
    if (follow && roots.length && !this.camera.own) this.camera.follow(roots, !items.some(onGround));
    this.draw();
  }

  // From metres to the canvas, as it is seen now.
  get matrix() {
    return this.camera.view(this.canvas.clientWidth, this.canvas.clientHeight).matrix;
  }

  // Where those are who are seen, [x, y] of each.
  get places() {
    return this.items.map(({ pose, aside }) => [pose[0] + aside[0], pose[1] + aside[1]]);
  }

  draw() {
    const gl = this.gl, ratio = Math.min(window.devicePixelRatio || 1, 2);
    const wide = Math.round(this.canvas.clientWidth * ratio), high = Math.round(this.canvas.clientHeight * ratio);
    if (!wide || !high) return;
    if (this.canvas.width !== wide || this.canvas.height !== high) { this.canvas.width = wide; this.canvas.height = high; }
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const paper = dark ? [0.12, 0.14, 0.17] : [0.91, 0.925, 0.94], line = dark ? [0.25, 0.29, 0.34] : [0.72, 0.76, 0.8];
    const { matrix, eye } = this.camera.view(wide, high);
    const grounds = new Map(this.items.filter(onGround).map((item) => [item.ground, item.aside]));
    this.shadows(grounds);
    gl.viewport(0, 0, wide, high);
    gl.clearColor(...paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    const behind = this.behind && this.behind.image.naturalWidth ? this.behind : null;
    if (behind) this.backdrop.draw(behind.image, behind.size, behind.warp, [wide, high], paper, () => this.triangles(this.quad));
    if (!grounds.size) this.level(matrix, paper, line, behind);
    this.shade.tell(this.solid);
    gl.uniformMatrix4fv(this.solid.at.view, false, matrix);
    gl.uniform3f(this.solid.at.eye, ...eye);
    gl.uniform1f(this.solid.at.lined, 1);
    for (const [number, aside] of grounds) this.one(this.grounds[number], placed([0, 0, 0, 1, 0, 0, 0], 0, aside));
    gl.uniform1f(this.solid.at.lined, 0);
    for (const place of this.prints) this.one(this.print, placed([...place, 1, 0, 0, 0], 0, [0, 0], [0.03, 0.03, 0.006]));
    for (const [x, y] of this.path) this.one(this.disc, placed([x, y, 0, 1, 0, 0, 0], 0, [0, 0], [0.06, 0.06, 0.02]));
    for (const item of this.items) if (!item.ghost) { if (behind) this.translucent(item, 0.72); else this.body(item, 1); this.props(item); }
    for (const item of this.items) if (item.ghost) this.translucent(item, 0.42);
    this.label(matrix);
    if (this.drawn) this.drawn();
  }

  // The plane, of which a picture behind it shows but the lines and the shadows.
  level(matrix, paper, line, behind) {
    const gl = this.gl, { at } = this.floor;
    this.shade.tell(this.floor);
    gl.uniformMatrix4fv(at.view, false, matrix);
    gl.uniform2f(at.centre, this.camera.target[0], this.camera.target[1]);
    gl.uniform3f(at.paper, ...(behind ? [0, 0, 0] : paper));
    gl.uniform3f(at.line, ...(behind ? [1, 1, 1] : line));
    gl.uniform1f(at.alpha, behind ? 1 : 0);
    if (behind) this.blended(() => this.triangles(this.quad));
    else this.triangles(this.quad);
  }

  blended(draw) {
    const gl = this.gl;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    draw();
    gl.disable(gl.BLEND);
  }

  triangles({ array, count }) {
    this.gl.bindVertexArray(array);
    this.gl.drawElements(this.gl.TRIANGLES, count, this.gl.UNSIGNED_INT, 0);
  }

  one(mesh, model, tint, alpha) {
    const gl = this.gl, at = this.solid.at;
    gl.uniformMatrix4fv(at.model, false, model);
    gl.uniform4f(at.tint, ...(tint || [0, 0, 0]), tint ? tint[3] ?? 1 : 0);
    gl.uniform1f(at.alpha, alpha === undefined ? 1 : alpha);
    this.triangles(mesh);
  }

  body({ body, pose, aside, ghost, effort, servos }, alpha) {
    const strained = {};
    if (effort) effort.forEach((share, servo) => { strained[servos[servo]] = Math.max(strained[servos[servo]] || 0, Math.min(share, 1)); });
    for (const { body: part, mesh } of this.bodies[body].parts) {
      const share = strained[part] || 0;
      const tint = ghost ? [...GHOST, 0.75] : effort ? CALM.map((value, i) => value + share * (STRAINED[i] - value)) : null;
      this.one(mesh, placed(pose, 7 * part, aside), tint, alpha);
    }
  }

  // What stands between the sun and all else: bodies that are no ghosts, boxes, and ground that is not level.
  shadows(grounds) {
    const { target } = this.camera, solid = this.items.filter(({ ghost }) => !ghost);
    const far = solid.map(({ pose, aside }) => Math.hypot(pose[0] + aside[0] - target[0], pose[1] + aside[1] - target[1]));
    this.shade.cast([target[0], target[1], 0.8], Math.min(Math.max(0, ...far) + 1.8, 12), (at) => {
      const one = (mesh, model) => { this.gl.uniformMatrix4fv(at.model, false, model); this.triangles(mesh); };
      for (const [number, aside] of grounds) one(this.grounds[number], placed([0, 0, 0, 1, 0, 0, 0], 0, aside));
      for (const { body, pose, aside, seen } of solid) {
        for (const { body: part, mesh } of this.bodies[body].parts) one(mesh, placed(pose, 7 * part, aside));
        for (const box of seen ? seen.boxes : []) one(this.cube, placed(box, 0, aside, Array(3).fill(box[7])));
      }
    });
  }

  // Its nearest surface alone is seen: depth first, then colour.
  translucent(item, alpha) {
    const gl = this.gl;
    gl.colorMask(false, false, false, false);
    this.body(item, 1);
    gl.colorMask(true, true, true, true);
    gl.depthFunc(gl.LEQUAL);
    this.blended(() => this.body(item, alpha));
    gl.depthFunc(gl.LESS);
  }

  props({ seen, aside, forces, mass }) {
    if (!seen) return;
    if (forces) for (const [x, y, z, u, v, w] of seen.contacts)
      if (Math.hypot(u, v, w) > 1) this.one(this.arrow, pointing([x, y, z], [u, v, w].map((f) => f * PER_NEWTON), 0.09, aside));
    if (mass) {
      this.one(this.ball, placed([...seen.com, 1, 0, 0, 0], 0, aside, [0.06, 0.06, 0.06]));
      this.one(this.disc, placed([...seen.capture, 1, 0, 0, 0], 0, aside, [0.08, 0.08, 0.02]));
    }
    for (const box of seen.boxes) this.one(this.cube, placed(box, 0, aside, Array(3).fill(box[7])));
  }

  // Where a point of the scene is on the page, px; null behind the camera.
  onPage(matrix, [x, y, z]) {
    const at = [0, 1, 3].map((row) => matrix[row] * x + matrix[4 + row] * y + matrix[8 + row] * z + matrix[12 + row]);
    if (at[2] <= 0) return null;
    return [((at[0] / at[2] + 1) / 2) * this.canvas.clientWidth, ((1 - at[1] / at[2]) / 2) * this.canvas.clientHeight];
  }

  label(matrix) {
    const named = this.items.filter(({ name }) => name);
    while (this.names.children.length > named.length) this.names.lastChild.remove();
    named.forEach(({ name, pose, aside }, index) => {
      const tag = this.names.children[index] || this.names.appendChild(document.createElement("span"));
      const place = this.onPage(matrix, [pose[0] + aside[0], pose[1] + aside[1], pose[2] + 0.95]);
      if (tag.textContent !== name) tag.textContent = name;
      tag.hidden = !place;
      tag.place = place && [place[0], Math.max(place[1], 26)]; // below the page's edge
      const before = [...this.names.children].slice(0, index).filter((other) => other.place);
      for (const other of before) if (place && over(tag, other)) tag.place[1] = other.place[1] + 28; // none hides another
      if (place) tag.style.transform = `translate(${tag.place[0]}px, ${tag.place[1]}px) translate(-50%, -100%)`;
    });
  }

  // The part of a body under a place of the page: {item, part}; null far from all.
  pick(x, y) {
    const { matrix } = this;
    let best = null, least = 40;
    for (const item of this.items) {
      if (item.ghost) continue;
      for (const { body } of this.bodies[item.body].parts) {
        const [px, py, pz] = item.pose.slice(7 * body, 7 * body + 3);
        const place = this.onPage(matrix, [px + item.aside[0], py + item.aside[1], pz]);
        const far = place ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
        if (far < least) { least = far; best = { item, part: body }; }
      }
    }
    return best;
  }

  // The place of the level ground under a place of the page, [x, y]; null above the horizon.
  groundAt(x, y) {
    const { matrix, canvas: { clientWidth: wide, clientHeight: high } } = this;
    // of the matrix the rows for x, y and w, of which z = 0: two equations for two unknowns
    const [u, v] = [(2 * x) / wide - 1, 1 - (2 * y) / high];
    const row = (at, i) => matrix[4 * i + at];
    const [a, b, c] = [0, 1, 3].map((i) => row(0, i) - u * row(3, i)), [d, e, f] = [0, 1, 3].map((i) => row(1, i) - v * row(3, i));
    const det = a * e - b * d;
    const place = [(b * f - c * e) / det, (c * d - a * f) / det];
    const ahead = row(3, 0) * place[0] + row(3, 1) * place[1] + row(3, 3);
    return Math.abs(det) > 1e-9 && ahead > 0 ? place : null;
  }
}

const over = (a, b) => Math.abs(a.place[1] - b.place[1]) < 26 && Math.abs(a.place[0] - b.place[0]) < (a.offsetWidth + b.offsetWidth) / 2;
const onGround = ({ ground }) => ground !== null && ground !== undefined;
