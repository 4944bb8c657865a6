// Where a scene is seen from: a camera that goes round a place and follows, or the clip's own. It draws nothing.
"use strict";

const ANGLE = 0.35; // half of what is seen from top to bottom, rad
const NEAR = 0.05, FAR = 80; // m

class Camera {
  constructor() {
    this.angle = -0.6;
    this.lift = 0.24;
    this.away = 3.8;
    this.target = [0, 0, 0.85];
    this.own = null; // the clip's: {focal, size, position, axes}, of which axes are right, down and away
  }

  // Stand where all of these are seen, [x, y] of each, m.
  frame(places) {
    const middle = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
    const far = Math.max(...places.map((place) => Math.hypot(place[0] - middle[0], place[1] - middle[1])));
    [this.target[0], this.target[1]] = middle;
    this.away = Math.min(3.8 + 2.2 * far, 30);
  }

  // Keep these in view: [x, y, z] of each root, on level ground or not.
  follow(roots, level) {
    const middle = [0, 1, 2].map((axis) => roots.reduce((sum, root) => sum + root[axis], 0) / roots.length);
    const far = Math.hypot(middle[0] - this.target[0], middle[1] - this.target[1]);
    const share = far > 1.5 ? 1 : 0.12; // who is elsewhere at once, at the clip's start, is followed at once
    for (let axis = 0; axis < 2; axis++) this.target[axis] += share * (middle[axis] - this.target[axis]);
    this.target[2] += (far > 1.5 ? 1 : 0.05) * ((level ? 0.85 : middle[2]) - this.target[2]);
  }

  // On a canvas so large: the matrix, where the eye is, and the directions to the right and back to it.
  view(wide, high) {
    if (this.own) return this.through(wide, high);
    const { angle, lift, away, target } = this;
    const back = [Math.cos(lift) * Math.cos(angle), Math.cos(lift) * Math.sin(angle), Math.sin(lift)];
    const eye = target.map((value, axis) => value + away * back[axis]);
    const right = [-Math.sin(angle), Math.cos(angle), 0], focal = 1 / Math.tan(ANGLE);
    return { matrix: seenFrom(eye, right, cross(back, right), back, [(focal * high) / wide, focal]), eye, right, back };
  }

  // As the clip was taken: its picture fills the canvas from side to side, or from top to bottom.
  through(wide, high) {
    const { focal, size, position, axes } = this.own;
    const scale = 2 * focal * Math.min(wide / size[0], high / size[1]);
    const [right, down, ahead] = axes, up = down.map((value) => -value), back = ahead.map((value) => -value);
    return { matrix: seenFrom(position, right, up, back, [scale / wide, scale / high]), eye: position, right, back };
  }

  turn(right, up) {
    this.own = null;
    this.angle -= right;
    this.lift = Math.min(Math.max(this.lift + up, -0.1), 1.5);
  }

  nearer(share) {
    this.own = null;
    this.away = Math.min(Math.max(this.away * share, 0.8), 30);
  }

  // By px of a canvas so high.
  move(right, up, high) {
    this.own = null;
    const { right: r, back } = this.view(1, 1), size = this.away / high;
    const ahead = [-back[0], -back[1]].map((value, _, all) => value / (Math.hypot(...all) || 1));
    for (let axis = 0; axis < 2; axis++) this.target[axis] += size * (-right * r[axis] + up * ahead[axis]);
  }

  get words() {
    return [this.angle, this.lift, this.away, ...this.target].map((value) => value.toFixed(2)).join(",");
  }

  // Stand as words of a link say; whatever is no camera is none.
  set words(said) {
    const numbers = said.split(",").map(Number);
    if (numbers.length !== 6 || !numbers.every(Number.isFinite)) return;
    [this.angle, this.lift, this.away] = numbers;
    this.target = numbers.slice(3);
  }
}

// The matrix of a pinhole with these axes, through a lens so long across and up.
function seenFrom(eye, right, up, back, [across, along]) {
  const shift = (axis) => -(axis[0] * eye[0] + axis[1] * eye[1] + axis[2] * eye[2]);
  const look = new Float32Array([
    right[0], up[0], back[0], 0, right[1], up[1], back[1], 0, right[2], up[2], back[2], 0,
    shift(right), shift(up), shift(back), 1,
  ]);
  const lens = new Float32Array([
    across, 0, 0, 0, 0, along, 0, 0, 0, 0, (FAR + NEAR) / (NEAR - FAR), -1, 0, 0, (2 * FAR * NEAR) / (NEAR - FAR), 0,
  ]);
  return multiply(lens, look);
}

// Drags, wheel and keys of a canvas turn and move a camera; `changed` is called after each.
function steer(canvas, camera, changed) {
  const does = (act) => { act(); changed(); };
  canvas.addEventListener("pointermove", (event) => {
    if (!event.buttons || event.shiftKey || canvas.dataset.drawing) return;
    if (event.buttons & 1) does(() => camera.turn(0.008 * event.movementX, 0.006 * event.movementY));
    else does(() => camera.move(event.movementX, event.movementY, canvas.clientHeight));
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    does(() => camera.nearer(Math.exp(0.001 * event.deltaY)));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] }[event.key];
    const turns = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.08], ArrowDown: [0, -0.08] }[event.key];
    const zoom = { "+": 0.9, "=": 0.9, "-": 1.1 }[event.key];
    if (!moves && !zoom) return;
    event.preventDefault();
    event.stopPropagation();
    if (zoom) does(() => camera.nearer(zoom));
    else if (event.shiftKey) does(() => camera.move(...moves, canvas.clientHeight));
    else does(() => camera.turn(...turns));
  });
}
