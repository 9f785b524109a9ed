"""Every method on everybody's network: torchvision's classifiers and some of timm's, against plain answers in float64.

    python -m scripts.matrix                     what is not measured yet, small networks first, then docs/matrix.md
    python -m scripts.matrix --minutes 20        stop after so many minutes of CPU time and go on another time
    python -m scripts.matrix resnet18 timm/levit_128s   these, anew
    python -m scripts.matrix --write             only write docs/matrix.md from what was measured

Each network has random weights (no parameter constant, see `stirred`), float64, and a picture that is not square where
the network takes one. The answers come from scripts/matrix_answers.py, which does not know the library. A cell is
"right", "refused" (the library says why it cannot), "wrong" or "crash". Results are kept in the user's cache.
"""

import argparse
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

import lecturelib
from lecturelib import models
from lecturelib.architecture.graph.trace import trace
from lecturelib.assets.cache import cache_dir
from lecturelib.gradients.backprop import backprop, deconvolution, guided_backprop
from lecturelib.gradients.grad_cam import grad_cam
from lecturelib.gradients.integrated_gradients import integrated_gradients
from lecturelib.gradients.map_layer import last_map
from lecturelib.gradients.smooth_grad import smooth_grad
from lecturelib.models.registry import import_torchvision
from lecturelib.network.hooks import record
from lecturelib.network.receptive_field import receptive_field
from lecturelib.network.units import Channel, Logit
from lecturelib.optimization.ascent import maximize
from lecturelib.parameters.cnn_codes import cnn_codes
from lecturelib.parameters.maximal_images import maximal_images
from lecturelib.parameters.occlusion import occlusion_map
from scripts import matrix_answers as answers

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "matrix.md"
TOLERANCE = 1e-6  # of the largest value; float64 networks of a hundred layers round at 1e-12 and less
UNIT = 3  # the class that is asked about
SIZES = ((64, 96), (64, 64), (96, 128), (96, 96), (128, 128), (160, 160), (192, 192), (224, 224), (256, 256))
MOST_PARAMETERS = 150  # millions, by default: in float64, and twice

# timm: name -> (parameters in millions, keywords)
TIMM = {
    "mobilenetv3_small_050": (1.6, {}), "lcnet_050": (1.9, {}), "ghostnet_050": (2.6, {}), "mobilevit_xxs": (1.3, {}),
    "edgenext_xx_small": (1.3, {}), "tinynet_e": (2.0, {}), "mnasnet_small": (2.0, {}), "fastvit_t8": (4.0, {}),
    "efficientvit_b0": (3.4, {}), "repvgg_a0": (9.1, {}), "convnext_atto": (3.7, {}), "convnextv2_atto": (3.7, {}),
    "efficientnet_lite0": (4.7, {}), "mixnet_s": (4.1, {}), "hardcorenas_a": (5.3, {}),
    "xcit_nano_12_p16_224": (3.1, {}),
    "deit_tiny_patch16_224": (5.7, {"img_size": (64, 96)}), "vit_tiny_patch16_224": (5.7, {"img_size": (64, 96)}),
    "deit_tiny_distilled_patch16_224": (5.9, {"img_size": (64, 96)}), "pit_ti_224": (4.9, {}),
    "levit_128s": (7.8, {}), "efficientformer_l1": (12.3, {}), "poolformer_s12": (11.9, {}), "rexnet_100": (4.8, {}),
    "resnet10t": (5.4, {}), "skresnet18": (12.0, {}), "mixer_s32_224": (19.1, {}), "resmlp_12_224": (15.4, {}),
    "nf_resnet26": (16.0, {}), "dla34": (15.7, {}), "cspresnet50": (21.6, {}), "res2net50_26w_4s": (25.7, {}),
    "resnest14d": (10.6, {}), "hrnet_w18_small": (13.2, {}), "coatnet_nano_rw_224": (15.1, {}),
    "xception41": (27.0, {}),
}  # fmt: skip


@dataclass
class Cell:
    """What a method made of a network: "right", "refused", "wrong" or "crash", and a word on it."""

    verdict: str
    note: str = ""


@dataclass
class Case:
    """A network in both hands: the library's and the plain one; and the picture and layers it is asked about."""

    model: nn.Module
    plain: answers.Plain
    image: Tensor
    layers: list[str]
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def of(self, scores: Tensor) -> Tensor:
        return scores[:, UNIT].sum()

    @property
    def middle(self) -> str:
        return self.layers[len(self.layers) // 2]


class Wrong(Exception):
    """The library's answer is not the plain one."""


def same(found: Tensor, expected: Tensor, what: str = "", tolerance: float = TOLERANCE) -> None:
    """Raises `Wrong` unless two tensors agree up to a share of the largest value."""
    found, expected = torch.as_tensor(found).detach().double(), torch.as_tensor(expected).detach().double()
    if found.shape != expected.shape:
        raise Wrong(f"{what} shape {tuple(found.shape)}, not {tuple(expected.shape)}".strip())
    if not found.isfinite().all():
        raise Wrong(f"{what} is not finite".strip())
    scale = expected.abs().max().item()
    error = (found - expected).abs().max().item()
    if not error <= tolerance * scale:
        raise Wrong(f"{what} off by {error / scale if scale else error:.2g}".strip())


def judged(ask: Callable[[Case], str | None], case: Case) -> Cell:
    """The verdict on one method: `ask` compares, and raises `Wrong`, or what the library raises."""
    try:
        return Cell("right", ask(case) or "")
    except Wrong as error:
        return Cell("wrong", str(error))
    except (ValueError, TypeError, LookupError) as error:
        said = " ".join(str(error).split())
        if ": expected " in said or "no gradient arrives" in said:  # the library's own sentences
            return Cell("refused", said)
        return Cell("crash", _place(error))
    except Exception as error:
        return Cell("crash", _place(error))


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(str(error).split())[:160]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {said}"


# methods


def ask_record(case: Case) -> None:
    found = record(case.model, case.image, case.layers)
    for layer, expected in case.plain.outputs(case.image, case.layers).items():
        same(found[layer], expected, layer)


def ask_field(case: Case) -> str:
    notes = []
    for layer in case.layers:
        rows, columns = case.shapes[layer][2:]
        place = (rows // 2, columns // 2)
        field = receptive_field(case.model, layer, image_shape=tuple(case.image.shape[1:]))
        inside = torch.zeros_like(case.image, dtype=torch.bool)
        height, width = case.image.shape[2:]
        top, left, bottom, right = (
            (0, 0, height, width) if field.whole else field.box_inside(*place, height, width)
        )
        inside[:, :, top:bottom, left:right] = True
        if not inside.all():
            moved = answers.influence(case.plain, case.image, layer, place, ~inside, draws=2)
            if moved > 1e-12:
                raise Wrong(f"{layer}: pixels outside move it by {moved:.1g}")
        rows, columns = slice(top, bottom), slice(left, right)
        for edge in (
            (slice(top, top + 1), columns),
            (slice(bottom - 1, bottom), columns),
            (rows, slice(left, left + 1)),
            (rows, slice(right - 1, right)),
        ):
            mask = torch.zeros_like(inside)
            mask[:, :, edge[0], edge[1]] = True
            if answers.influence(case.plain, case.image, layer, place, mask) == 0:
                notes.append(layer)
                break
    return f"wider than needed: {', '.join(notes)}" if notes else ""


def ask_trace(case: Case) -> None:
    network, shape = case.plain.network, tuple(case.image.shape[1:])
    graph = trace(case.model, (1, *shape))
    parameters = sum(p.numel() for p in network.parameters())
    if graph.parameters != parameters:
        raise Wrong(f"{graph.parameters} parameters, not {parameters}")
    expected = answers.multiply_adds(network, shape)
    if graph.multiply_adds != expected:
        raise Wrong(f"{graph.multiply_adds} multiply-adds, not {expected}")
    shapes = answers.shapes_of_leaves(network, shape)
    for node in graph.nodes:
        if node.is_module and node.call == 0 and node.name in shapes and node.output != shapes[node.name]:
            raise Wrong(f"{node.name} gives {node.output}, not {shapes[node.name]}")
    missing = set(shapes) - {node.name for node in graph.nodes} - {call.name for call in graph.calls}
    if missing:
        raise Wrong(f"{sorted(missing)[0]} is missing")


def ask_occlusion(case: Case) -> None:
    height, width = case.image.shape[2:]
    patch, stride = (height // 2, width // 3), (height // 2, width // 3 - 1)
    found = occlusion_map(case.model, case.image, Logit(UNIT), patch, stride, fill=0.25)
    same(found.values, answers.occlusion(case.plain, case.image, case.of, patch, stride, 0.25))
    with torch.no_grad():
        same(torch.tensor(found.unoccluded), case.of(case.plain.scores(case.image)), "unoccluded")


def _pictures(case: Case) -> Tensor:
    random = torch.Generator().manual_seed(9)
    others = torch.rand(2, *case.image.shape[1:], generator=random, dtype=torch.float64)
    return torch.cat([others[:1] * 0.3, case.image, others[1:]])


def ask_search(case: Case) -> None:
    pictures, layer = _pictures(case), case.middle
    maps = torch.cat([case.plain.outputs(one, [layer])[layer] for one in pictures.split(1)])
    same(
        cnn_codes(case.model, pictures, layer, batch_size=2),
        maps.sum((2, 3)) / maps[0, 0].numel(),
        "the codes",
    )
    channel = maps.shape[1] - 1
    found = maximal_images(case.model, pictures, Channel(layer, channel), k=2, batch_size=2)
    peaks = maps[:, channel].flatten(1).max(1)
    order = peaks.values.argsort(descending=True)[:2]
    same(found.values, peaks.values[order], "the maxima")
    if found.indices.tolist() != order.tolist():
        raise Wrong(f"images {found.indices.tolist()}, not {order.tolist()}")
    field = receptive_field(case.model, layer, image_shape=tuple(case.image.shape[1:]))
    if not field.whole:
        places = [divmod(peaks.indices[i].item(), maps.shape[3]) for i in order]
        if found.places.tolist() != [list(place) for place in places]:
            raise Wrong(f"places {found.places.tolist()}, not {places}")


def _gradient(case: Case, rule: str) -> Tensor:
    return case.plain.gradient(case.image, case.of, rule)


def ask_backprop(case: Case) -> str:
    expected = _gradient(case, "backprop")
    error = case.plain.slope_error(case.image, case.of, expected)
    same(backprop(case.model, case.image, Logit(UNIT)), expected)
    if error is not None and error > 0.1:
        raise Wrong(f"autograd agrees, but central differences are off by {error:.1g}")
    return "central differences do not settle" if error is None else ""


def ask_guided(case: Case) -> None:
    same(guided_backprop(case.model, case.image, Logit(UNIT)), _gradient(case, "guided"))


def ask_deconvolution(case: Case) -> None:
    same(deconvolution(case.model, case.image, Logit(UNIT)), _gradient(case, "deconvnet"))


def ask_integrated(case: Case) -> None:
    found = integrated_gradients(case.model, case.image, Logit(UNIT), 0.25, steps=4, batch_size=3)
    same(found.attribution, answers.integrated(case.plain, case.image, case.of, 0.25, 4))


def ask_smooth(case: Case) -> None:
    found = smooth_grad(case.model, case.image, Logit(UNIT), noise=0.2, samples=3, seed=4, batch_size=2)
    same(found, answers.smoothed(case.plain, case.image, case.of, 0.2, 3, 4))


def ask_grad_cam(case: Case) -> str:
    layer = case.layers[-1]
    named = grad_cam(case.model, case.image, Logit(UNIT), layer)
    same(named, answers.cam(case.plain, case.image, case.of, layer, tuple(named.shape)), layer)
    chosen = last_map(case.model, Logit(UNIT), tuple(case.image.shape[1:]))
    found = grad_cam(case.model, case.image, Logit(UNIT))
    expected = answers.cam(case.plain, case.image, case.of, chosen, tuple(found.shape))
    if expected is None:
        raise Wrong(f"{chosen} has no map {tuple(found.shape)}")
    same(found, expected, chosen)
    return f"by itself: {chosen}"


def ask_ascent(case: Case) -> None:
    start = (0.2 + 0.6 * case.image).mul(4096).round() / 4096  # exact in float32, in which pixels are kept
    gradient = case.plain.gradient(start, case.of)
    rate = 0.05 / (gradient.abs().max().item() or 1.0)  # no pixel leaves [0, 1]
    step = maximize(
        case.model, Logit(UNIT), start, parametrization="pixels", transforms=(), steps=1,
        optimizer=lambda parameters: torch.optim.SGD(parameters, rate),
    )  # fmt: skip
    with torch.no_grad():
        same(step.value, case.plain.scores(start)[:, UNIT], "the value")
    if gradient.count_nonzero():
        same((step.image - start) / rate, gradient, "the step", 1e-5)


METHODS: dict[str, Callable[[Case], str | None]] = {
    "record": ask_record,
    "receptive field": ask_field,
    "trace": ask_trace,
    "occlusion": ask_occlusion,
    "codes, maxima": ask_search,
    "backprop": ask_backprop,
    "guided": ask_guided,
    "deconvolution": ask_deconvolution,
    "integrated gradients": ask_integrated,
    "SmoothGrad": ask_smooth,
    "Grad-CAM": ask_grad_cam,
    "ascent": ask_ascent,
}


# networks


def networks() -> dict[str, float]:
    """All names, and their parameters in millions, small networks first."""
    torchvision = import_torchvision("models")
    found = {f"timm/{name}": size for name, (size, _) in TIMM.items()}
    for name in torchvision.list_models(module=torchvision):
        found[name] = torchvision.get_model_weights(name).DEFAULT.meta["num_params"] / 1e6
    return dict(sorted(found.items(), key=lambda item: item[1]))


def build(name: str) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if name.startswith("timm/"):
            import_torchvision("models")  # timm imports torchvision, which may need help
            import timm

            short = name.removeprefix("timm/")
            return timm.create_model(short, pretrained=False, **TIMM[short][1])
        more = {"image_size": 64} if name.startswith(("vit_b", "vit_l")) else {}
        if name == "vit_h_14":
            more = {"image_size": 56}
        if name in ("googlenet", "inception_v3"):
            more = {"init_weights": False}
        return import_torchvision("models").get_model(name, weights=None, **more)


def prepared(network: nn.Module, sizes: tuple[tuple[int, int], ...] = SIZES) -> Case:
    """The network in both hands, on the first picture of these sizes that it takes."""
    network = answers.stirred(network.double().eval()).requires_grad_(False)
    plain = answers.Plain(network)
    for height, width in sizes:
        random = torch.Generator().manual_seed(1)
        image = torch.rand(1, 3, height, width, generator=random, dtype=torch.float64)
        try:
            shapes = answers.convolutions(plain.network, image)
        except Exception:  # a network may refuse a size in any way
            continue
        names = [
            name for name, shape in shapes.items() if len(shape) == 4 and shape[2] * shape[3] > 1
        ]  # not in squeeze and excitation
        picked = dict.fromkeys(names[int(share * (len(names) - 1))] for share in (0.0, 0.3, 0.6, 1.0))
        model = models.adapt(
            network, (answers.MEAN,) * 3, (answers.STD,) * 3, input_size=height, name="network"
        )
        return Case(model, plain, image, list(picked), shapes)
    raise ValueError("no size is taken")


def measured(name: str) -> dict:
    """All cells of one network, as they are kept."""
    begin = time.process_time()
    case = prepared(build(name), ((56, 56), *SIZES) if name == "vit_h_14" else SIZES)
    before = {key: value.clone() for key, value in case.model.state_dict().items()}
    cells = {method: asdict(judged(ask, case)) for method, ask in METHODS.items()}
    hooks = [m for m in case.model.modules() if m._forward_hooks or m._forward_pre_hooks or m.training]
    changed = [k for k, value in case.model.state_dict().items() if not torch.equal(value, before[k])]
    if hooks or changed:
        cells["record"] = asdict(
            Cell("wrong", f"left behind: {len(hooks)} hooks or modes, changed {changed[:2]}")
        )
    return {"cells": cells, "size": list(case.image.shape[2:]), "seconds": time.process_time() - begin}


def kept() -> Path:
    return cache_dir() / "matrix.json"


def versions() -> dict[str, str]:
    from importlib.metadata import version

    numbered = {name: version(name).partition("+")[0] for name in ("torch", "torchvision", "timm")}
    return {"lecturelib": lecturelib.__version__, **numbered}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, measured anew; timm's begin with timm/")
    parser.add_argument("--minutes", type=float, default=60, help="CPU time after which no network is begun")
    parser.add_argument("--most", type=float, default=MOST_PARAMETERS, help="millions of parameters")
    parser.add_argument("--write", action="store_true", help="measure nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    listed = networks()
    unknown = set(options.names) - set(listed)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    try:
        results = json.loads(kept().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        results = {}
    if results.get("versions") != versions():
        results = {"versions": versions(), "networks": {}}
    done = results["networks"]
    waiting = options.names or [n for n, size in listed.items() if n not in done and size <= options.most]
    for name in [] if options.write else waiting:
        if time.process_time() > 60 * options.minutes:
            break
        try:
            done[name] = measured(name)
        except Exception as error:  # it cannot be built or run at all: not the library's doing
            done[name] = {"cells": {}, "failure": _place(error), "seconds": 0.0}
        print(summary(name, done[name]), flush=True)
        kept().parent.mkdir(parents=True, exist_ok=True)
        kept().write_text(json.dumps(results, indent=1), encoding="utf-8")
    from scripts.matrix_document import document

    TARGET.write_text(document(results, listed, list(METHODS)), encoding="utf-8")


def summary(name: str, result: dict) -> str:
    """One line on a network: how many cells are right, and what the others say."""
    cells = result["cells"]
    others = [f"{m}: {c['verdict']} ({c['note'][:110]})" for m, c in cells.items() if c["verdict"] != "right"]
    right = sum(cell["verdict"] == "right" for cell in cells.values())
    return (
        f"{name}: {right} right, {result['seconds']:.0f} s"
        + "".join(f"\n    {line}" for line in others)
        + (f" {result['failure']}" if "failure" in result else "")
    )


if __name__ == "__main__":
    main()
