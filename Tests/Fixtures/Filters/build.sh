#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh OUT [NAME ...]: builds these plugins, or all, into the folder OUT.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?where to}
shift
mkdir -p "$out"
[ $# -gt 0 ] || set -- $(cd "$here" && ls *.c | sed 's/\.c$//')
for name; do
    cc -std=gnu11 -O1 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden \
        -I "$here/../../../PluginAPI/C/include" "$here/$name.c" -o "$out/$name.so"
done
