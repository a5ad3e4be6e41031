#!/usr/bin/env bash
# Licences, sources and known vulnerabilities of all dependencies, by cargo-deny and `deny.toml`. Needs cargo-deny, and for
# the vulnerabilities a network that reaches their database; what can't be checked is skipped with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v cargo-deny >/dev/null || { echo "no cargo-deny here"; exit 77; }
cargo deny --all-features check licenses bans sources
if ! timeout 120 cargo deny fetch db >/dev/null 2>&1; then
    echo "licences and sources are in order; the database of vulnerabilities can't be had here"
    [ -z "${UNSTUCK_SKIPPED:-}" ] || echo "skipped: $0: vulnerabilities, without their database" >> "$UNSTUCK_SKIPPED"
    exit
fi
cargo deny --all-features check advisories
