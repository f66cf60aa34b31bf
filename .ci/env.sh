# Sourced by every recipe of the Makefile: the surroundings that a build needs,
# also under sudo's restricted ones. Prints nothing unless something is missing.

# sudo drops the variables that lead to the module proxy. The sudo process
# itself still has them: it was started in the caller's own environment.
keep_proxies() {
  local pid=$PPID name
  while [ "${pid:-0}" -gt 1 ]; do
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = sudo ] && [ -r "/proc/$pid/environ" ]; then
      while IFS= read -r -d '' line; do
        name=${line%%=*}
        case $name in
          GOPROXY | GOPRIVATE | GONOPROXY | GONOSUMDB | GOSUMDB | GOINSECURE | \
          http_proxy | https_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | NO_COLOR)
            [ -n "${!name+set}" ] || export "$line" ;;
        esac
      done <"/proc/$pid/environ"
      return
    fi
    pid=$(awk '/^PPid:/{print $2}' "/proc/$pid/status" 2>/dev/null)
  done
}

# Root must not fill the caches of the person who called sudo -E.
own_home() {
  [ -d "${HOME:-}" ] && [ -O "$HOME" ] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  export HOME
  local theirs
  theirs=$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)/.config/go/env
  [ -n "${GOENV:-}" ] || [ ! -r "$theirs" ] || export GOENV=$theirs
}

# Nothing of root's stays behind in somebody else's checkout.
give_back() {
  local owner
  owner=$(stat -c %u:%g .)
  [ "${owner%%:*}" = 0 ] || [ "$(id -u)" != 0 ] ||
    find . -xdev \( -uid 0 -o -gid 0 \) -exec chown -h "$owner" {} +
}

find_go() {
  command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
  if ! command -v go >/dev/null; then
    echo "error: Go was found neither in PATH nor in /usr/local/go/bin" >&2
    echo "       install Go $1 or newer from https://go.dev/dl into /usr/local/go" >&2
    return 1
  fi
  # GOTOOLCHAIN=local: the question is what is installed, not what it would download.
  local have
  have=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
  if [ "$(printf '%s\n' "$1" "${have#go}" | sort -V | head -n 1)" != "$1" ]; then
    echo "error: $(command -v go) is $have, minipod needs Go $1 or newer" >&2
    echo "       install it from https://go.dev/dl into /usr/local/go" >&2
    return 1
  fi
}

# need COMMAND=PACKAGE…: installs the Debian packages whose command is not there.
need() {
  local missing=() pair
  for pair; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "error: these packages are missing: ${missing[*]}" >&2
    echo "       install them, or run make under sudo on Debian" >&2
    return 1
  fi
  echo "installing: ${missing[*]}" >&2
  apt-get update -qq </dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

keep_proxies
own_home
trap give_back EXIT
find_go 1.26 || exit 1
export PATH CGO_ENABLED=0
