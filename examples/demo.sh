#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on a fresh Debian machine: installs what is needed, builds, renders pictures of machine parts, trains a
# classifier on them, measures it on pictures it has not seen and predicts. Everything goes to build/; run it as often as
# you like.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\n==> %s\n' "$*"; }

sh tests/setup.sh gcc libc6-dev meson ninja-build pkg-config python3 libjpeg62-turbo-dev libpng-dev zlib1g-dev libsqlite3-dev libjansson-dev libexpat1-dev

say "building"
[ -f build/build.ninja ] || meson setup build >/dev/null
ninja -C build src/cli/ocellus examples/generate/generate-pictures | tail -n 1

ocellus=build/src/cli/ocellus
pictures=build/demo/pictures
model=build/demo/parts.ocm

mkdir -p build/demo
export OCELLUS_INSTALLED_BASE_PATH=base # where the library is used without being installed
say "rendering pictures of washers, nuts, gears and screws into $pictures"
build/examples/generate/generate-pictures "$pictures" --per-class 80 --overwrite

say "ocellus train $pictures/train -o $model"
$ocellus train "$pictures/train" -o "$model"

say "ocellus evaluate $model $pictures/test"
$ocellus evaluate "$model" "$pictures/test"

say "ocellus predict $model (one picture of each kind)"
for part in gear nut screw washer; do
    set -- "$pictures/test/$part"/*.jpg
    $ocellus predict "$model" "$1"
done

say "done; your turn: $ocellus train FOLDER -o my.ocm, with one sub-folder of pictures per tag"
