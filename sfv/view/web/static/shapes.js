// Triangles and matrices: what is drawn, before anything is drawn. Matrices are columns first; z is up; metres.
"use strict";

function unpack(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
}

// The normal of a face, as long as its area is large.
function facing(points, faces, index) {
  const [i, j, k] = [faces[index], faces[index + 1], faces[index + 2]], a = [0, 0, 0], b = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    a[axis] = points[3 * j + axis] - points[3 * i + axis];
    b[axis] = points[3 * k + axis] - points[3 * i + axis];
  }
  return cross(a, b);
}

const colourOf = (colours, point) => (colours.length === 3 ? colours : colours.subarray(3 * point, 3 * point + 3));

// What is round: points that faces share, each with the mean of its faces' normals.
function smooth(points, faces, colours) {
  const count = points.length / 3, normals = new Float32Array(points.length), shown = new Uint8Array(points.length);
  for (let index = 0; index < faces.length; index += 3) {
    const normal = facing(points, faces, index);
    for (let corner = 0; corner < 3; corner++)
      for (let axis = 0; axis < 3; axis++) normals[3 * faces[index + corner] + axis] += normal[axis];
  }
  for (let point = 0; point < count; point++) {
    const length = Math.hypot(normals[3 * point], normals[3 * point + 1], normals[3 * point + 2]) || 1;
    for (let axis = 0; axis < 3; axis++) normals[3 * point + axis] /= length;
    shown.set(colourOf(colours, point), 3 * point);
  }
  return { points, normals, colours: shown, faces };
}

// What has edges: each face has points and a normal of its own.
function faceted(points, faces, colours) {
  const own = { points: new Float32Array(3 * faces.length), normals: new Float32Array(3 * faces.length), colours: new Uint8Array(3 * faces.length) };
  for (let index = 0; index < faces.length; index++) {
    const normal = facing(points, faces, index - (index % 3)), length = Math.hypot(...normal) || 1;
    own.points.set(points.subarray(3 * faces[index], 3 * faces[index] + 3), 3 * index);
    own.normals.set(normal.map((value) => value / length), 3 * index);
    own.colours.set(colourOf(colours, faces[index]), 3 * index);
  }
  return { ...own, faces: Uint32Array.from(faces, (_, index) => index) };
}

// A body that is turned about z: rings of radius r at heights z, closed where r is 0.
function turned(rings, sides) {
  const points = [], faces = [];
  for (const [radius, height] of rings)
    for (let side = 0; side < sides; side++) {
      const angle = (2 * Math.PI * side) / sides;
      points.push(radius * Math.cos(angle), radius * Math.sin(angle), height);
    }
  for (let ring = 0; ring + 1 < rings.length; ring++)
    for (let side = 0; side < sides; side++) {
      const next = (side + 1) % sides, low = ring * sides, high = low + sides;
      faces.push(low + side, low + next, high + next, low + side, high + next, high + side);
    }
  return [new Float32Array(points), new Uint32Array(faces)];
}

const BALL = turned(Array.from({ length: 9 }, (_, i) => [Math.sin((Math.PI * i) / 8), -Math.cos((Math.PI * i) / 8)]), 16);
const DISC = turned([[0, -0.5], [1, -0.5], [1, 0.5], [0, 0.5]], 24);
const ARROW = turned([[0, 0], [0.2, 0], [0.2, 0.7], [0.5, 0.7], [0, 1]], 10); // one long, drawn out to its length
const CUBE = [
  new Float32Array([-1, -1, -1, -1, -1, 1, -1, 1, -1, -1, 1, 1, 1, -1, -1, 1, -1, 1, 1, 1, -1, 1, 1, 1]),
  new Uint32Array([0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3]),
];

function multiply(a, b) {
  const out = new Float32Array(16);
  for (let column = 0; column < 4; column++)
    for (let row = 0; row < 4; row++)
      for (let k = 0; k < 4; k++) out[4 * column + row] += a[4 * k + row] * b[4 * column + k];
  return out;
}

// From a place and a quaternion w, x, y, z at an index of an array, moved aside; scaled.
function placed(pose, index, aside, scale) {
  const [x, y, z, w, i, j, k] = pose.slice(index, index + 7);
  const [s, t, u] = scale || [1, 1, 1];
  return new Float32Array([
    s * (1 - 2 * (j * j + k * k)), s * 2 * (i * j + w * k), s * 2 * (i * k - w * j), 0,
    t * 2 * (i * j - w * k), t * (1 - 2 * (i * i + k * k)), t * 2 * (j * k + w * i), 0,
    u * 2 * (i * k + w * j), u * 2 * (j * k - w * i), u * (1 - 2 * (i * i + j * j)), 0,
    x + aside[0], y + aside[1], z, 1,
  ]);
}

// z of a shape along a direction, from a place; as long as it is, and so wide.
function pointing(from, along, wide, aside) {
  const length = Math.hypot(...along) || 1e-6;
  const c = along.map((value) => value / length);
  const seed = Math.abs(c[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0];
  const a = cross(seed, c).map((value, _, all) => value / Math.hypot(...all));
  const b = cross(c, a);
  return new Float32Array([
    wide * a[0], wide * a[1], wide * a[2], 0, wide * b[0], wide * b[1], wide * b[2], 0, along[0], along[1], along[2], 0,
    from[0] + aside[0], from[1] + aside[1], from[2], 1,
  ]);
}

const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

// Poses (place and quaternion of each part) at a time between two frames.
function between(poses, parts, fps, frames, seconds, out) {
  const at = Math.min(Math.max(seconds * fps, 0), frames - 1);
  const first = Math.floor(at), second = Math.min(first + 1, frames - 1), share = at - first;
  const size = 7 * parts, a = first * size, b = second * size;
  for (let part = 0; part < size; part += 7) {
    let dot = 0;
    for (let i = 3; i < 7; i++) dot += poses[a + part + i] * poses[b + part + i];
    const sign = dot < 0 ? -1 : 1;
    let norm = 0;
    for (let i = 0; i < 7; i++) {
      out[part + i] = (1 - share) * poses[a + part + i] + share * (i < 3 ? 1 : sign) * poses[b + part + i];
      if (i > 2) norm += out[part + i] ** 2;
    }
    norm = Math.sqrt(norm) || 1;
    for (let i = 3; i < 7; i++) out[part + i] /= norm;
  }
  return out;
}
