"""Make the pictures of the README in docs/pictures from the explorables, as a student sees them.

python scripts/make_pictures.py
"""

from pathlib import Path

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.architecture.graph.examples import graph_of
from lecturelib.autoencoders import explore as autoencoders
from lecturelib.confounds import load_tanks, scene_maps, tank_scenes
from lecturelib.gradients import explore as gradients
from lecturelib.optimization import explore as optimization
from lecturelib.parameters import explore
from lecturelib.show import Picture, overlay, save, tiled
from lecturelib.training.playground import Playground
from lecturelib.visual_attention import explore as visual_attention

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

PICTURES = {
    "kernels": (explore.kernel_browser, {}),
    "activations": (explore.activation_browser, {}),
    "occlusion": (explore.occlusion_explorer, {"patch_size": 48, "stride": 8}),
    "patch": (explore.patch_by_hand, {"x": 0.3, "y": 0.45}),
    "false_friends": (explore.maximal_browser, {"layer": "conv5", "channel": 5}),
    "randomized": (gradients.randomization_explorer, {"method": "guided backprop"}),
    "all_windows": (optimization.deep_visualization, {}),
    "digit_map": (autoencoders.digit_map, {"x": 0.4, "y": 0.45}),
    "glimpses": (visual_attention.glimpse_path_explorer, {}),
    "map": (explore.code_map, {"x": 0.15, "y": 0.2}),
}


def tanks() -> Picture:
    """Three scenes with the maps of the network of the lab and of its control."""
    scenes, tiles = tank_scenes(3, 0.5, seed=326), []
    drops = [scene_maps(load_tanks(name), scenes, "occlusion") for name in ("lab", "balanced")]
    for k in range(len(scenes)):
        maps = [overlay(scenes.images[k], drop[k], signed=True, color_bar=False, size=192) for drop in drops]
        tiles += [scenes.images[k : k + 1].repeat_interleave(2, 2).repeat_interleave(2, 3), *maps]
    labels = ["scene", "trained in the lab", "other data"] * 3
    alt = "Three scenes; occlusion maps of one network lie on the sky, those of the other on the vehicle."
    return tiled(tiles, 3, labels, pad=8, alt=alt)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (make, state) in PICTURES.items():
        shown = make().picture(state)
        suffix = "png" if shown.svg is None else "svg"
        print(f"{save(shown, FOLDER / f'{name}.{suffix}').name}: {shown.alt}")
    save(tanks(), FOLDER / "tanks.png")
    playground = Playground("spiral: wide enough")
    playground.step(2000)
    save(playground.picture(), FOLDER / "playground.png")
    block_diagram(graph_of("resnet50"), open=["layer1", "layer1.0"]).save(FOLDER / "resnet.png")


if __name__ == "__main__":
    main()
