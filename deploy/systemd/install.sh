#!/bin/sh
# Installs loopcam as a systemd service: user, environment in PREFIX, units, and a configuration where there is none.
# Run it again to upgrade; it changes no configuration. `install.sh --help` lists the options.
set -eu

usage() {
  cat <<'X'
install.sh [--unit UNIT --max-loop-time TIME] [--start] [--from WHEEL-OR-FOLDER] [--prefix DIR] [--destdir DIR] [--python PROGRAM]
install.sh --uninstall [--purge] [--prefix DIR] [--destdir DIR]

  --unit UNIT            write a configuration that watches the main process of this service, if there is none yet
  --max-loop-time TIME   ... and captures an iteration that takes longer, such as 2m (default)
  --start                enable and start loopcam.service; if it runs already, restart it
  --from PATH            what to install: a wheel, or a checkout (default: the one that this script lies in)
  --prefix DIR           where its Python environment goes (default: /opt/loopcam)
  --destdir DIR          put units and configuration below DIR, and touch neither users nor systemd: for packages
  --python PROGRAM       the Python, 3.11 or newer, with its venv module (default: python3)
  --uninstall            remove units and environment; configuration, reports and user stay
  --purge                ... remove those too
X
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
from=$(dirname -- "$(dirname -- "$here")")
prefix=/opt/loopcam destdir='' python=python3 unit='' max_loop_time=2m start='' uninstall='' purge=''

while [ $# -gt 0 ]; do
  case $1 in
    --unit | --max-loop-time | --from | --prefix | --destdir | --python)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --unit) unit=$2 ;;
        --max-loop-time) max_loop_time=$2 ;;
        --from) from=$2 ;;
        --prefix) prefix=$2 ;;
        --destdir) destdir=$2 ;;
        --python) python=$2 ;;
      esac
      shift 2
      ;;
    --start) start=yes && shift ;;
    --uninstall) uninstall=yes && shift ;;
    --purge) purge=yes && shift ;;
    --help) usage && exit 0 ;;
    *) fail "unknown option $1; see --help" ;;
  esac
done

units=$destdir/etc/systemd/system
configs=$destdir/etc/loopcam
case $prefix in /*/*) ;; *) fail "--prefix $prefix: an absolute path below a folder, such as /opt/loopcam" ;; esac
case $unit in *[!A-Za-z0-9:_.@-]*) fail "--unit $unit: write $configs/loopcam.yaml by hand for such a name" ;; esac
case $max_loop_time in '' | *[!0-9a-z.]*) fail "--max-loop-time $max_loop_time: a duration such as 2m" ;; esac
if [ -z "$destdir" ] && [ "$(id -u)" -ne 0 ]; then fail "run it as root, or give --destdir"; fi

# Whether there is a systemd to talk to; never with --destdir.
booted() { [ -z "$destdir" ] && [ -d /run/systemd/system ]; }

remove() {
  if booted; then
    systemctl list-units --all --plain --no-legend 'loopcam.service' 'loopcam@*.service' | while read -r name _; do
      systemctl disable --now --quiet "$name" || fail "$name could not be stopped"
    done
  fi
  rm -rf "$units/loopcam.service" "$units/loopcam@.service" "$units/loopcam.service.d/50-notify-reload.conf" \
    "$units/loopcam@.service.d/50-notify-reload.conf" "$destdir$prefix"
  for folder in "$units/loopcam.service.d" "$units/loopcam@.service.d"; do
    if [ -d "$folder" ]; then rmdir --ignore-fail-on-non-empty "$folder"; fi
  done
  if [ -L "$destdir/usr/local/bin/loopcam" ]; then rm "$destdir/usr/local/bin/loopcam"; fi
  if [ -n "$purge" ]; then
    rm -rf "$configs" "$destdir/var/lib/loopcam"
    if [ -z "$destdir" ] && id loopcam >/dev/null 2>&1; then userdel loopcam; fi
  fi
  if booted; then systemctl daemon-reload; fi
}

if [ -n "$uninstall" ]; then
  if [ "$destdir" = / ]; then destdir=''; fi
  remove
  echo "loopcam is removed."
  exit 0
fi

add_user() {
  if ! id loopcam >/dev/null 2>&1; then
    group=--user-group
    if getent group loopcam >/dev/null; then group=--gid=loopcam; fi
    useradd --system "$group" --home-dir /var/lib/loopcam --no-create-home --shell /usr/sbin/nologin loopcam
  fi
}

pip() {
  command=$1 && shift
  "$prefix/bin/pip" "$command" --quiet --disable-pip-version-check "$@"
}

# The environment holds absolute paths, so with --destdir it is made in PREFIX itself only when that is the same place.
install_package() {
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is older than 3.11: give --python"
  "$python" -c 'import ensurepip' 2>/dev/null || fail "$python has no venv module: apt-get install python3-venv"
  [ -x "$prefix/bin/python" ] || "$python" -m venv "$prefix"
  before=''
  if [ -x "$prefix/bin/loopcam" ]; then before=yes; fi
  wheel=$from locked='' made=''
  if [ -d "$from" ]; then
    made=$(mktemp -d)
    pip install --no-deps --require-hashes --target "$made/builder" --requirement "$from/locks/build.txt"
    (export PYTHONPATH="$made/builder" && pip wheel --no-deps --no-build-isolation --wheel-dir "$made" "$from")
    wheel=$(find "$made" -name 'loopcam-*.whl')
    locked=$from/locks/loopcam.txt
  fi
  if [ -n "$locked" ]; then pip install --no-deps --require-hashes --requirement "$locked"; fi
  pip install --upgrade ${locked:+--no-deps} "$wheel"
  # What is new may bear the version of what was there: a checkout's, say.
  if [ -n "$before" ]; then pip install --force-reinstall --no-deps "$wheel"; fi
  if [ -n "$made" ]; then rm -rf "$made"; fi
  mkdir -p /usr/local/bin
  ln -sfn "$prefix/bin/loopcam" /usr/local/bin/loopcam
}

install_units() {
  mkdir -p "$units"
  for name in loopcam.service loopcam@.service; do
    sed "s|/opt/loopcam/|$prefix/|g" "$here/$name" >"$units/$name.new"
    chmod 0644 "$units/$name.new"
    mv "$units/$name.new" "$units/$name"
    # From 253 on systemd waits for a reload to end, and begins it itself.
    if command -v systemctl >/dev/null && [ "$(systemctl --version | awk 'NR == 1 { print int($2) }')" -ge 253 ]; then
      mkdir -p "$units/$name.d"
      printf '[Service]\nType=notify-reload\nExecReload=\n' >"$units/$name.d/50-notify-reload.conf"
    fi
  done
}

install_configuration() {
  mkdir -p "$configs"
  if [ -n "$unit" ] && [ -e "$configs/loopcam.yaml" ]; then
    echo "$configs/loopcam.yaml is there already and stays as it is: --unit $unit writes none."
  elif [ -n "$unit" ]; then
    name=$(printf '%s' "${unit%.service}" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9._-]/-/g')
    sed -e "s|^  - name: .*|  - name: $name|" -e "s|{systemd: .*}|{systemd: $unit}|" \
      -e "s|{journal: .*}|{journal: ${unit%.service}.service, start: \"...\", end: \"...\"}|" \
      -e "s|max_loop_time: [^ ]*|max_loop_time: $max_loop_time|" "$here/loopcam.yaml" >"$configs/loopcam.yaml"
  fi
  if [ -z "$destdir" ]; then
    chown -R root:loopcam "$configs"
    chmod -R u=rwX,g=rX,o= "$configs"
  fi
}

if [ -z "$destdir" ]; then
  echo "Installing into $prefix, from the package index: half a minute, or a few on a slow network."
  add_user
  install_package
fi
install_units
install_configuration
if booted; then
  systemctl daemon-reload
  if [ -n "$start" ]; then
    [ -e "$configs/loopcam.yaml" ] || fail "no $configs/loopcam.yaml: give --unit, or write one"
    "$prefix/bin/loopcam" check "$configs/loopcam.yaml"
    systemctl enable --quiet loopcam.service
    systemctl reset-failed loopcam.service
    systemctl restart loopcam.service
    systemctl --no-pager --lines=0 status loopcam.service
    exit 0
  fi
fi
next="write $configs/loopcam.yaml (see docs/systemd.md)"
if [ -e "$configs/loopcam.yaml" ]; then next="look at $configs/loopcam.yaml, loopcam check it"; fi
echo "loopcam is installed. Next: $next, then systemctl enable --now loopcam"
