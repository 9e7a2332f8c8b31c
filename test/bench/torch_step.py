"""The training step in PyTorch, for comparison with `bench step`: residual encoder, projection head 1024-512-128, NT-Xent, Adam, on random tiles.

    python torch_step.py --depth 18 --batch 32 --size 120 [--dtype bf16] [--augment] [--compile] [--steps 9] [--threads 2]

Prints one line of JSON: viewsPerSecond and stepMs of the median step, peakRssMb of the process. Needs torch and torchvision, and kornia for
`--augment` (rotation, shift and blur of every view by its own draw). Weights are random: nothing is downloaded.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import torchvision
from torch import nn
from torch.nn import functional as F


def create_model(depth: int, channels: int) -> nn.Module:
    encoder = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    encoder.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    features = encoder.fc.in_features
    encoder.fc = nn.Sequential(nn.Linear(features, 1024), nn.ReLU(), nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 128))
    return encoder


def create_views(augment: bool):
    if not augment:
        return lambda tiles: torch.cat([tiles, tiles])
    import kornia.augmentation as K

    view = nn.Sequential(
        K.RandomAffine(degrees=180, translate=(0.1, 0.1), p=1.0, same_on_batch=False),
        K.RandomGaussianBlur((5, 5), (0.1, 2.0), p=0.8, same_on_batch=False),
    )
    return lambda tiles: torch.cat([view(tiles), view(tiles)])


def nt_xent(z: torch.Tensor, temperature: float = 0.1) -> torch.Tensor:
    count = z.shape[0]
    unit = F.normalize(z.float())
    similarity = unit @ unit.T / temperature
    similarity = similarity.masked_fill(torch.eye(count, dtype=torch.bool, device=z.device), -1e9)
    return F.cross_entropy(similarity, torch.arange(count, device=z.device).roll(count // 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=18, choices=[18, 50, 101, 152])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=120)
    parser.add_argument("--dtype", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    model = create_model(options.depth, 10).to(options.device, memory_format=torch.channels_last)
    forward = torch.compile(model) if options.compile else model
    optimiser = torch.optim.Adam(model.parameters(), 5e-4)
    tiles = torch.randn(options.batch, 10, options.size, options.size, device=options.device)
    views_of = create_views(options.augment)

    def step() -> float:
        views = views_of(tiles).contiguous(memory_format=torch.channels_last)
        with torch.autocast(options.device, torch.bfloat16, enabled=options.dtype == "bf16"):
            z = forward(views)
        loss = nt_xent(z)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    times = []
    for _ in range(options.steps + 2):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    median = statistics.median(times[2:])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"viewsPerSecond": 2 * options.batch / median, "stepMs": 1000 * median, "peakRssMb": peak, "torch": torch.__version__}))


main()
