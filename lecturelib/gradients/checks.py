"""What the windows of part 5 ask of their input: one image, one map, one box. Each says in a sentence what is wrong."""

from torch import Tensor, nn

from lecturelib.images import check_images
from lecturelib.units import Unit

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, half-open


def check_image(image: Tensor, model: nn.Module | None = None) -> Tensor:
    """The image, if it is one (1, C, H, W) of pixels in [0, 1] that the model takes; `ValueError` or `TypeError`."""
    check_images(image, model, "image")
    if len(image) != 1:
        raise ValueError(f"image: one image (1, C, H, W) is needed, got a batch of {len(image)}")
    return image


def check_unit(model: nn.Module, unit: Unit, shape: tuple[int, ...]) -> Unit:
    """The unit with names resolved, for inputs of this shape (without the batch); raises as `Unit.check` does."""
    if not isinstance(unit, Unit):
        raise TypeError(f"unit: a unit such as Logit(k) is needed, got {type(unit).__name__} {unit!r}")
    return unit.check(model, tuple(shape))


def check_map(map: Tensor, size: tuple[int, int] | None = None, ordered: bool = False) -> Tensor:
    """The map, if it is (H, W) of finite numbers; of this size, if one is given; not constant, if `ordered`.

    Raises `TypeError` for something that is not a float tensor, `ValueError` for the rest.
    """
    if not isinstance(map, Tensor):
        raise TypeError(f"map: a tensor (H, W) is needed, got {type(map).__name__}")
    if map.ndim != 2 or 0 in map.shape:
        hint = "; take one image's with map[0]" if map.ndim == 3 else ""
        raise ValueError(f"map: shape (H, W) is needed, got {tuple(map.shape)}{hint}")
    if not map.is_floating_point():
        raise TypeError(f"map: floats are needed, got {map.dtype}; use map.float()")
    if not map.isfinite().all():
        raise ValueError("map: it holds NaN or infinity")
    if size is not None and tuple(map.shape) != tuple(size):
        raise ValueError(f"map: {size[0]} x {size[1]} as the image is needed, got {tuple(map.shape)}")
    if ordered and map.amin() == map.amax():
        raise ValueError(f"map: it is {map.amax().item():.3g} everywhere, so no place stands out")
    return map.detach()


def check_box(box, size: tuple[int, int] | None = None, name: str = "box") -> Box:
    """The box as four whole numbers, half-open; `ValueError` if it is empty, or leaves a map of the given size."""
    numbers = box.tolist() if isinstance(box, Tensor) else box
    if not isinstance(numbers, tuple | list) or len(numbers) != 4:
        raise ValueError(f"{name}: (top, left, bottom, right) in pixels is needed, got {box!r}")
    if not all(
        isinstance(number, int) or (isinstance(number, float) and number % 1 == 0) for number in numbers
    ):
        raise ValueError(f"{name}: whole pixels are needed, got {box!r}")
    top, left, bottom, right = (int(number) for number in numbers)
    if bottom <= top or right <= left:
        raise ValueError(f"{name}: ({top}, {left}, {bottom}, {right}) is empty: bottom > top, right > left")
    if size is not None and (top < 0 or left < 0 or bottom > size[0] or right > size[1]):
        raise ValueError(
            f"{name}: ({top}, {left}, {bottom}, {right}) leaves the map of {size[0]} x {size[1]}"
        )
    return top, left, bottom, right


def check_whole(name: str, value: int, low: int, high: int | None = None) -> int:
    """The number, if it is whole and from low to high; otherwise `ValueError`."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or value < low
        or (high is not None and value > high)
    ):
        upto = f"from {low} to {high}" if high is not None else f"from {low} up"
        raise ValueError(f"{name}: a whole number {upto} is needed, got {value!r}")
    return value


def check_number(name: str, value: float, low: float, high: float = float("inf")) -> float:
    """The number, if it lies strictly between low and high; otherwise `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
        between = f"above {low:g}" if high == float("inf") else f"between {low:g} and {high:g}"
        raise ValueError(f"{name}: a number {between} is needed, got {value!r}")
    return value
