#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs Debian packages that are not there yet: setup.sh PACKAGE... Used by examples/demo.sh and tests/run.sh.
set -eu
missing=
for package in "$@"; do
    [ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "==> installing:$missing"
if [ "$(id -u)" = 0 ]; then as_root=
elif command -v sudo >/dev/null 2>&1; then as_root=sudo
else
    echo "setup.sh: please install as root:$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >/dev/null
$as_root apt-get install -q -y --no-install-recommends $missing >/dev/null
