# What the scripts here share; they read it with the dot command.

fail() { echo "$(basename "$0" .sh): $1" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif sudo -n true 2>/dev/null; then sudo -n "$@"
    else return 1; fi
}

apt_install() {
    as_root sh -c 'apt-get update -qq && apt-get install -y -qq "$1"' sh "$1"
}
