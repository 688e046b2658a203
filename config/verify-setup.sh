#!/usr/bin/env bash
# The checks of SeaTable's manual for several dtable-servers behind one proxy. On the dtable-web node; it wants bash and curl.
#
#   verify-setup.sh [--proxy URL] [--web URL] [--log SERVER=COMMAND]... [--base UUID=SERVER]...
#
#   --proxy URL           the proxy; http://127.0.0.1:5000 if not given
#   --web URL             dtable-web; http://127.0.0.1:8000 if not given
#   --log SERVER=COMMAND  how to print a server's log, for example dtable-server='ssh dtable-server cat /…/logs/dtable-server.log'
#   --base UUID=SERVER    a base to open, and the server whose log must say so; the logs of the others must not
#
# TOKEN in the environment is sent as the Authorization of opening a base. Exits with 0 if all is as expected, 1 if not, 2 if the command line is wrong.
set -u

proxy=http://127.0.0.1:5000
web=http://127.0.0.1:8000
servers=() commands=() bases=() owners=()
failed=0

usage() { echo "verify-setup.sh: $1" >&2; exit 2; }
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage "$1 wants a value."
  case "$1" in
    --proxy) proxy=${2%/} ;;
    --web) web=${2%/} ;;
    --log) [[ "$2" == ?*=?* ]] || usage "--log wants SERVER=COMMAND."; servers+=("${2%%=*}"); commands+=("${2#*=}") ;;
    --base) [[ "$2" == ?*=?* ]] || usage "--base wants UUID=SERVER."; bases+=("${2%%=*}"); owners+=("${2#*=}") ;;
    *) usage "$1 is not known." ;;
  esac
  shift 2
done
for owner in "${owners[@]}"; do
  [[ " ${servers[*]} " == *" $owner "* ]] || usage "--log for $owner is missing."
done

say() { printf '%-4s %s\n' "$1" "$2"; [ "$1" = ok ] || failed=1; }

# A quoted answer too: dtable-web may answer in JSON.
ping() {
  local answer
  answer=$(curl --silent --show-error --max-time 20 "$1" 2>&1)
  case "$answer" in
    pong | '"pong"') say ok "$1 answers pong" ;;
    *) say FAIL "$1 answers '${answer:0:200}', not pong" ;;
  esac
}

# How often each server's log names a base, one number a server; fails where a log cannot be read.
entries() {
  local i text
  for i in "${!servers[@]}"; do
    text=$(bash -c "${commands[$i]}") || { say FAIL "the log of ${servers[$i]} cannot be read" >&2; return 1; }
    grep -c -i -F -e "$1" <<< "$text" || true
  done
}

open() {
  local uuid=$1 owner=$2 status i tries others
  local before=() after=() header=()
  mapfile -t before < <(entries "$uuid")
  [ ${#before[@]} = ${#servers[@]} ] || { say FAIL "$uuid is not checked"; return; }
  [ -z "${TOKEN:-}" ] || header=(--header "Authorization: Token $TOKEN")
  status=$(curl --silent --output /dev/null --max-time 60 --write-out '%{http_code}' "${header[@]}" "$proxy/api/v1/dtables/$uuid/metadata/")
  # 401 and 403 are a server's; what the proxy says itself of a base is 400, 404, 502, 503 or 504.
  case "$status" in
    2?? | 401 | 403) ;;
    *) say FAIL "$uuid is not opened: status $status"; return ;;
  esac
  # A log may be written late.
  for ((tries = 0; tries < 60; tries++)); do
    mapfile -t after < <(entries "$uuid")
    [ ${#after[@]} = ${#servers[@]} ] || { say FAIL "$uuid is not checked"; return; }
    others=""
    local found=0
    for i in "${!servers[@]}"; do
      [ "${after[$i]}" -gt "${before[$i]}" ] || continue
      if [ "${servers[$i]}" = "$owner" ]; then found=1; else others+=" ${servers[$i]}"; fi
    done
    [ -z "$others" ] || { say FAIL "$uuid leaves entries at$others, and should at $owner alone"; return; }
    [ "$found" = 0 ] || { say ok "$uuid leaves its entry at $owner, and nowhere else"; return; }
    sleep 1
  done
  say FAIL "$uuid leaves no entry at $owner within a minute"
}

ping "$proxy/ping/"
ping "$web/api2/ping/"
for b in "${!bases[@]}"; do open "${bases[$b]}" "${owners[$b]}"; done
exit "$failed"
