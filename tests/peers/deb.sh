#!/usr/bin/env bash
# The Debian package: made by cargo-deb, installed into an empty root by dpkg, run, and removed without a trace. No root is
# needed. Needs dpkg and cargo-deb, or a network to get it, which is kept in the cache then; without, it is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null || { echo "no dpkg here"; exit 77; }
if ! command -v cargo-deb >/dev/null; then
    tools=${XDG_CACHE_HOME:-$HOME/.cache}/unstuck-peers/cargo-deb
    [ -e "$tools/bin/cargo-deb" ] || CARGO_TARGET_DIR="$room/target" timeout 400 \
        cargo install --quiet cargo-deb --version 3.8.0 --locked --profile dev --root "$tools" >/dev/null 2>&1 ||
        { echo "cargo-deb can't be fetched here"; exit 77; }
    PATH=$tools/bin:$PATH
fi
packaging/deb.sh > "$room/out"
package=$(tail -n 1 "$room/out")
dpkg-deb --contents "$package" | awk '{print $1, $6}'
dpkg-deb --field "$package" Depends Section Version

root=$room/root
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
touch "$root/var/lib/dpkg/status"
dpkg_there() { dpkg --root="$root" --log=/dev/null --force-not-root --force-depends --force-bad-path "$@"; }
dpkg_there --install "$package" 2>"$room/dpkg" || { cat "$room/dpkg" >&2; exit 1; }
there=$root/usr/bin/unstuck
export HOME=$room XDG_STATE_HOME=$room XDG_CONFIG_HOME=$room XDG_DATA_HOME=$room XDG_CACHE_HOME=$room
"$there" --version | head -n 1
[ -n "$("$there" generate "The lamp went out, and" --max-tokens 8 --seed 1)" ]
"$there" doctor --json | grep -q '"tokens_a_second"'
for page in unstuck unstuck-generate unstuck-bot-approve unstuck-models-pull; do
    gzip -dc "$root/usr/share/man/man1/$page.1.gz" | grep -q '^\.SH NAME'
done
bash -c ". '$root/usr/share/bash-completion/completions/unstuck' && complete -p unstuck" >/dev/null
grep -q '^ExecStart=/usr/bin/unstuck ' "$root/usr/lib/systemd/system/unstuck-bot.service"
grep -q '^Exec=unstuck' "$root/usr/share/applications/unstuck.desktop"
dpkg_there --remove unstuck 2>/dev/null
left=$(find "$root" -path "$root/var" -prune -o -type f -print -o -type l -print)
[ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }
echo "the package was installed, run and removed"
