#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes FOLDER a place of Debian's arm64 libraries to build against, and FOLDER/aarch64.ini the file that tells meson:
#   sysroot.sh FOLDER
# The packages are unpacked there and not installed, with apt's state kept there too: the machine stays as it is.
set -eu
root=$1
mkdir -p "$root/apt/lists/partial" "$root/apt/cache/archives/partial"
root=$(cd "$root" && pwd)
packages="libjpeg62-turbo libjpeg62-turbo-dev libpng16-16 libpng-dev zlib1g zlib1g-dev libsqlite3-0 libsqlite3-dev check libsubunit0 libsubunit-dev libjansson4 libjansson-dev
    libexpat1 libexpat1-dev"

if [ "$(cat "$root/packages" 2>/dev/null)" != "$packages" ]; then
    get() {
        apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::Lists="$root/apt/lists" \
            -o Dir::State::Status=/dev/null -o Dir::Cache="$root/apt/cache" -o APT::Sandbox::User= "$@"
    }
    get update >"$root/apt.log" 2>&1 || true # a source without arm64 is not ours to mind
    (cd "$root/apt" && get download $packages >>"$root/apt.log" 2>&1) || { cat "$root/apt.log" >&2; exit 1; }
    for package in "$root"/apt/*.deb; do dpkg-deb --extract "$package" "$root"; done
    mv "$root"/lib/aarch64-linux-gnu/* "$root/usr/lib/aarch64-linux-gnu/" # as where /lib is a link to /usr/lib
    find "$root" -type l -lname '/lib/*' | while read -r link; do ln -sf "$(basename "$(readlink "$link")")" "$link"; done
    rm -r "$root/apt"
    echo "$packages" >"$root/packages"
fi

cat >"$root/aarch64.ini" <<END
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu', '-E', 'LD_LIBRARY_PATH=$root/usr/lib/aarch64-linux-gnu']

[properties]
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/aarch64-linux-gnu/pkgconfig'

[built-in options]
c_args = ['-I$root/usr/include/aarch64-linux-gnu', '-fno-tree-vectorize']

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
