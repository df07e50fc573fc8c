# Shared by the scripts beside it: sourced, never run. Leaves the working directory at the root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What a plain Debian 12 lacks for building Swift packages, beside Swift itself.
build_packages=(
  binutils ca-certificates curl git libc6-dev libgcc-12-dev libstdc++-12-dev libc-ares-dev
  libyaml-dev
)
# What the program has beyond the library's default, in each build of these scripts. Other traits
# mean other objects: a build without them in the same folder starts over.
traits=(--traits DNS)

note() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 2; }

# usage_of SCRIPT: prints the comment block that follows the script's first line.
usage_of() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$1"; }

# Installs the named Debian packages that are missing; without root, says what to type and stops.
need_packages() {
  command -v dpkg-query >/dev/null || return 0  # not Debian: the compiler will name what it misses
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    fail "these packages are missing; type: sudo apt-get install -y ${missing[*]}"
  fi
  note "installing ${missing[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

need_swift() {
  command -v swift >/dev/null ||
    fail "no 'swift' on the PATH; install Swift 6.2 or newer (https://www.swift.org/install/linux)"
}

# Leaves linker flags in $static that put libyaml and c-ares into the program, where the system has
# them as archives: what is copied elsewhere then needs neither there.
find_archives() {
  local folder=$PWD/.build/archives library archive
  static=(-Xlinker "-L$folder")
  mkdir -p "$folder"
  for library in yaml cares; do
    for archive in /usr/lib/*-linux-gnu/lib$library.a /usr/lib64/lib$library.a; do
      [[ ! -e $archive ]] || ln -sf "$archive" "$folder/"
    done
  done
}

# memory_megabytes [ROOT]: what a build may use here, or in the container that this runs in: the
# least of the memory and the limits of the control groups, of either version, that this is in.
# OAIROUTER_BUILD_MEGABYTES, unless empty, says otherwise.
memory_megabytes() {
  local root=${1-} least controllers group folder file limit
  least=$(awk '/^MemTotal:/ { print int($2 / 1024) }' "$root/proc/meminfo")
  while IFS=: read -r _ controllers group; do
    case ,$controllers, in
      ,,) folder=$root/sys/fs/cgroup file=memory.max ;;
      *,memory,*) folder=$root/sys/fs/cgroup/memory file=memory.limit_in_bytes ;;
      *) continue ;;
    esac
    while :; do
      limit=$(cat "$folder$group/$file" 2>/dev/null || true)
      # "max", and version 1's numbers of 19 digits, are no limit.
      [[ ! $limit =~ ^[0-9]{1,18}$ ]] || ((limit / 1048576 >= least)) || least=$((limit / 1048576))
      [[ -n $group ]] || break
      group=${group%/*}
    done
  done < <(cat "$root/proc/self/cgroup" 2>/dev/null)
  least=${OAIROUTER_BUILD_MEGABYTES:-$least}
  [[ $least =~ ^[0-9]+$ ]] || fail "OAIROUTER_BUILD_MEGABYTES is no number: '$least'"
  echo $((10#$least))
}

# The release program's flags of the package manager, and those that have its targets compiled to
# bitcode and optimised as one program when it is linked (by the toolchain's own lld): each layer is
# a module, and much of what a request costs are calls between and within them, most of which have
# one caller. That takes 15 % off the instructions per request. Constants stay in the segment of the
# code, which is let go of after the start.
release=(-c release --static-swift-stdlib "${traits[@]}" -Xlinker -S --product oairouter)
whole_program=(--experimental-lto-mode full -Xswiftc -use-ld=lld -Xlinker --no-rosegment)
# Where a checkout is has no part in the names in a profile.
profile_names=(-Xswiftc -Xllvm -Xswiftc -static-func-full-module-prefix=false)

# The file with a profile for the compiler that is here; it need not be there.
profile_archive() {
  local version
  version=$(swift --version 2>/dev/null |
    sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' || true)
  echo "Scripts/packaging/swift-$version.profdata.gz"
}

# Leaves in $profile the flags that have the compiler optimise for the ways that load takes, as
# Scripts/profile has recorded them: 13 % fewer instructions per request, in a third fewer cache
# lines. It is for one version of the compiler; others may not be able to read it.
find_profile() {
  local archive unpacked new
  profile=()
  archive=$(profile_archive)
  if [[ ! -f $archive ]]; then
    note "built without a profile: there is no $archive"
    return
  fi
  # Another profile has another name: so a build in the same folder sees it.
  unpacked=$PWD/.build/$(sha256sum <"$archive" | cut -c 1-16).profdata
  if [[ ! -f $unpacked ]]; then
    mkdir -p .build
    new=$(mktemp "$unpacked.XXXXXX")
    if ! gzip -dc "$archive" >"$new"; then
      rm -f "$new"
      note "built without a profile: $archive can't be unpacked"
      return
    fi
    mv "$new" "$unpacked"
  fi
  profile=(-Xswiftc -Xfrontend -Xswiftc "-ir-profile-use=$unpacked" "${profile_names[@]}")
}

# Builds the release program and leaves its path in $program. Without changes this is a no-op that
# needs no network; the compiler's talk goes to standard error. Debug information is left out;
# symbols stay, for backtraces and profilers.
#
# Linking a program as a whole takes 10 GB of memory: a machine with less gets one that works the
# same.
#
# build_release [whole]: with "whole", for what is handed on or measured, it stops there instead,
# unless OAIROUTER_BUILD_MEGABYTES is set: who sets it knows.
build_release() {
  local megabytes
  megabytes=$(memory_megabytes)
  if ((megabytes < 12000)) && [[ ${1-} == whole && -z ${OAIROUTER_BUILD_MEGABYTES-} ]]; then
    fail "less than 12 GB of memory: OAIROUTER_BUILD_MEGABYTES=$megabytes builds without" \
      "optimisation across modules, OAIROUTER_BUILD_MEGABYTES=12000 with it all the same"
  fi
  need_swift
  find_archives
  local flags=("${release[@]}" "${static[@]}")
  if ((megabytes >= 12000)); then
    find_profile
    flags+=("${whole_program[@]}" "${profile[@]}")
  else
    note "less than 12 GB of memory: built without optimisation across modules"
  fi
  swift build "${flags[@]}" >&2
  program="$(swift build "${flags[@]}" --show-bin-path)/oairouter"
}

# What the sanitizers can't know.
thread_options=suppressions=$PWD/Scripts/thread-sanitizer.supp
leak_options=suppressions=$PWD/Scripts/leak-sanitizer.supp

# How many Swift tests are under way at one time. All at once, each `await` of a test stands behind
# what hundreds of others compute, for longer than the servers that it talks to have patience. (Read
# by the testing library; one that doesn't know it runs them as before.)
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=12

venv=.build-venv

# prepare_venv FOLDER REQUIREMENTS: a virtual environment with the pinned packages; its stamp spares
# pip where nothing changed.
prepare_venv() {
  local venv="$1" requirements="$2" wanted
  wanted="$(sha256sum <"$requirements")"
  if [[ "$(cat "$venv/stamp" 2>/dev/null)" == "$wanted" ]] && "$venv/bin/python" -c ''; then
    return
  fi
  note "preparing $venv"
  need_packages python3 python3-venv
  python3 -m venv --clear "$venv" >&2
  "$venv/bin/python" -m pip install -q --only-binary :all: -r "$requirements" >&2
  echo "$wanted" >"$venv/stamp"
}

# One environment for the tests, and one for each older major of a client that they compare.
prepare_python() {
  prepare_venv "$venv" Tests/Integration/requirements.txt
  prepare_venv "$venv-openai2" Tests/Integration/requirements-openai2.txt
  prepare_venv "$venv-openai1" Tests/Integration/requirements-openai1.txt
}
