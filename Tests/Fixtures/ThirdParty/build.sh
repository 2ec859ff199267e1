#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh OUT [WHAT ...]: builds the third-party plugins into the folder OUT, as strangers would: with
# nothing of the server's but PluginAPI. WHAT is c, cpp, rust or swift; all by default, Rust only where there
# is a rustc.
set -e
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../../PluginAPI/C/include
out=${1:?where to}
shift
[ $# -gt 0 ] || { set -- c cpp swift; ! command -v rustc >/dev/null || set -- "$@" rust; }
mkdir -p "$out"

for what; do
    case $what in
    c)
        for source in "$here"/c/*.c; do
            cc -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -I "$include" "$source" \
                -o "$out/$(basename "$source" .c).so"
        done ;;
    cpp)
        c++ -std=c++17 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -I "$include" \
            "$here/cpp/seguard.cpp" -o "$out/seguard_cpp.so" ;;
    rust)
        rustc --edition 2021 --crate-type cdylib -O -C strip=symbols "$here/rust/longer.rs" \
            -o "$out/longer.so" ;;
    swift)
        log=$out/swift-build.log
        swift build -c release --package-path "$here/swift" --scratch-path "$out/swift-build" >"$log" 2>&1 \
            || { cat "$log" >&2; exit 1; }
        cp "$out/swift-build/release/libmod_seguard.so" "$out/seguard_swift.so" ;;
    esac
done
