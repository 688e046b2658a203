#!/usr/bin/env bash
# A whole cluster on this machine, as SeaTable's manual sets it up over several: three etcd members, three dtable-servers (emulated) that
# register themselves, two proxies with their monitors.
#
#   config/local-cluster.sh            start it, say where everything is, run until Ctrl-C
#   config/local-cluster.sh --check    start it, send 1,000 bases through the proxies, compare with what another
#                                      etcd client reads from the same keys, stop; exit status 0 only if all agree
#
# Needs: etcd (Debian: etcd-server), for --check also python3-etcd3 and curl. Ports 23790-23795, 5001-5003, 5550-5551, 5555-5556;
# CLUSTER_PORTS=N moves all of them up by N. CLUSTER_PROGRAM names the program where it is not built in its usual place.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
check=${1:-}
shift_by=${CLUSTER_PORTS:-0}
work=$(mktemp -d)
pids=()

stop() {
  trap - EXIT INT TERM
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -TERM "${pids[i]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

start() { # name command...
  local name=$1; shift
  "$@" > "$work/$name.log" 2>&1 &
  pids+=($!)
  echo $! > "$work/$name.pid"
}

until_says() { # name text: waits until the log of that process holds the text
  for _ in $(seq 600); do
    grep -q "$2" "$work/$1.log" 2>/dev/null && return 0
    kill -0 "$(cat "$work/$1.pid")" 2>/dev/null || break
    sleep 0.1
  done
  echo "$1 did not come up; it said:" >&2
  tail -20 "$work/$1.log" >&2
  exit 1
}

program=${CLUSTER_PROGRAM:-$root/src/BucketProxy/bin/Release/net10.0/bucketproxy.dll}
[ -f "$program" ] || dotnet build "$root/src/BucketProxy" -c Release -v q
bucketproxy() { exec dotnet "$program" "$@"; }

# 1. etcd: three members.
members="" hosts=""
for i in 1 2 3; do
  client=$((23790 + shift_by + i - 1)) peer=$((23793 + shift_by + i - 1))
  members+="etcd-0$i=http://127.0.0.1:$peer," hosts+="127.0.0.1:$client,"
done
for i in 1 2 3; do
  client=$((23790 + shift_by + i - 1)) peer=$((23793 + shift_by + i - 1))
  start "etcd-0$i" etcd --name "etcd-0$i" --data-dir "$work/etcd-0$i" \
    --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "${members%,}" --initial-cluster-state new
done
for i in 1 2 3; do until_says "etcd-0$i" "ready to serve client requests"; done

# 2. dtable-servers: each registers itself under a lease and follows the assignments.
for i in 1 2 3; do
  start "dtable-server-0$i" bucketproxy emulator --id "dtable-server-0$i" --port $((5000 + shift_by + i)) \
    --storage "$work/bases" --journal "$work/dtable-server-0$i.jsonl" --etcd "${hosts%,}"
done
for i in 1 2 3; do until_says "dtable-server-0$i" "listens on"; done

# 3. The proxies, with the very file that dtable-server-proxy had.
cat > "$work/dtable_server_config.json" <<CONFIG
{
  "cluster_config": {
    "etcd_host_list": ["${hosts//,/\", \"}"]  // domain of etcd servers
  }
}
CONFIG
sed -i 's/, ""\]/]/' "$work/dtable_server_config.json"
for i in 1 2; do
  start "proxy-$i" bucketproxy serve --config "$work/dtable_server_config.json" --data-directory "$work/proxy-$i" \
    --listen "127.0.0.1:$((5549 + shift_by + i))" --admin-listen "127.0.0.1:$((5554 + shift_by + i))" --set monitor.minNodes=3
done
for i in 1 2; do until_says "proxy-$i" "operators' port"; done

proxy1="http://127.0.0.1:$((5550 + shift_by))" proxy2="http://127.0.0.1:$((5551 + shift_by))" admin="http://127.0.0.1:$((5555 + shift_by))"
for proxy in "$proxy1" "$proxy2"; do
  for _ in $(seq 300); do curl -fs "$proxy/ping/" >/dev/null 2>&1 && break; sleep 0.1; done
  curl -fsS "$proxy/ping/" >/dev/null || { echo "$proxy does not route" >&2; tail -20 "$work"/proxy-*.log >&2; exit 1; }
done

if [ "$check" != "--check" ]; then
  echo "etcd         ${hosts%,}"
  echo "proxies      $proxy1  $proxy2"
  echo "operators    $admin"
  echo "rebalance    curl -X POST $admin/rebalance/"
  echo "logs         $work"
  echo "Ctrl-C stops everything."
  wait
  exit 0
fi

# 4. Who owns what, by another client's reading of the same keys, against who served.
/usr/bin/python3 - "${hosts%%,*}" "$proxy1" "$proxy2" "$work" <<'PYTHON'
import collections, glob, json, sys, urllib.request, uuid
import etcd3

etcd, proxies, work = sys.argv[1], sys.argv[2:4], sys.argv[4]
host, port = etcd.split(":")
client = etcd3.client(host=host, port=int(port))
assigned = {meta.key.decode(): value.decode() for value, meta in client.get_prefix("assign-")}
assert len(assigned) == 256, f"{len(assigned)} buckets are assigned"
registered = {meta.key.decode() for _, meta in client.get_prefix("dtable-server-")}
assert registered == {"dtable-server-01", "dtable-server-02", "dtable-server-03"}, registered

bases = [str(uuid.uuid4()) for _ in range(1000)]
for number, base in enumerate(bases):
    url = f"{proxies[number % 2]}/api/v1/dtables/{base}/rows/?table_name=Table1&limit=1"
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 200

served = collections.defaultdict(set)
for journal in glob.glob(f"{work}/dtable-server-*.jsonl"):
    for line in open(journal):
        entry = {key.lower(): value for key, value in json.loads(line).items()}
        if str(entry["event"]).lower() == "serve":
            served[entry["base"]].add(entry["node"])
wrong = [base for base in bases if served[base] != {assigned["assign-" + base[:2]]}]
for base in wrong[:10]:
    print(f"{base}: served by {sorted(served[base])}, assigned to {assigned['assign-' + base[:2]]}")
shares = collections.Counter(assigned.values())
print("buckets: " + ", ".join(f"{node} {count}" for node, count in sorted(shares.items())))
print(f"{len(bases) - len(wrong)} of {len(bases)} bases were served by the owner that python3-etcd3 reads from etcd")
sys.exit(1 if wrong else 0)
PYTHON
