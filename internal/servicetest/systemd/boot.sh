#!/bin/bash
# boot.sh outside DIR SYSTEMD: runs SYSTEMD as the first process of name spaces of its own until it is asked to end. It
# knows the units of DIR/units. The root file system but for DIR, the kernel's settings and the machine's control groups
# are out of its reach. Wants root, and a mount name space already: "unshare --mount bash boot.sh outside …".
set -eu
stage=$1 dir=$2 systemd=$3

# outside gives systemd a control group, and removes that in the end.
outside() {
  local groups=$dir/groups own status=0
  mkdir -p "$groups"
  mount -t cgroup2 cgroup2 "$groups"
  own=$groups/gatewatch-test-$$
  mkdir "$own"
  trap end TERM INT
  (
    echo 0 > "$own/cgroup.procs"
    exec unshare --cgroup --pid --mount --net --uts --ipc --fork --kill-child=KILL --mount-proc bash "$0" inside "$dir" "$systemd"
  ) &
  child=$!
  # A signal ends the first wait alone.
  wait "$child" || wait "$child" || status=$?
  find "$own" -depth -type d -exec rmdir {} + || true
  return "$status"
}

# end kills the first process, and the kernel all others of its space with it.
end() {
  local first=
  read -r first _ < "/proc/$child/task/$child/children" || true # the line has no end
  kill -KILL "${first:-$child}" || true
}

inside() {
  mount -t tmpfs tmpfs /run
  umount -R /sys/fs/cgroup 2>/dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mount --bind /proc/sys /proc/sys
  mount -o remount,bind,ro /proc/sys
  mount --bind /dev/null /dev/console
  mount --bind "$dir" "$dir"
  mount -o remount,bind,ro /
  # systemd leaves the clock and much else alone where it finds "container".
  exec env -i PATH="$PATH" container=test SYSTEMD_UNIT_PATH="$dir/units" SYSTEMD_GENERATOR_PATH=/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/none \
    setpriv --bounding-set=-sys_module,-sys_time,-syslog \
    "$systemd" --system --unit=default.target --log-target=null --show-status=false --default-standard-output=null
}

"$stage"
