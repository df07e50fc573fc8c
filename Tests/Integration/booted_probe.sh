#!/bin/bash
# Runs once in a booted Debian that has the package, and writes what it sees to /result, a line of
# NAME=VALUE each. test_debian.py says what it should be.
exec 3>/result 2>/probe.log
set -x

say() { echo "$1=$2" >&3; }
property() { systemctl show --value -p "$2" "$1"; }
until_true() { for _ in $(seq 300); do "$@" && return 0; sleep 0.1; done; return 1; }
# ask PATH: the status line and the body.
ask() {
  exec 5<>/dev/tcp/127.0.0.1/11434 || return 1
  printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&5
  cat <&5
  exec 5>&-
}
has() { ask "$1" | grep -q "$2"; }
# stream FILE: a streamed chat, to its end.
stream() {
  local body='{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
  exec 6<>/dev/tcp/127.0.0.1/11434
  printf 'POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' >&6
  printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body" >&6
  cat <&6 >"$1"
}
is_ready() { has /readyz ' 200 '; }
status_is() { property oairouter StatusText | grep -q "$1"; }
runs_anew() {
  [ "$(property oairouter MainPID)" -gt 0 ] && [ "$(property oairouter NRestarts)" = 1 ]
}
is_pending() { [ -s "$1" ] && grep -q content "$1"; }
is_whole() { grep -q 'data: \[DONE\]' "$1"; }
has_moved() { [ "$(property oairouter MainPID)" != "$1" ]; }
is_gone() { [ ! -e "/proc/$1" ]; }
is_restarted() { [ "$(property oairouter NRestarts)" = 1 ] && is_ready; }

until_true is_ready; say ready $?
until_true status_is '1/1 backends ready, 1 model, 0 streams'; say status $?
say state "$(property oairouter ActiveState)/$(property oairouter SubState)"
say user "$(stat -c %U "/proc/$(property oairouter MainPID)")"
oairouter status >/status.txt; say admin $?

# A reload.
before=$(property oairouter MainPID)
echo 'aliases: {other: m}' >>/etc/oairouter/oairouter.yaml
systemctl reload oairouter; say reload $?
until_true status_is '1/1 backends ready, 2 models'; say status_after_reload $?
until_true has /v1/models other; say reloaded $?
say reload_state "$(property oairouter ActiveState)"
[ "$(property oairouter MainPID)" = "$before" ]; say reload_same_process $?

# A loop that hangs.
kill -STOP "$before"
until_true runs_anew; say watchdog $?
say watchdog_restarts "$(property oairouter NRestarts)"
said=$(journalctl -u oairouter | grep -c 'Watchdog timeout'); say watchdog_said "$said"
until_true is_ready; say ready_again $?

# Upgrades: the main process moves, and what was begun ends whole.
former=$(property oairouter MainPID)
stream /upgrade.txt & client=$!
until_true is_pending /upgrade.txt
oairouter upgrade; say upgrade $?
until_true has_moved "$former"; say upgrade_moved $?
say upgrade_state "$(property oairouter ActiveState)/$(property oairouter SubState)"
second=$(property oairouter MainPID)
oairouter status | grep -q "$second"; say upgrade_status $?
oairouter upgrade --binary /bin/false; say upgrade_broken $?
[ "$(property oairouter MainPID)" = "$second" ]; say upgrade_broken_stays $?
oairouter upgrade; say upgrade_again $?
until_true has_moved "$second"; say upgrade_moved_again $?
wait $client
is_whole /upgrade.txt; say upgrade_stream_whole $?
until_true is_gone "$former"; say upgrade_former_gone $?
until_true is_ready; say upgrade_ready $?
systemctl reload oairouter; say upgrade_reload $?

# A stop, which a stream outlives, and one of a process whose place was taken.
stream /former.txt & before=$!
until_true is_pending /former.txt
oairouter upgrade; say upgrade_before_stop $?
last=$(property oairouter MainPID)
stream /stream.txt & client=$!
until_true is_pending /stream.txt; say stream_begun $?
systemctl stop oairouter & stopping=$!
until_true status_is draining; say drain_told $?
say drain_state "$(property oairouter ActiveState)"
wait $client; wait $before; wait $stopping; say stop $?
is_whole /stream.txt; say stream_whole $?
is_whole /former.txt; say former_stream_whole $?
is_gone "$last"; say stop_ends_the_last $?
say stop_result "$(property oairouter Result)"

# A new process that crashes while the former still has a stream.
systemctl start oairouter; until_true is_ready
stream /crash.txt & client=$!
until_true is_pending /crash.txt
oairouter upgrade; say upgrade_before_crash $?
kill -KILL "$(property oairouter MainPID)"
until_true is_restarted; say crash_restarted $?
wait $client
systemctl stop oairouter

# Socket activation: the first client starts it, a restart refuses nobody.
systemctl start oairouter.socket; say socket $?
say before_client "$(property oairouter ActiveState)"
has /livez ' 200 '; say activated $?
say after_client "$(property oairouter ActiveState)"
refused=0 answered=0
systemctl restart oairouter & restarting=$!
while kill -0 $restarting 2>/dev/null || [ $answered -lt 50 ]; do
  if has /livez ' 200 '; then answered=$((answered + 1)); else refused=$((refused + 1)); fi
  [ $refused -lt 20 ] || break
done
wait $restarting; say restart $?
say refused $refused
say answered_some $((answered > 0 ? 0 : 1))

# Docker's socket, which only its group may use.
groupadd -f docker
systemctl start engine
until_true test -S /run/docker.sock
chown root:docker /run/docker.sock && chmod 660 /run/docker.sock
engine_lines() {
  journalctl -o cat "_SYSTEMD_INVOCATION_ID=$(property oairouter InvocationID)" |
    grep discoverer=docker
}
is_denied() { journalctl -u oairouter -o cat | grep -q 'permission denied on'; }
# A fake engine doesn't know its paths.
is_reached() { engine_lines | grep -q 'answers 404'; }
sed -i 's/^#listen.*/discovery: {docker: {enabled: on}}/' /etc/oairouter/oairouter.yaml
systemctl restart oairouter
until_true is_denied; say engine_denied $?
mkdir -p /etc/systemd/system/oairouter.service.d
cp /usr/share/doc/oairouter/docker.conf /etc/systemd/system/oairouter.service.d/
systemctl daemon-reload
systemctl restart oairouter
until_true is_reached; say engine_reached $?
# EPERM is the system call filter's word.
denied=$(journalctl -u oairouter -o cat | grep -c 'Failed to set thread.* errno=1$')
say priority_denied "$denied"
systemctl poweroff
