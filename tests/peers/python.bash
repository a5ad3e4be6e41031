# For those of the peers that are Python: `python_with PACKAGE ROOM` makes an interpreter with that package in ROOM/venv, or
# ends the script as skipped.
python_with() {
    python3 -m venv "$2/venv" >/dev/null 2>&1 || { echo "no Python with venv here"; exit 77; }
    timeout 180 "$2/venv/bin/pip" install --quiet --disable-pip-version-check "$1" >/dev/null 2>&1 ||
        { echo "$1 can't be fetched here"; exit 77; }
}
