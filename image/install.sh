#!/bin/sh
# Installs the operator, and only what it needs to run, into a virtual environment of its own, without pip in it.
# The Dockerfile runs this, and so does a test. Usage: image/install.sh SOURCE ENVIRONMENT
set -eu
source=$1
environment=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pip() {
  python3 -m pip --quiet --disable-pip-version-check --no-input "$@"
}

# The wheel is built by pinned tools, which stay behind.
python3 -m venv --without-pip "$work/build"
pip --python "$work/build/bin/python" install --require-hashes --only-binary :all: -r "$source/requirements/build.txt"
(cd "$source" && "$work/build/bin/python" -m hatchling build --target wheel --directory "$work/wheel" >/dev/null)

python3 -m venv --without-pip "$environment"
pip --python "$environment/bin/python" install --require-hashes --only-binary :all: -r "$source/requirements/operator.txt"
pip --python "$environment/bin/python" install --no-deps --no-index "$work"/wheel/*.whl
"$environment/bin/python" -m compileall -q "$environment/lib"
