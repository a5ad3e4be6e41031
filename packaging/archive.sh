#!/usr/bin/env bash
# Puts the program, its manual page, completions, licences and manual into target/archives/unstuck-VERSION-NAME.tar.gz, or
# .zip for Windows. Needs the release build. Usage: archive.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."
name=$1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
folder=unstuck-$version-$name
out=target/archives
rm -rf "$out/$folder"
mkdir -p "$out/$folder/completions"
program=${CARGO_TARGET_DIR:-target}/release/unstuck
ending=
[ -e "$program" ] || ending=.exe
cp "$program$ending" ./*.md LICENSE-MIT LICENSE-APACHE "$out/$folder/"
cp -R docs pictures examples "$out/$folder/"
"$program$ending" man > "$out/$folder/unstuck.1"
for shell in bash zsh fish powershell; do
    "$program$ending" completions "$shell" > "$out/$folder/completions/unstuck.$shell"
done
cd "$out"
if [ -n "$ending" ]; then
    rm -f "$folder.zip" && 7z a -bso0 "$folder.zip" "$folder"
else
    tar -czf "$folder.tar.gz" "$folder"
fi
rm -r "$folder"
ls "$folder".*
