"""What the training scripts share: one training loop, and writing a checkpoint with its metrics and card."""

import hashlib
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from lecturelib.assets.shipped import write_checksums
from lecturelib.files import write_whole

DATA = Path(__file__).resolve().parent.parent / "data"


def pixels(images) -> Tensor:
    """uint8 array (N, H, W) or (N, H, W, 3) -> uint8 tensor (N, C, H, W)."""
    tensor = torch.from_numpy(images.copy())
    return tensor[:, None] if tensor.ndim == 3 else tensor.permute(0, 3, 1, 2)


def normalized(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """uint8 (or float in [0, 1]) images -> float, normalized per channel, channels_last."""
    scale = 255.0 if images.dtype == torch.uint8 else 1.0
    shape = (1, -1, 1, 1)
    values = (images.float() / scale - torch.tensor(mean).view(shape)) / torch.tensor(std).view(shape)
    return values.contiguous(memory_format=torch.channels_last)


def shift(
    images: Tensor, most: int, generator: torch.Generator, flip: bool = False, mode: str = "constant"
) -> Tensor:
    """Each image moved by up to `most` pixels and, with `flip`, mirrored by chance.

    What it leaves is filled as `torch.nn.functional.pad` does in that mode: with black, or with its reflection.
    """
    count, _, height, width = images.shape
    padded = F.pad(images, [most] * 4, mode=mode)
    rows = torch.randint(2 * most + 1, (count, 1), generator=generator) + torch.arange(height)  # (B, H)
    columns = torch.randint(2 * most + 1, (count, 1), generator=generator) + torch.arange(width)  # (B, W)
    if flip:
        mirrored = torch.rand(count, generator=generator) < 0.5
        columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    index = torch.arange(count)[:, None, None]
    # (B, C, H', W') indexed as (B, H', W', C), so that the picked pixels keep their channels
    picked = padded.permute(0, 2, 3, 1)[index, rows[:, :, None], columns[:, None, :]]  # (B, H, W, C)
    return picked.permute(0, 3, 1, 2)


def train(
    network: nn.Module,
    batches: Callable[[int], list[tuple[Tensor, Tensor]]],
    epochs: int,
    steps: int,
    lr: float,
    weight_decay: float,
    label_smoothing: float = 0.0,
    bfloat16: bool = False,
) -> float:
    """Train with SGD (Nesterov momentum 0.9) and a one-cycle learning rate; return the CPU seconds it took.

    `batches(epoch)` yields `steps` pairs of normalized images and labels. `bfloat16` runs the forward pass in
    mixed precision, which is some three times faster on recent servers; the weights stay float32.
    """
    optimizer = torch.optim.SGD(
        network.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, total_steps=epochs * steps, pct_start=0.25
    )
    start = time.process_time()
    for epoch in range(epochs):
        network.train()
        total, right, seen = 0.0, 0, 0
        for x, labels in batches(epoch):
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                logits = network(x)
            loss = F.cross_entropy(logits.float(), labels, label_smoothing=label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
        seconds = time.process_time() - start
        print(
            f"epoch {epoch + 1}/{epochs}: loss {total / seen:.4f}, accuracy {right / seen:.4f}, {seconds:.0f} CPU s"
        )
    return time.process_time() - start


def shuffled(
    images: Tensor,
    labels: Tensor,
    batch: int,
    seed: int,
    prepare: Callable[[Tensor, torch.Generator], Tensor],
) -> tuple[Callable[[int], list], int]:
    """(batches, steps) for `train`: every image once an epoch in random order, each batch through `prepare`."""
    steps = len(images) // batch

    def batches(epoch: int):
        generator = torch.Generator().manual_seed(seed * 1000 + epoch)
        order = torch.randperm(len(images), generator=generator)
        for step in range(steps):
            chosen = order[step * batch : (step + 1) * batch]
            yield prepare(images[chosen], generator), labels[chosen]

    return batches, steps


@torch.inference_mode()
def accuracy(network: nn.Module, x: Tensor, labels: Tensor, batch: int = 250) -> float:
    """Share of normalized images x (N, C, H, W) whose largest logit is their label, in float32 and eval mode."""
    network.eval()
    guesses = torch.cat([network(part).argmax(1) for part in x.split(batch)])
    return (guesses == labels).float().mean().item()


def save_state(state: dict, path: str | Path) -> Path:
    """Write the state of a training script atomically, so that an interrupt never leaves half a file."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return write_whole(path, buffer.getvalue())


def rounded(network: nn.Module) -> nn.Module:
    """The network with its weights rounded to float16, in place: what a reader of the checkpoint will get."""
    with torch.no_grad():
        for value in network.state_dict().values():
            value.copy_(value.half().float())
    return network


def save(name: str, tensors: dict[str, Tensor], metrics: dict, card: str, curves: dict | None = None) -> Path:
    """Write data/NAME.safetensors (float16), data/NAME.json (metrics, curves) and data/NAME.md (the card)."""
    path = DATA / f"{name}.safetensors"
    save_file({key: value.detach().half().contiguous() for key, value in tensors.items()}, path)
    path.chmod(0o644)  # safetensors writes files that only their owner can read
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    parameters = sum(value.numel() for value in tensors.values())
    record = {"checkpoint": path.name, "sha256": sha256, "parameters": parameters, "torch": torch.__version__}
    write_whole(DATA / f"{name}.json", json.dumps(record | metrics | (curves or {}), indent=2) + "\n")
    table = "\n".join(f"* {key.replace('_', ' ')}: {value}" for key, value in metrics.items())
    write_whole(
        DATA / f"{name}.md",
        f"{card.strip()}\n\n{table}\n* checkpoint: `{path.name}`, {parameters:,} float16 values, "
        f"{path.stat().st_size / 1e6:.2f} MB, sha256 {sha256}\n",
    )
    write_checksums()
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB", metrics)
    return path
