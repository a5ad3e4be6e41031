"""GPT-2 124M learning in PyTorch: random weights, f32, batch 4 x 256, AdamW. Prints one JSON object."""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
DEVICE = sys.argv[3] if len(sys.argv) > 3 else "cpu"
KIND = torch.bfloat16 if len(sys.argv) > 4 and sys.argv[4] == "bf16" else None
C, HEADS, LAYERS, VOCABULARY, CONTEXT, BATCH, TIME = 768, 12, 12, 50257, 1024, 4, 256


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.attn, self.proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.fc, self.out = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def forward(self, x):
        b, t, _ = x.shape
        cut = lambda y: y.view(b, t, HEADS, C // HEADS).transpose(1, 2)
        q, k, v = map(cut, self.attn(self.ln_1(x)).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(b, t, C))
        return x + self.out(F.gelu(self.fc(self.ln_2(x)), approximate="tanh"))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, C), nn.Embedding(CONTEXT, C)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = nn.LayerNorm(C)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


torch.manual_seed(1)
torch.set_num_threads(THREADS)
network = Network()
for parameter in network.parameters():
    nn.init.normal_(parameter, std=0.02)
network.to(DEVICE)
decayed = [p for p in network.parameters() if p.dim() >= 2]
others = [p for p in network.parameters() if p.dim() < 2]
groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.95), fused=True)
seconds = []
for _ in range(STEPS + 1):
    ids = torch.randint(VOCABULARY, (BATCH, TIME + 1), device=DEVICE)
    begun = time.perf_counter()
    with torch.autocast(DEVICE, dtype=KIND or torch.bfloat16, enabled=KIND is not None):
        logits = network(ids[:, :-1])
        loss = F.cross_entropy(logits.view(-1, VOCABULARY), ids[:, 1:].reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    loss.item()
    seconds.append(time.perf_counter() - begun)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if DEVICE != "cpu":
    peak = torch.cuda.max_memory_allocated() // 1024
print(json.dumps({"step_s": seconds[1:], "peak_kib": peak, "torch": torch.__version__}))
