#!/bin/bash
# What the health check asks for: does the broker take connections? (The public image's script
# answers more; its jars are not part of a broker.)
set -euo pipefail

while [ $# -gt 0 ]; do
	[ "$1" = --bootstrap-server ] && address=$2
	shift
done
exec 3<>"/dev/tcp/${address%:*}/${address##*:}"
