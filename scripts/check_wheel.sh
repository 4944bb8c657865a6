#!/usr/bin/env bash
# Does what a person does who has no checkout: builds the wheel, installs it with its viewer into an empty environment,
# and from an empty folder runs the demo clip that the wheel holds, asks the doctor, and looks at the run in the viewer.
# With a folder's name the environment and the run stay there; else they are removed again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
python=${PYTHON:-.venv/bin/python}
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
viewer=
tidy() {
    [ -z "$viewer" ] || kill "$viewer" 2>/dev/null || true
    [ $# -gt 0 ] || rm -rf "$folder"
}
trap 'tidy "$@"' EXIT

"$python" -m pip wheel . --no-deps --no-build-isolation --quiet -w "$folder/wheel"
"$python" -m venv "$folder/env"
# the versions of the locks, of what the wheel itself asks for
sed -n 's/^\([a-z][^ ]*==[^ ]*\).*/\1/p' requirements.lock requirements-torch.lock >"$folder/versions"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check -c "$folder/versions" "$(ls "$folder"/wheel/*.whl)[viewer]"
mkdir -p "$folder/empty"
cd "$folder/empty"
unset PYTHONPATH
sfv=$folder/env/bin/sfv
"$folder/env/bin/python" -c "import sfv, sys; sys.exit('the checkout was imported' if sfv.__file__.startswith('$root/') else 0)"
"$sfv" doctor
"$sfv" run demo --out run --budget "${BUDGET:-30s}"
test -s run/4-report/index.html
"$sfv" report . >/dev/null
test -s index.html
"$sfv" convert run/2-motion/motion.npz motion.glb
port=${PORT:-18123}
BROWSER=true "$sfv" view run --port "$port" >viewer.txt &
viewer=$!
for _ in $(seq 120); do
    if "$folder/env/bin/python" -c "
import sys, urllib.request
page = urllib.request.urlopen('http://127.0.0.1:$port/', timeout=5).read()
sys.exit(b'<html' not in page.lower())" 2>/dev/null; then
        echo "the wheel runs: doctor, run, report, convert and view"
        exit 0
    fi
    sleep 1
done
echo "the viewer did not answer" >&2
exit 1
