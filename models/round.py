#!/usr/bin/env python3
"""Rounds the weights of a small GPT-2 to 4 bits (ggml's q4_0) with less loss than rounding to the nearest value.

The method is GPTQ (Frantar et al. 2022, arXiv 2210.17323): the inputs of one matrix are rounded one after another, and
the error of each is made up for by those that are not rounded yet, weighted by how the inputs vary together in ordinary
text. The scale of each block of 32 weights is the one with the least squared error among 34.

    unstuck models export FOLDER --to gguf --quantization q8_0 -o exported.gguf
    python3 models/round.py FOLDER TEXT exported.gguf model.gguf

FOLDER has model.safetensors, config.json and tokenizer.json. TEXT is what the model was trained on, or like it; 33,000
tokens of it are read. model.gguf gets all that exported.gguf has, with other matrices. Needs numpy, safetensors,
tokenizers and gguf.
"""

import json
import sys
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter
from safetensors.numpy import load_file
from tokenizers import Tokenizer

BLOCK, LEAST, MOST = 32, -8, 7
WINDOWS = 64


def scales(block):
    """The scale of each row of a block, as a float16 holds it."""
    largest = np.take_along_axis(block, np.abs(block).argmax(-1)[:, None], -1)
    best, least = None, None
    for factor in np.arange(0.75, 1.17, 0.025):
        for sign in (1, -1):
            scale = sign * factor * largest / LEAST
            codes = np.round(block / np.where(scale == 0, 1, scale)).clip(LEAST, MOST)
            squares = (codes * codes).sum(-1, keepdims=True)
            scale = (codes * block).sum(-1, keepdims=True) / np.maximum(squares, 1e-9)
            scale = scale.astype(np.float16).astype(np.float64)
            codes = np.round(block / np.where(scale == 0, 1, scale)).clip(LEAST, MOST)
            error = ((codes * scale - block) ** 2).sum(-1, keepdims=True)
            if best is None:
                best, least = scale, error
            best = np.where(error < least, scale, best)
            least = np.minimum(error, least)
    return best


def rounded(weights, moments, damping=0.02):
    """The codes, scales and values of a matrix (outputs x inputs) whose inputs have these second moments."""
    weights = weights.astype(np.float64)
    inputs = weights.shape[1]
    moments = moments + np.eye(inputs) * damping * np.mean(np.diag(moments))
    factor = np.linalg.cholesky(np.linalg.inv(moments)).T
    codes, values, all_scales = np.empty(weights.shape, np.uint8), np.empty_like(weights), []
    for start in range(0, inputs, BLOCK):
        end = start + BLOCK
        scale = scales(weights[:, start:end])
        all_scales.append(scale)
        errors = np.zeros((len(weights), BLOCK))
        for column in range(start, end):
            code = np.round(weights[:, column] / np.where(scale[:, 0] == 0, 1, scale[:, 0])).clip(LEAST, MOST)
            codes[:, column] = code - LEAST
            values[:, column] = code * scale[:, 0]
            error = (weights[:, column] - values[:, column]) / factor[column, column]
            errors[:, column - start] = error
            weights[:, column + 1 : end] -= np.outer(error, factor[column, column + 1 : end])
        weights[:, end:] -= errors @ factor[start:end, end:]
    return codes, np.concatenate(all_scales, 1), values.astype(np.float32)


def packed(codes, all_scales):
    """The bytes of q4_0: per block a float16 scale, then 16 bytes with the codes of weights i and i + 16."""
    blocks = codes.reshape(len(codes), -1, BLOCK)
    halves = blocks[..., :16] | (blocks[..., 16:] << 4)
    heads = all_scales.astype(np.float16)[..., None].view(np.uint8)
    return np.concatenate([heads, halves], -1).reshape(len(codes), -1)


def norm(x, weights, name):
    spread = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return (x - x.mean(-1, keepdims=True)) / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attention(x, weights, name, heads):
    length, width = x.shape
    joined = x @ weights[f"{name}.c_attn.weight"] + weights[f"{name}.c_attn.bias"]
    split = (part.reshape(length, heads, -1).transpose(1, 0, 2) for part in np.split(joined, 3, -1))
    query, key, value = split
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(width // heads)
    scores += np.triu(np.full((length, length), -1e9, np.float32), 1)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    return (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(length, width)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3)))


def moments(rows):
    """The mean of x xᵀ over the rows of all windows."""
    return sum(x.astype(np.float64).T @ x for x in rows) / sum(map(len, rows))


def main(folder, text, exported, path):
    config = json.loads((folder / "config.json").read_text())
    context, layers, heads = config["n_positions"], config["n_layer"], config["n_head"]
    weights = {name: w.astype(np.float32) for name, w in load_file(folder / "model.safetensors").items()}
    rounds = {}

    # Pieces from all over the text.
    text, pieces = text.read_text(errors="ignore"), []
    for piece in range(WINDOWS):
        at = len(text) * piece // WINDOWS
        pieces.append(text[at : at + context * 5])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    windows = [tokenizer.encode(piece).ids[:context] for piece in pieces]
    windows = [np.array(window) for window in windows if len(window) == context]
    print(f"{len(windows)} windows of {context} tokens")

    def begin():
        return [weights["wte.weight"][ids] + weights["wpe.weight"][:context] for ids in windows]

    def dense(name, rows, transposed=True):
        matrix = weights[name].T if transposed else weights[name]
        codes, all_scales, values = rounded(matrix, moments(rows) if isinstance(rows, list) else rows)
        weights[name] = np.ascontiguousarray(values.T if transposed else values)
        rounds[name] = packed(codes, all_scales)

    def layers_over(states, round_them):
        for layer in range(layers):
            at = f"h.{layer}"
            inner = [norm(x, weights, f"{at}.ln_1") for x in states]
            if round_them:
                dense(f"{at}.attn.c_attn.weight", inner)
            heard = [attention(x, weights, f"{at}.attn", heads) for x in inner]
            if round_them:
                dense(f"{at}.attn.c_proj.weight", heard)
            out = weights[f"{at}.attn.c_proj.weight"], weights[f"{at}.attn.c_proj.bias"]
            states = [x + y @ out[0] + out[1] for x, y in zip(states, heard)]
            inner = [norm(x, weights, f"{at}.ln_2") for x in states]
            if round_them:
                dense(f"{at}.mlp.c_fc.weight", inner)
            into = weights[f"{at}.mlp.c_fc.weight"], weights[f"{at}.mlp.c_fc.bias"]
            wide = [gelu(x @ into[0] + into[1]) for x in inner]
            if round_them:
                dense(f"{at}.mlp.c_proj.weight", wide)
            out = weights[f"{at}.mlp.c_proj.weight"], weights[f"{at}.mlp.c_proj.bias"]
            states = [x + y @ out[0] + out[1] for x, y in zip(states, wide)]
        return states

    # The embedding is the first input and the last matrix: what is last varies together, what is first doesn't.
    last = [norm(x, weights, "ln_f") for x in layers_over(begin(), False)]
    together = moments(last)
    dense("wte.weight", together / np.mean(np.diag(together)) + 0.3 * np.eye(len(together)), False)
    layers_over(begin(), True)

    names = {"attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}
    matrices = {}
    for name, data in rounds.items():
        if name == "wte.weight":
            matrices["token_embd.weight"] = data
        else:
            _, layer, kind = name.removesuffix(".weight").split(".", 2)
            matrices[f"blk.{layer}.{names[kind]}.weight"] = data
    print(f"{len(matrices)} matrices rounded")
    write(GGUFReader(exported), matrices, path)


def write(exported, matrices, path):
    """Writes a file with the header of another, its vectors, and these matrices in q4_0."""
    writer = GGUFWriter(path, exported.fields["general.architecture"].contents())
    for name, field in exported.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            kind, part = field.types[0], field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, part)
    for tensor in exported.tensors:
        if (data := matrices.pop(tensor.name, None)) is not None:
            writer.add_tensor(tensor.name, data, raw_dtype=GGMLQuantizationType.Q4_0)
        else:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    assert not matrices, f"not in the file: {', '.join(matrices)}"
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
