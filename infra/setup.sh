#!/usr/bin/env bash
# Makes .venv exactly as uv.lock says; brings uv (and Debian's python3-venv) when they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=.venv-uv/bin/uv
    if [ ! -x "$uv" ]; then
        if ! python3 -m venv .venv-uv 2>/dev/null; then
            rm -rf .venv-uv
            echo "installing python3-venv"
            apt-get update -qq
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null
            python3 -m venv .venv-uv
        fi
        .venv-uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
    fi
fi
"$uv" sync --frozen --all-groups --quiet --python "${PYTHON:-python3}"
