"""What goes into a network: checked pixels, in the dtype and on the device of its weights."""

from torch import Tensor, nn

from lecturelib.checks import check_images


def as_the_model_takes(images: Tensor, model: nn.Module, name: str = "images") -> Tensor:
    """The images, checked by `check_images`, in the dtype and on the device of the model's weights.

    Raises `ValueError` also for a model that has no weights yet, because it was built on the device "meta".
    """
    return to_the_weights(check_images(images, model, name), model)


def to_the_weights(images: Tensor, model: nn.Module) -> Tensor:
    """Images that were checked before, in the dtype and on the device of the model's weights."""
    weights = (value for value in (*model.parameters(), *model.buffers()) if value.is_floating_point())
    first = next(weights, images)
    if first.is_meta:
        title = getattr(model, "name", "") or type(model).__name__
        raise ValueError(
            f"{title} has no weights, only their shapes (it was built on the device 'meta'): "
            "build it on the CPU, or load its weights first"
        )
    return images.to(first.device, first.dtype)
