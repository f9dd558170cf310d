#!/bin/sh
# Fetches the distribution's own signed micropython package, with the libraries it needs, into a private
# folder: fetch-micropython.sh FOLDER makes FOLDER/package. Debian: suite trixie; Ubuntu: noble, universe.
#
# Needs no root and installs nothing. apt runs with a state, cache and source list of its own, but with the
# machine's proxies and mirrors, and checks signatures against the distribution's archive keyring.
# Two runs at once do not disturb each other: each unpacks in a folder of its own, and the first to
# finish renames it into place.
set -eu

fail() {
    echo "tools/micropython: $*" >&2
    exit 1
}

# Prints one mirror per line: the addresses of the machine's own sources for this release's main archive,
# from deb822 (*.sources) and one-line (*.list) files alike. A stranger's repository that looks the same
# does no harm: its signature will not match.
list_mirrors() {
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    for file in "$list" "$parts"/*.list "$parts"/*.sources; do
        [ -r "$file" ] || continue
        # A blank line ends the last stanza of each file.
        case $file in
        *.sources) awk -v wanted="$1" '
            function finish(   i, j, n, m, uri, suite) {
                if (enabled && types ~ /(^| )deb( |$)/ && components ~ /(^| )main( |$)/) {
                    n = split(uris, uri, " "); m = split(suites, suite, " ")
                    for (i = 1; i <= n; i++) for (j = 1; j <= m; j++)
                        if (index(wanted, " " suite[j] " ")) print uri[i]
                }
                types = uris = suites = components = field = ""; enabled = 1
            }
            BEGIN { enabled = 1 }
            /^#/ { next }
            /^[ \t]*$/ { finish(); next }
            /^[^ \t]/ { field = tolower($1); sub(/^[^:]*:/, "") ; sub(/:.*/, "", field) }
            field == "types" { types = types " " $0 }
            field == "uris" { uris = uris " " $0 }
            field == "suites" { suites = suites " " $0 }
            field == "components" { components = components " " $0 }
            field == "enabled" && /no/ { enabled = 0 }
            END { finish() }' "$file" ;;
        *) awk -v wanted="$1" '
            $1 == "deb" {
                sub(/\[[^]]*\]/, "")
                for (i = 4; i <= NF; i++) if ($i == "main" && index(wanted, " " $3 " ")) print $2
            }' "$file" ;;
        esac
    done | awk '!seen[$0]++'
}

# All apt settings of this run. -c is read after the machine's own configuration, so that proxies and
# certificates stay; hooks that tidy the machine's own cache (container images have them) are dropped.
write_configuration() {
    cat <<SETTINGS
#clear APT::Update;
#clear DPkg::Post-Invoke;
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Default-Release "";
APT::Get::Assume-Yes "true";
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
SETTINGS
}

# Downloads the package and all it depends on (the status file is empty, so nothing counts as installed).
download_from() {
    echo "deb [arch=$architecture signed-by=$keyring] $1 $suite $components" >"$work/sources.list"
    rm -rf "$work/state" "$work/cache"
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
    apt-get -c "$work/apt.conf" -q update >>"$work/log" 2>&1 || return 1
    apt-get -c "$work/apt.conf" -q install --download-only micropython >>"$work/log" 2>&1
}

unpack() {
    mkdir "$work/package"
    for archive in "$work"/cache/archives/*.deb; do
        dpkg-deb --extract "$archive" "$work/package"
    done
    [ -x "$work/package/usr/bin/micropython" ]
}

folder=$1
missing="MicroPython is missing: install the package 'micropython' (1.22 or newer; with Homebrew 'brew install micropython') or set MICROPYTHON to its binary."
for command in apt-get apt-config dpkg dpkg-deb awk; do
    command -v $command >/dev/null || fail "$missing"
done
. /etc/os-release
architecture=$(dpkg --print-architecture)
case $architecture in
amd64 | arm64) ;;
*) fail "$missing" ;;
esac
case " ${ID:-} ${ID_LIKE:-} " in
*" ubuntu "*)
    suite=noble components="main universe" keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
    own=${UBUNTU_CODENAME:-${VERSION_CODENAME:-}}
    ;;
*" debian "*)
    suite=trixie components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    own=${VERSION_CODENAME:-}
    ;;
*) fail "$missing" ;;
esac
[ -r "$keyring" ] || fail "$keyring is missing: install the package '$(basename "$keyring" .gpg)', or 'micropython' itself."
mirrors=$(list_mirrors " $own $suite stable testing unstable sid ")
[ -n "$mirrors" ] || fail "apt's sources on this machine name no mirror of its own release: install the package 'micropython' or set MICROPYTHON to its binary."

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/status"
write_configuration >"$work/apt.conf"
echo "tools/micropython: fetching MicroPython's package of $suite into .micropython/ (once)" >&2
for mirror in $mirrors; do
    if download_from "$mirror" && unpack; then
        # -T makes this one rename: it fails if another run was first, whose result is as good.
        mv -T "$work/package" "$folder/package" 2>/dev/null || [ -d "$folder/package" ]
        exit 0
    fi
    rm -rf "$work/package"
done
tail -n 5 "$work/log" >&2
fail "could not fetch the package 'micropython' of $suite from this machine's mirrors (the lines above are apt's): install it by hand or set MICROPYTHON to its binary."
