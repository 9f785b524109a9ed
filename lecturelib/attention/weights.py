"""The checkpoints of data/ that belong to this part."""

from torch import Tensor

from lecturelib import assets


def shipped(name: str) -> dict[str, Tensor]:
    """The tensors of data/NAME.safetensors, as float32.

    Raises `assets.AssetMissing` where the file is gone, `assets.AssetAltered` where it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = assets.data_path(f"{name}.safetensors")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise assets.AssetAltered(
            f"{path} is damaged ({error}): get it again with `git checkout data`, or reinstall the project"
        ) from error
    return {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
