"""Draw a digit, or anything else: what each kind of autoencoder makes of it."""

import torch

from lecturelib.autoencoders.explore.samples import by_components, error, example, grey
from lecturelib.autoencoders.shipped_autoencoders import shared_autoencoder
from lecturelib.show import Picture
from lecturelib.show.sheet import Sheet
from lecturelib.widgets import Explorable, PointerPad

SIDE, BIG, SMALL = 28, 252, 140
KINDS = {
    "deep, 2 numbers": "digits_2",
    "deep, 32 numbers": "digits_32",
    "tied, 32 numbers": "digits_tied",
    "sparse, 81 units": "digits_sparse_0.03",
    "denoising, 144": "digits_denoising",
    "convolutional": "digits_upsample",
}


def draw_and_reconstruct() -> Explorable:
    """Draw with the mouse, a finger or the keys: PCA and six trained autoencoders reconstruct every stroke."""
    pixels = (example("digits", "3", 1)[0, 0] * 255).round().int()
    pad = PointerPad(
        "drawing", SIDE, tuple(map(tuple, pixels.tolist())), panel=0, guide=20, label="the drawing"
    )
    garment = (example("clothes", "bag", 1)[0, 0] * 255).round().int()
    presets = {
        "nothing drawn": {"drawing": pad.blank},
        "a bag, which is no digit": {"drawing": tuple(map(tuple, garment.tolist()))},
    }
    return Explorable(_render, [pad], "Draw, and let them reconstruct", presets)


@torch.no_grad()
def _render(state: dict) -> Picture:
    image = torch.tensor(state["drawing"], dtype=torch.float32)[None, None] / 255
    made = {"PCA, 32 numbers": by_components(image, "digits", 32)}
    made |= {kind: shared_autoencoder(name)(image) for kind, name in KINDS.items()}
    sheet, said = Sheet(), []
    sheet.put(grey(image), 0, 0, "your drawing", BIG)
    for k, (kind, picture) in enumerate(made.items()):
        top, left = (k // 4) * (SMALL + 62), BIG + 28 + (k % 4) * (SMALL + 14)
        below = sheet.put(grey(picture), top, left, kind, SMALL)
        sheet.words(f"error {error(picture, image):.4f}", below + 4, left)
        said.append(f"{kind} {error(picture, image):.4f}")
    return sheet.picture(
        f"A drawing and its reconstructions. Mean squared errors: {', '.join(said)}.",
        "All were trained on digits only. Mean squared errors stand below the pictures.",
        chosen=(0,),
    )
