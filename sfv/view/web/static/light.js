// Programs of the scene: a sun with shadows and a sky over what is solid, the floor, and a picture behind it all.
"use strict";

const SHADE = `
uniform mediump sampler2DShadow shade; in vec4 lit;
float sunlight() {
  vec3 at = 0.5 * lit.xyz / lit.w + 0.5;
  if (any(lessThan(at, vec3(0.0))) || any(greaterThan(at, vec3(1.0)))) return 1.0;
  float sum = 0.0;
  for (int i = -1; i < 2; i += 2) for (int j = -1; j < 2; j += 2)
    sum += texture(shade, vec3(at.xy + 0.0006 * vec2(i, j), at.z - 0.0015));
  return 0.25 * sum;
}`;
const LINES = `
float lines(vec2 at, float size) {
  vec2 cell = abs(fract(at / size - 0.5) - 0.5) / fwidth(at / size);
  return 1.0 - min(min(cell.x, cell.y), 1.0);
}`;
const SOLID = `#version 300 es
uniform mat4 model, view, sun; in vec3 point, normal, colour; out vec3 turned, own, world; out vec4 lit;
void main() {
  vec4 place = model * vec4(point, 1.0);
  world = place.xyz; turned = mat3(model) * normal; own = colour;
  lit = sun * vec4(world + 0.01 * normalize(turned), 1.0);
  gl_Position = view * place;
}`;
const LIT = `#version 300 es
precision highp float;
uniform vec4 tint; uniform float alpha, lined; uniform vec3 eye, ray;
in vec3 turned, own, world; out vec4 shown;
${SHADE}
${LINES}
void main() {
  vec3 n = normalize(turned), ahead = normalize(eye - world);
  if (dot(n, ahead) < 0.0) n = -n;
  vec3 base = pow(mix(own, tint.rgb, tint.a), vec3(2.2));
  if (lined > 0.0) base *= 1.0 - 0.4 * max(lines(world.xy, 1.0), 0.35 * lines(world.xy, 0.25));
  float sun = max(dot(n, ray), 0.0) * sunlight();
  vec3 sky = mix(vec3(0.22, 0.21, 0.2), vec3(0.5, 0.54, 0.6), 0.5 + 0.5 * n.z);
  float gleam = pow(max(dot(n, normalize(ray + ahead)), 0.0), 40.0) * sun;
  float rim = pow(1.0 - max(dot(n, ahead), 0.0), 3.0);
  vec3 colour = base * (sky + vec3(1.0, 0.96, 0.9) * sun) + 0.06 * gleam + 0.05 * rim * sky;
  shown = vec4(pow(min(colour, vec3(1.0)), vec3(1.0 / 2.2)), alpha);
}`;
const DARK = `#version 300 es
precision mediump float;
void main() {}`;
const CAST = `#version 300 es
uniform mat4 model, view; in vec3 point;
void main() { gl_Position = view * model * vec4(point, 1.0); }`;
const FLOOR = `#version 300 es
uniform mat4 view, sun; uniform vec2 centre; in vec3 point; out vec2 at; out vec4 lit;
void main() {
  at = centre + 40.0 * point.xy;
  lit = sun * vec4(at, 0.0, 1.0);
  gl_Position = view * vec4(at, 0.0, 1.0);
}`;
const SQUARES = `#version 300 es
precision highp float;
uniform vec2 centre; uniform vec3 paper, line; uniform float alpha; in vec2 at; out vec4 shown;
${SHADE}
${LINES}
void main() {
  float fade = smoothstep(mix(18.0, 7.0, alpha), mix(4.0, 2.0, alpha), distance(at, centre)), dim = 1.0 - sunlight();
  float drawn = fade * max(lines(at, 1.0), 0.35 * lines(at, 0.25));
  vec3 colour = mix(paper, line, drawn) * (1.0 - 0.45 * dim);
  shown = vec4(colour, mix(1.0, max(drawn, 0.45 * dim), alpha));
}`;
const SCREEN = `#version 300 es
in vec3 point; out vec2 at;
void main() { at = point.xy; gl_Position = vec4(point.xy, 0.0, 1.0); }`;
const PICTURE = `#version 300 es
precision highp float;
uniform sampler2D picture; uniform mat3 warp; uniform vec2 size, across; uniform vec3 paper; in vec2 at; out vec4 shown;
void main() {
  vec3 pixel = warp * vec3(0.5 * size * (1.0 + vec2(at.x, -at.y) * across), 1.0);
  vec2 place = pixel.xy / pixel.z / size;
  bool inside = pixel.z > 0.0 && all(greaterThan(place, vec2(0.0))) && all(lessThan(place, vec2(1.0)));
  shown = vec4(inside ? texture(picture, place).rgb : paper, 1.0);
}`;
const SUN = [0.42, -0.34, 0.84]; // where it stands
const SHARP = 1024; // px of a side of its map

function program(gl, vertex, fragment) {
  const made = gl.createProgram();
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

// Where the sun's light ends: a map of depths, as it sees them.
class Shade {
  constructor(gl) {
    this.gl = gl;
    this.map = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.map);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.DEPTH_COMPONENT24, SHARP, SHARP);
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.LINEAR);
    for (const way of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, way, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
    this.frame = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.TEXTURE_2D, this.map, 0);
    gl.drawBuffers([gl.NONE]);
    gl.readBuffer(gl.NONE);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.program = program(gl, CAST, DARK);
    const length = Math.hypot(...SUN);
    this.ray = SUN.map((value) => value / length);
    this.matrix = new Float32Array(16);
  }

  // Look at so much around a place, m, and let `draw(at)` draw what casts a shadow.
  cast([x, y, z], reach, draw) {
    const gl = this.gl, back = this.ray, right = [-back[1], back[0], 0].map((value, _, all) => value / Math.hypot(...all));
    const up = cross(back, right), shift = (axis) => -(axis[0] * x + axis[1] * y + axis[2] * z), size = 1 / reach;
    this.matrix = new Float32Array([
      size * right[0], size * up[0], -0.5 * size * back[0], 0, size * right[1], size * up[1], -0.5 * size * back[1], 0,
      size * right[2], size * up[2], -0.5 * size * back[2], 0, size * shift(right), size * shift(up), -0.5 * size * shift(back), 1,
    ]);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.viewport(0, 0, SHARP, SHARP);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.useProgram(this.program.made);
    gl.uniformMatrix4fv(this.program.at.view, false, this.matrix);
    draw(this.program.at);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  // Let a program know.
  tell({ made, at }) {
    const gl = this.gl;
    gl.useProgram(made);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.map);
    gl.uniform1i(at.shade, 0);
    gl.uniformMatrix4fv(at.sun, false, this.matrix);
    if (at.ray) gl.uniform3f(at.ray, ...this.ray);
  }
}

// The clip's picture behind the scene, in the middle frame's pixels.
class Backdrop {
  constructor(gl) {
    this.gl = gl;
    this.program = program(gl, SCREEN, PICTURE);
    this.texture = gl.createTexture();
    this.drawn = null;
  }

  // On a canvas so large: an image of a clip of `size` px, and from whose pixels to its own a warp leads.
  draw(image, size, warp, [wide, high], paper, quad) {
    const gl = this.gl, at = this.program.at, scale = Math.min(wide / size[0], high / size[1]);
    gl.useProgram(this.program.made);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (image.complete && this.drawn !== image.src) { // until the next one is read the one before it stays
      this.drawn = image.src;
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, image);
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.LINEAR);
      for (const way of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, way, gl.CLAMP_TO_EDGE);
    }
    gl.uniform1i(at.picture, 1);
    gl.uniformMatrix3fv(at.warp, true, warp);
    gl.uniform2f(at.size, ...size);
    gl.uniform2f(at.across, wide / (scale * size[0]), high / (scale * size[1]));
    gl.uniform3f(at.paper, ...paper);
    gl.disable(gl.DEPTH_TEST);
    quad();
    gl.enable(gl.DEPTH_TEST);
  }
}
