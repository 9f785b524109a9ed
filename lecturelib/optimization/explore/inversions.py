"""The privacy slider: a photo found again from what one layer said about it. How deep must one cut?"""

from collections.abc import Iterator
from functools import lru_cache

from torch import Tensor

from lecturelib.images import fit, load_image, photo
from lecturelib.network.probe import layer_info
from lecturelib.optimization import shipped_frames
from lecturelib.optimization.ascent import AscentStep
from lecturelib.optimization.inversion import activations_of, inversion_error, iter_invert
from lecturelib.optimization.regularizers import total_variation
from lecturelib.show import Picture, bars
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Choice, Explorable, Progress, Toggle, Upload, common_controls
from lecturelib.widgets.emerging import emerging

NETWORK = "alexnet"
LAYERS = ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5", "fc6", "fc7", "fc8")
LAMBDAS = (0, 0.5, 2)
SIZE, STEPS, LIVE_STEPS = 224, 200, 80
# Squares around a face: rows and columns of the shipped photos.
FACES = {"astronaut": (slice(0, 256), slice(96, 352)), "hopper": (slice(20, 420), slice(60, 460))}
SIDE = 270


def face(name: str, size: int = SIZE) -> Tensor:
    """The face in a shipped photo, (1, 3, size, size)."""
    rows, columns = FACES[name]
    return fit(photo(name)[..., rows, columns], size)


def iter_inversion(image: Tensor, layer: str, lam: float, steps: int = STEPS) -> Iterator[AscentStep]:
    """The inversion behind the frames: arg min ‖f(x) - y‖² / ‖y‖² + lam * TV(x), y from the image (1, 3, H, W)."""
    model = common_controls.network(NETWORK)
    return iter_invert(
        model,
        layer,
        activations_of(model, image, layer),
        size=(image.shape[2], image.shape[3]),
        parametrization="fourier",
        regularizers=[total_variation(lam)],
        steps=steps,
    )


def privacy_slider(picture: str = "astronaut", layer: str = "conv3") -> Explorable:
    """Only the activations of a layer are kept: what can be found from them, layer by layer, with more or less λ."""
    controls = [
        Choice("layer", LAYERS, layer, label="layer that is kept", slider=True),
        Choice("lam", LAMBDAS, LAMBDAS[1], label="λ of total variation", slider=True),
        Choice("picture", tuple(FACES), picture),
        Upload("own", label="own photo"),
        Toggle("use_own", True, label="use own photo"),
    ]
    presets: dict[str, dict] = {
        "the first layer": {"layer": "conv1"},
        "layer five, 'anonymous'": {"layer": "conv5"},
        "the first fully connected layer": {"layer": "fc6"},
        "ten numbers": {"layer": "fc8"},
        "without a regularizer": {"layer": "conv4", "lam": 0},
    }
    return Explorable(_render, controls, "The privacy slider", presets)


def _render(state: dict) -> Iterator[Picture | Progress]:
    own = state["own"] if state["use_own"] else None
    image = fit(load_image(own), SIZE) if own is not None else face(state["picture"])
    shipped = own is None and state["picture"] in shipped_frames.options("inversion", "picture")
    if shipped:
        found = shipped_frames.frame("inversion", **{key: state[key] for key in ("picture", "layer", "lam")})
        yield _draw(state, image, found.image, found.steps)
        return
    yield from emerging(
        ("inversion", state["picture"], own, state["layer"], state["lam"]),
        lambda: iter_inversion(image, state["layer"], state["lam"], LIVE_STEPS),
        LIVE_STEPS,
        lambda step: _draw(state, image, step.image, step.step, own is not None),
        "looking for a picture",
    )


@lru_cache(maxsize=4)
def shipped_errors(lam: float) -> tuple[tuple[float, ...], float]:
    """The pixel errors of the shipped inversions, layer by layer, and that of the mean color alone."""
    of_layers = [shipped_frames.frame("inversion", layer=layer, lam=lam).numbers for layer in LAYERS]
    return tuple(numbers["pixel_error"] for numbers in of_layers), of_layers[0]["baseline"]


def _draw(state: dict, image: Tensor, found: Tensor, steps: int, own: bool = False) -> Picture:
    error = inversion_error(common_controls.network(NETWORK), state["layer"], found, image)
    errors, baseline = shipped_errors(state["lam"])
    chart = bars(
        LAYERS,
        errors,
        LAYERS.index(state["layer"]),
        limits=(0.0, baseline),
        width=SIDE - 30,
        alt="Pixel errors of the layers.",
    )
    kept = 1
    for length in layer_info(common_controls.network(NETWORK), state["layer"]).shape:
        kept *= length
    live = "" if steps == STEPS else f" so far ({steps} of {LIVE_STEPS} steps, live)"
    caption = (
        f"{kept:,} numbers of {state['layer']} were kept, of {image.numel():,}; λ = {state['lam']:g}. The picture "
        f"found from them{live} is {error.pixel:.2f} off (root mean square of the pixels, 0 to 1); one uniform "
        f"color is {error.baseline:.2f} off. In the layer it is {error.feature:.1%} off. Bars: the astronaut, "
        "a full bar is one uniform color."
    )
    name = "your photo" if own else state["picture"]
    sheet = Sheet()
    sheet.put(image, 0, 0, f"{name}, thrown away", SIDE)
    sheet.put(found, 0, SIDE + 20, f"found from {state['layer']}", SIDE)
    sheet.put(chart, 0, 2 * (SIDE + 20), "pixel error, by layer")
    alt = f"The photo {name}, the picture found from {state['layer']}, and bars of the pixel error of each layer."
    return sheet.picture(f"{alt} {caption}", caption)
