#!/usr/bin/env bash
# Installs what the tests need and this machine lacks (Debian packages, npm packages), builds, and runs every test,
# then the simulation and its mutations.
# Closing line: "N passed, N failed". Exit status 0 only if everything passed.
#
#   tests/run.sh                    everything
#   tests/run.sh --filter Planner   only tests whose full name contains "Planner"
set -u
cd "$(dirname "$0")/.."

filter=()
[ "${1:-}" = "--filter" ] && filter=(--filter "FullyQualifiedName~$2")

# A command that the tests start, and the Debian package that brings it.
needs=(promtool:prometheus etcd:etcd-server etcdctl:etcd-client ip:iproute2 npm:npm node:nodejs nginx:nginx-light haproxy:haproxy caddy:caddy chromium:chromium)
missing=()
for need in "${needs[@]}"; do
  command -v "${need%%:*}" >/dev/null 2>&1 || [ -x "/usr/sbin/${need%%:*}" ] || missing+=("${need##*:}")
done
has_etcd3() { /usr/bin/python3 -c 'import etcd3' >/dev/null 2>&1; }
has_etcd3 || missing+=(python3-etcd3)
/usr/bin/python3 -c 'import prometheus_client' >/dev/null 2>&1 || missing+=(python3-prometheus-client)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests: ${missing[*]}"
    apt-get update -q >/dev/null || true
    # A service that its package starts would hold the ports that the tests want; the tests start their own.
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; trap 'rm -f "$policy"' EXIT; }
    DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "${missing[@]}" >/dev/null || {
      echo "Could not install ${missing[*]} with apt-get." >&2
      exit 1
    }
  else
    echo "The tests start real servers and clients that are not on this machine. Install them, then run this again:" >&2
    echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

for folder in tests/clients; do
  [ -f "$folder/package-lock.json" ] || continue
  if [ ! -d "$folder/node_modules" ] || [ "$folder/package-lock.json" -nt "$folder/node_modules/.package-lock.json" ]; then
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error) || { echo "npm ci failed in $folder." >&2; exit 1; }
  fi
done

dotnet build BucketProxy.sln -v q || exit 1

out=$(mktemp)
rm -f artifacts/etcd-failures.txt
# One project after the other: many of these tests run real servers, and two cores are what CI has.
dotnet test BucketProxy.sln --no-build -m:1 "${filter[@]}" 2>&1 | tee "$out"
code=${PIPESTATUS[0]}
# The simulation, optimized: on as many seeds as a minute allows, then with each guard taken out, by seeds and by the exhaustive
# search. Each command counts as one test; a failing seed says how to replay it, a missed mutation is named.
held=0
broken=0
if [ ${#filter[@]} -eq 0 ]; then
  for command in "simulate --seeds 10000 --seconds 60" mutations explore-mutations; do
    # shellcheck disable=SC2086 # its words are arguments
    if dotnet run -c Release --project tests/BucketProxy.Simulation -- $command; then
      held=$((held + 1))
    else
      broken=$((broken + 1))
      echo "The simulation failed: $command"
    fi
  done
fi
[ -f artifacts/etcd-failures.txt ] && { echo "How long it took to notice what became of etcd, and to recover:"; sort artifacts/etcd-failures.txt; }
# Once more at the end, where they are found: what failed, and why, is far above by now.
awk '/^ +Failed [A-Za-z]/ { if (!failed++) print "These failed:"; shown = failed <= 10 ? 80 : 1 }
     /^ +Stack Trace:/ { shown = 0 }
     shown-- > 0' "$out"
# Before the closing line: a project that never got as far as counting (a crash) has failed all the same.
awk -v code="$code" -v held="$held" -v broken="$broken" '
  /^(Passed|Failed)! +- +Failed:/ { for (i = 1; i < NF; i++) { if ($i == "Passed:") p += $(i + 1); if ($i == "Failed:") f += $(i + 1) } }
  END { if (code != 0 && f == 0) { f = 1; print "A test run ended without a result: see above." }
        printf "%d passed, %d failed\n", p + held, f + broken }' "$out"
rm -f "$out"
[ "$broken" = 0 ] || code=1
exit "$code"
