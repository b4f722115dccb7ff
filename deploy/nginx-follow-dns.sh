#!/bin/sh
# nginx, told whenever the servers behind it change.
#
# Open source nginx asks DNS for the servers of an upstream when it starts, and not again (since 1.27.3 it can, with `resolve`; 1.22 cannot).
# So this asks every few seconds and reloads nginx when an address came or went. A reload drops no request. In Compose and Kubernetes a
# name stands for all healthy servers of a role.
set -u

NAMES=${BANDLOOM_FRONT_NAMES:-api render files}
EVERY=${BANDLOOM_FRONT_SECONDS:-2}

addresses() {
  for name in $NAMES; do
    # A name without a server is not forgotten: nginx would not read a configuration with it, and keeps the old one.
    found=$(getent ahosts "$name" | awk '{ print $1 }' | sort -u)
    [ -n "$found" ] || return 1
    echo "$name $found"
  done
}

# nginx does not start before each name leads somewhere.
until known=$(addresses); do
  echo "waiting for the names $NAMES" >&2
  sleep "$EVERY"
done

nginx -g 'daemon off;' "$@" &
nginx=$!
# quit: what is being served is finished.
trap 'kill -QUIT "$nginx"' TERM INT QUIT

while kill -0 "$nginx" 2>/dev/null; do
  # A sleep in the background, so that signals are heard at once.
  sleep "$EVERY" &
  wait "$!"
  if now=$(addresses) && [ "$now" != "$known" ]; then
    known=$now
    kill -HUP "$nginx"
  fi
done
wait "$nginx"
