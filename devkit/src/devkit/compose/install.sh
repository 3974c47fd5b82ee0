#!/bin/sh
# Fills /opt/wharf while an image is built; each Dockerfile calls it in two steps, so that a change of our code brings no new packages.
#     install.sh packages NAME...   what requirements.lock pins for these distributions, by its hashes
#     install.sh members PATH...    our own distributions in these directories; nothing is fetched for them
set -eu

export VIRTUAL_ENV=/opt/wharf UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
export UV_CACHE_DIR=/cache/uv PIP_CACHE_DIR=/cache/pip
step=$1
shift
case $step in
packages)
  python requirements.py requirements.lock uv >uv.txt
  python requirements.py requirements.lock "$@" >packages.txt
  pip install --quiet --root-user-action=ignore --require-hashes -r uv.txt
  uv venv --quiet --no-project --python "$(command -v python3)" "$VIRTUAL_ENV"
  uv pip install --quiet --require-hashes --no-deps -r packages.txt
  ;;
members)
  uv pip install --quiet --offline --no-deps --no-sources "$@"
  ;;
esac
