// The scene: bodies, ground and forces in WebGL, a camera that goes round and follows, names above the bodies.
// It knows no time: it draws what it is given.
"use strict";

const SOLID = `#version 300 es
uniform mat4 model, view; uniform float flatten;
in vec3 point, normal, colour; out vec3 turned, own, world;
void main() {
  vec4 place = model * vec4(point, 1.0);
  if (flatten > 0.0) place = vec4(place.xy - vec2(0.25, -0.15) * place.z, 0.004, 1.0);
  world = place.xyz; turned = mat3(model) * normal; own = colour; gl_Position = view * place;
}`;
const LIT = `#version 300 es
precision highp float;
uniform vec4 tint; uniform float alpha, flatten; uniform vec3 eye;
in vec3 turned, own, world; out vec4 shown;
void main() {
  if (flatten > 0.0) { shown = vec4(0.0, 0.0, 0.0, alpha); return; }
  vec3 n = normalize(turned);
  if (dot(n, eye - world) < 0.0) n = -n;
  float sun = max(dot(n, normalize(vec3(0.5, -0.35, 0.8))), 0.0), sky = 0.5 + 0.5 * n.z;
  vec3 colour = mix(own, tint.rgb, tint.a);
  shown = vec4(colour * (0.42 + 0.28 * sky + 0.42 * sun), alpha);
}`;
const FLOOR = `#version 300 es
uniform mat4 view; uniform vec2 centre; in vec3 point; out vec2 at;
void main() { at = centre + 40.0 * point.xy; gl_Position = view * vec4(at, 0.0, 1.0); }`;
const SQUARES = `#version 300 es
precision highp float;
uniform vec2 centre; uniform vec3 paper, line; in vec2 at; out vec4 shown;
float lines(float size) {
  vec2 cell = abs(fract(at / size - 0.5) - 0.5) / fwidth(at / size);
  return 1.0 - min(min(cell.x, cell.y), 1.0);
}
void main() {
  float fade = smoothstep(18.0, 4.0, distance(at, centre));
  shown = vec4(mix(paper, line, fade * max(lines(1.0), 0.35 * lines(0.25))), 1.0);
}`;
const CALM = [0.27, 0.47, 0.78], STRAINED = [0.86, 0.2, 0.12], GHOST = [0.2, 0.42, 0.85];
const PER_NEWTON = 1 / 900; // m of an arrow for each N: twice a person's weight is as long as a person's leg

class Scene {
  constructor(root) {
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("aria-label", "the scene; arrow keys turn the camera, plus and minus bring it nearer");
    this.names = document.createElement("div");
    root.append(this.canvas, this.names);
    this.gl = this.canvas.getContext("webgl2", { alpha: false, antialias: true, stencil: true, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("this browser has no WebGL 2, without which there is no scene; another one may");
    this.solid = this.program(SOLID, LIT);
    this.floor = this.program(FLOOR, SQUARES);
    this.quad = this.mesh({ points: new Float32Array([-1, -1, 0, 1, -1, 0, 1, 1, 0, -1, -1, 0, 1, 1, 0, -1, 1, 0]), count: 6 });
    const made = ([points, faces], colour, faceted) => this.mesh(corners(points, faces, new Uint8Array(colour), faceted));
    this.ball = made(BALL, [200, 30, 90]);
    this.disc = made(DISC, [20, 140, 90]);
    this.arrow = made(ARROW, [235, 120, 20]);
    this.cube = made(CUBE, [160, 115, 70], true);
    this.bodies = {};
    this.grounds = [];
    this.items = [];
    this.camera = { turn: -0.6, lift: 0.28, away: 4.2, target: [0, 0, 0.85] };
    this.steer();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  program(vertex, fragment) {
    const gl = this.gl, made = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(made, shader);
    }
    ["point", "normal", "colour"].forEach((name, index) => gl.bindAttribLocation(made, index, name));
    gl.linkProgram(made);
    const at = {};
    for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i++) {
      const { name } = gl.getActiveUniform(made, i);
      at[name] = gl.getUniformLocation(made, name);
    }
    return { made, at };
  }

  mesh({ points, normals, colours, count }) {
    const gl = this.gl, array = gl.createVertexArray();
    gl.bindVertexArray(array);
    [[points, gl.FLOAT, false], [normals, gl.FLOAT, false], [colours, gl.UNSIGNED_BYTE, true]].forEach(([data, kind, share], index) => {
      if (!data) return;
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, 3, kind, share, 0, 0);
    });
    return { array, count };
  }

  // Take bodies and grounds, as they come packed.
  load(bodies, grounds) {
    for (const [key, { parts, names }] of Object.entries(bodies)) {
      if (this.bodies[key]) continue;
      this.bodies[key] = {
        names,
        parts: parts.map(({ body, points, faces, colours }) => ({
          body, mesh: this.mesh(corners(unpack(points, Float32Array), unpack(faces, Uint32Array), unpack(colours, Uint8Array), false)),
        })),
      };
    }
    this.grounds = grounds.map(({ points, faces }) =>
      this.mesh(corners(unpack(points, Float32Array), unpack(faces, Uint32Array), new Uint8Array([176, 184, 170]), true)));
  }

  // Show these: {body, pose, aside, ghost, name, effort, servos, ground, seen}, and keep those that are followed in view.
  show(items, follow) {
    this.items = items;
    const roots = items.filter((item) => !item.ghost).map(({ pose, aside }) => [pose[0] + aside[0], pose[1] + aside[1], pose[2]]);
    if (follow && roots.length) {
      const target = this.camera.target;
      const middle = [0, 1, 2].map((axis) => roots.reduce((sum, root) => sum + root[axis], 0) / roots.length);
      const far = Math.hypot(middle[0] - target[0], middle[1] - target[1]);
      const share = far > 1.5 ? 1 : 0.12; // who is elsewhere at once, at the clip's start, is followed at once
      for (let axis = 0; axis < 2; axis++) target[axis] += share * (middle[axis] - target[axis]);
      const over = items.some((item) => item.ground !== null && item.ground !== undefined) ? middle[2] : 0.85;
      target[2] += (far > 1.5 ? 1 : 0.05) * (over - target[2]);
    }
    this.draw();
  }

  view() {
    const { turn, lift, away, target } = this.camera;
    const back = [Math.cos(lift) * Math.cos(turn), Math.cos(lift) * Math.sin(turn), Math.sin(lift)];
    const eye = target.map((value, axis) => value + away * back[axis]);
    const right = [-Math.sin(turn), Math.cos(turn), 0], up = cross(back, right);
    const shift = (axis) => -(axis[0] * eye[0] + axis[1] * eye[1] + axis[2] * eye[2]);
    const look = new Float32Array([
      right[0], up[0], back[0], 0, right[1], up[1], back[1], 0, right[2], up[2], back[2], 0,
      shift(right), shift(up), shift(back), 1,
    ]);
    const near = 0.05, far = 80, focal = 1 / Math.tan(0.35), wide = this.canvas.width / Math.max(this.canvas.height, 1);
    const lens = new Float32Array([
      focal / wide, 0, 0, 0, 0, focal, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0,
    ]);
    return { matrix: multiply(lens, look), eye, right, back };
  }

  draw() {
    const gl = this.gl, ratio = Math.min(window.devicePixelRatio || 1, 2);
    const wide = Math.round(this.canvas.clientWidth * ratio), high = Math.round(this.canvas.clientHeight * ratio);
    if (this.canvas.width !== wide || this.canvas.height !== high) { this.canvas.width = wide; this.canvas.height = high; }
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const paper = dark ? [0.11, 0.13, 0.16] : [0.93, 0.945, 0.96], line = dark ? [0.24, 0.28, 0.33] : [0.74, 0.78, 0.82];
    const { matrix, eye } = this.view();
    gl.viewport(0, 0, wide, high);
    gl.clearColor(...paper, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.disable(gl.BLEND);
    const grounds = new Map(this.items.filter(({ ground }) => ground !== null && ground !== undefined).map((item) => [item.ground, item.aside]));
    if (!grounds.size) {
      gl.useProgram(this.floor.made);
      gl.uniformMatrix4fv(this.floor.at.view, false, matrix);
      gl.uniform2f(this.floor.at.centre, this.camera.target[0], this.camera.target[1]);
      gl.uniform3f(this.floor.at.paper, ...paper);
      gl.uniform3f(this.floor.at.line, ...line);
      this.triangles(this.quad);
    }
    gl.useProgram(this.solid.made);
    gl.uniformMatrix4fv(this.solid.at.view, false, matrix);
    gl.uniform3f(this.solid.at.eye, ...eye);
    for (const [number, aside] of grounds) this.one(this.grounds[number], placed([0, 0, 0, 1, 0, 0, 0], 0, aside));
    if (!grounds.size) this.shadows();
    for (const item of this.items) if (!item.ghost) { this.body(item, 1); this.props(item); }
    for (const item of this.items) if (item.ghost) this.translucent(item);
    this.label(matrix);
  }

  triangles({ array, count }) {
    this.gl.bindVertexArray(array);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, count);
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

  // Each spot of the ground once, however many parts are over it.
  shadows() {
    const gl = this.gl, at = this.solid.at;
    gl.enable(gl.BLEND); gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.STENCIL_TEST); gl.stencilFunc(gl.EQUAL, 0, 255); gl.stencilOp(gl.KEEP, gl.KEEP, gl.INCR);
    gl.uniform1f(at.flatten, 1);
    for (const item of this.items) {
      if (item.ghost) continue;
      this.body(item, 0.22);
      if (item.seen && item.seen.box) this.one(this.cube, placed(item.seen.box, 0, item.aside, [0.15, 0.15, 0.15]), null, 0.22);
    }
    gl.uniform1f(at.flatten, 0);
    gl.disable(gl.STENCIL_TEST); gl.disable(gl.BLEND);
  }

  // Its nearest surface alone is seen: depth first, then colour.
  translucent(item) {
    const gl = this.gl;
    gl.colorMask(false, false, false, false);
    this.body(item, 1);
    gl.colorMask(true, true, true, true);
    gl.enable(gl.BLEND); gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA); gl.depthFunc(gl.LEQUAL);
    this.body(item, 0.42);
    gl.depthFunc(gl.LESS); gl.disable(gl.BLEND);
  }

  props({ seen, aside, forces, mass }) {
    if (!seen) return;
    if (forces) for (const [x, y, z, u, v, w] of seen.contacts)
      if (Math.hypot(u, v, w) > 1) this.one(this.arrow, pointing([x, y, z], [u, v, w].map((f) => f * PER_NEWTON), 0.09, aside));
    if (mass) {
      this.one(this.ball, placed([...seen.com, 1, 0, 0, 0], 0, aside, [0.06, 0.06, 0.06]));
      this.one(this.disc, placed([...seen.capture, 1, 0, 0, 0], 0, aside, [0.08, 0.08, 0.02]));
    }
    if (seen.box) this.one(this.cube, placed(seen.box, 0, aside, [0.15, 0.15, 0.15]));
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
      if (place) tag.style.transform = `translate(${place[0]}px, ${place[1]}px) translate(-50%, -100%)`;
    });
  }

  // The part of a body under a place of the page: {item, part}; null far from all.
  pick(x, y) {
    const { matrix } = this.view();
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

  turn(right, up) {
    this.camera.turn -= right;
    this.camera.lift = Math.min(Math.max(this.camera.lift + up, -0.1), 1.5);
    this.draw();
  }

  nearer(share) {
    this.camera.away = Math.min(Math.max(this.camera.away * share, 0.8), 30);
    this.draw();
  }

  move(right, up) {
    const { right: r, back } = this.view(), size = this.camera.away / this.canvas.clientHeight;
    const ahead = [-back[0], -back[1]].map((value, _, all) => value / (Math.hypot(...all) || 1));
    for (let axis = 0; axis < 2; axis++) this.camera.target[axis] += size * (-right * r[axis] + up * ahead[axis]);
    this.draw();
  }

  steer() {
    const canvas = this.canvas;
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons || event.shiftKey) return;
      if (event.buttons & 1) this.turn(0.008 * event.movementX, 0.006 * event.movementY);
      else this.move(event.movementX, event.movementY);
    });
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.nearer(Math.exp(0.001 * event.deltaY)); }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const does = {
        ArrowLeft: () => this.turn(0.1, 0), ArrowRight: () => this.turn(-0.1, 0), ArrowUp: () => this.turn(0, 0.08),
        ArrowDown: () => this.turn(0, -0.08), "+": () => this.nearer(0.9), "=": () => this.nearer(0.9), "-": () => this.nearer(1.1),
      }[event.key];
      if (does) { event.preventDefault(); event.stopPropagation(); does(); }
    });
  }
}
