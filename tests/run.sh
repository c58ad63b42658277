#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is needed, builds and passes the tests, on a fresh Debian machine:
#   tests/run.sh          everything: gcc, clang, sanitizers, valgrind, short fuzzing, the kernels on arm64
#   tests/run.sh quick    one build with gcc and its tests
#   tests/run.sh arm64    one build for arm64 and its unit and kernel tests, in an emulator
# Tests on real pictures look for them in $OCELLUS_TEST_DATA and are skipped, loudly, where it is not set.
set -eu
cd "$(dirname "$0")/.."
say() { printf '\n==> %s (%s s)\n' "$*" "$(($(date +%s) - started))"; }
started=$(date +%s)
if [ -n "${OCELLUS_TEST_DATA:-}" ]; then OCELLUS_TEST_DATA=$(cd "$OCELLUS_TEST_DATA" && pwd); export OCELLUS_TEST_DATA; fi

packages="gcc g++ libc6-dev meson ninja-build pkg-config python3 python3-pytest python3-numpy python3-pil binutils
    libjpeg62-turbo-dev libpng-dev zlib1g-dev libsqlite3-dev check libprotobuf-c-dev protobuf-c-compiler libjansson-dev libexpat1-dev
    libcurl4-openssl-dev"
cross_packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
case "${1:-}" in
quick) ;;
arm64) packages="$packages $cross_packages" ;;
*) packages="$packages clang libclang-rt-dev valgrind abigail-tools $cross_packages" ;;
esac
sh tests/setup.sh $packages
PATH=/usr/bin:$PATH # the python3 that these packages belong to

# build FOLDER OPTION...: configures (afresh if the options changed) and builds. Warnings are errors in the two plain builds;
# with a sanitizer gcc warns of what cannot happen. $targets: what to build, default all.
build() {
    folder=$1
    shift
    if [ "$(cat "$folder/.options" 2>/dev/null)" != "options: $*" ]; then
        rm -rf "$folder"
        meson setup "$folder" -Dtests=enabled "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
        echo "options: $*" >"$folder/.options"
    fi
    ninja -C "$folder" ${targets:-} >"$folder.log" 2>&1 || { tail -n 60 "$folder.log"; exit 1; }
}
# tests FOLDER OPTION...: runs a build's tests and adds up their numbers.
passed=0
skipped=0
tests() {
    failed=0
    meson test -C "$@" --no-rebuild --print-errorlogs >build/tests.log 2>&1 || failed=1
    cat build/tests.log
    [ "$failed" = 0 ] || exit 1
    passed=$((passed + $(sed -n 's/^Ok: *//p' build/tests.log)))
    skipped=$((skipped + $(sed -n 's/^Skipped: *//p' build/tests.log)))
}
finish() {
    say "all passed"
    [ -n "${OCELLUS_TEST_DATA:-}" ] || echo "NOTE: OCELLUS_TEST_DATA is not set, so no test on real pictures was run"
    echo "$passed passed, 0 failed, $skipped skipped"
    exit 0
}

# Compiled for another CPU. The kernels have their own -O3.
build_arm64() {
    sh tests/cross/sysroot.sh build/arm64-root
    build build/arm64 --cross-file build/arm64-root/aarch64.ini -Dwerror=true -Doptimization=2
}

mkdir -p build
if [ "${1:-}" = arm64 ]; then
    say "arm64"
    build_arm64
    tests build/arm64 --suite unit --suite kernels --timeout-multiplier 6
    finish
fi
say "gcc"
build build/gcc -Dwerror=true -Ddebug=true
tests build/gcc
[ "${1:-}" = quick ] && finish

say "clang"
CC=clang build build/clang -Dwerror=true
tests build/clang --suite unit --suite kernels --suite api --suite house

say "address and undefined-behaviour sanitizers"
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
build build/asan -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 -Ddefault_library=static
tests build/asan --suite unit --suite kernels --suite api --suite fuzz --timeout-multiplier 6

say "thread sanitizer"
build build/tsan -Db_sanitize=thread -Db_lundef=false -Doptimization=1 -Ddefault_library=static
tests build/tsan api-threads core_thread --timeout-multiplier 10

say "valgrind"
export OCELLUS_TEST_LIGHT=1
build build/valgrind -Doptimization=1 -Ddebug=true -Ddefault_library=static
tests build/valgrind --suite unit --suite kernels --timeout-multiplier 40 \
    --wrapper "valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite"
unset OCELLUS_TEST_LIGHT

say "fuzzing, briefly"
targets="tests/fuzz/fuzz_filter tests/fuzz/fuzz_image tests/fuzz/fuzz_json tests/fuzz/fuzz_ocm tests/fuzz/fuzz_onnx tests/fuzz/fuzz_text" CC=clang build build/fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Ddefault_library=static
mkdir -p build/corpus
build/gcc/examples/generate/generate-pictures build/corpus/seeds_image --formats --size 29x21 --overwrite --quiet
fuzz() { # TARGET SEEDS: forty seconds
    mkdir -p "build/corpus/$1"
    build/fuzz/tests/fuzz/fuzz_$1 -max_total_time=40 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/corpus/$1-" \
        "build/corpus/$1" "$2" >"build/fuzz-$1.log" 2>&1 || { tail -n 40 "build/fuzz-$1.log"; exit 1; }
    echo "$1: $(tail -n 1 "build/fuzz-$1.log")"
    passed=$((passed + 1))
}
fuzz image build/corpus/seeds_image
fuzz filter tests/golden/filter
fuzz json tests/golden/annotations
fuzz ocm tests/golden
fuzz onnx tests/golden/onnx
fuzz text tests/golden/annotations

say "arm64, briefly"
targets= build_arm64
tests build/arm64 bf16 channel depthwise function gemm int8 winograd nn_bf16 nn_program image image_prepare

finish
