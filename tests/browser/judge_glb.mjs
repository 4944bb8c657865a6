// node judge_glb.mjs FILE...: for each file a line of JSON: what Khronos' validator finds, and where three.js has the
// bones and some points of the skin at every key of the animation.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const modules = process.env.NODE_MODULES;
const require = createRequire(join(modules, "judge.js"));
const validator = require("gltf-validator");
const at = (path) => import(pathToFileURL(join(modules, path)));
const THREE = await at("three/build/three.module.js");
const { GLTFLoader } = await at("three/examples/jsm/loaders/GLTFLoader.js");
globalThis.self = globalThis; // which the loader asks for, as in a browser

for (const path of process.argv.slice(2)) {
  const bytes = new Uint8Array(readFileSync(path));
  const { issues } = await validator.validateBytes(bytes, { maxIssues: 20 });
  const gltf = await new Promise((done, failed) => new GLTFLoader().parse(bytes.buffer, "", done, failed));
  const [clip] = gltf.animations;
  const mixer = new THREE.AnimationMixer(gltf.scene);
  mixer.clipAction(clip).setLoop(THREE.LoopOnce, 1).play();
  mixer.clipAction(clip).clampWhenFinished = true;
  const skins = [];
  gltf.scene.traverse((node) => node.isSkinnedMesh && skins.push(node));
  const bones = skins[0].skeleton.bones;
  const bodies = [], points = [];
  for (const time of clip.tracks[0].times) {
    mixer.setTime(time);
    gltf.scene.updateMatrixWorld(true);
    bodies.push(bones.map((bone) => bone.getWorldPosition(new THREE.Vector3()).toArray()));
    points.push(
      skins.map((skin) => {
        skin.skeleton.update();
        const point = new THREE.Vector3().fromBufferAttribute(skin.geometry.attributes.position, 0);
        return skin.applyBoneTransform(0, point).applyMatrix4(skin.matrixWorld).toArray();
      }),
    );
  }
  const found = { path, errors: issues.numErrors, warnings: issues.numWarnings, infos: issues.numInfos };
  found.messages = issues.messages.map((m) => `${m.code} ${m.pointer}: ${m.message}`);
  console.log(JSON.stringify({ ...found, names: bones.map((bone) => bone.name), bodies, points }));
}
