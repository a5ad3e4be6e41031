#!/usr/bin/env bash
# Builds a Debian package: the program, its manual pages, completions, a desktop entry and the bot's service, which is not
# switched on. Needs Rust, cargo-deb and dpkg-dev. Prints the path of the package.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet
unstuck=${CARGO_TARGET_DIR:-target}/release/unstuck
parts=target/deb # the files that Cargo.toml lists
rm -rf "$parts"
mkdir -p "$parts/man" "$parts/bash" "$parts/units"

# The manual page of a command, and those of the commands that it names.
page() {
    local name=unstuck below
    [ $# -eq 0 ] || name=unstuck-$(IFS=-; echo "$*")
    "$unstuck" man "$@" > "$parts/page"
    gzip -9nc "$parts/page" > "$parts/man/$name.1.gz"
    for below in $(sed 's/\\-/-/g' "$parts/page" | grep -oE "^$name-[a-z]+\(1\)" | sed "s/^$name-//; s/(1)//" || true); do
        [ "$below" = help ] || page "$@" "$below"
    done
}
page
rm "$parts/page"
"$unstuck" completions bash > "$parts/bash/unstuck"
"$unstuck" completions zsh > "$parts/_unstuck"
"$unstuck" completions fish > "$parts/unstuck.fish"
sed 's#/usr/local/bin/#/usr/bin/#' examples/unstuck-bot.service > "$parts/units/unstuck-bot.service"
cargo deb --no-build --quiet --output "$parts"
ls "$parts"/*.deb
