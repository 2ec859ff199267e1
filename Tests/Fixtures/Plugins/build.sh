#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh OUT [NAME ...]: builds these plugins, or all, into the folder OUT.
set -e
here=$(cd "$(dirname "$0")" && pwd)
include=$here/../../../PluginAPI/C/include
out=${1:?where to}
shift
mkdir -p "$out"
[ $# -gt 0 ] || set -- $(cd "$here" && ls *.c | sed 's/\.c$//')

for name; do
    extra=
    case $name in
    missing_library) # linked with a library that is then taken away
        echo "int missing(void) { return 1; }" >"$out/missing.c"
        cc -shared -fPIC -Wl,-soname,libpq-of-a-test.so.5 "$out/missing.c" -o "$out/libmissing.so"
        extra="-L$out -lmissing" ;;
    undefined) extra="-Wl,-z,undefs" ;;
    esac
    cc -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden -I "$include" \
        "$here/$name.c" -o "$out/$name.so" $extra
    [ "$name" != missing_library ] || rm "$out/libmissing.so" "$out/missing.c"
done
