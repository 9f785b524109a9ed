"""Every explorable answers at the minimum, middle and maximum of each control, with words for every picture."""

import io
import itertools

import pytest
from PIL import Image

from lecturelib.architecture import explore as architecture
from lecturelib.attention import explore as attention
from lecturelib.autoencoders import explore as autoencoders
from lecturelib.confounds import explore as confounds
from lecturelib.gradients import explore as gradients
from lecturelib.optimization import explore as optimization
from lecturelib.parameters import explore
from lecturelib.training import explore as training
from lecturelib.visual_attention import explore as visual_attention

STEPS = 3
EXPLORABLES = [
    architecture.connections_explorer,
    architecture.last_layer_explorer,
    architecture.receptive_field_explorer,
    architecture.fold_explorer,
    architecture.guess_the_shape,
    architecture.broken_network_explorer,
    architecture.other_diagrams_explorer,
    training.smoothing_explorer,
    training.learning_rate_explorer,
    training.monitor_explorer,
    training.diagnosis_quiz,
    explore.kernel_browser,
    explore.activation_browser,
    explore.occlusion_explorer,
    explore.patch_by_hand,
    explore.maximal_browser,
    explore.code_map,
    gradients.window_explorer,
    gradients.relu_table,
    gradients.linear_and_step,
    gradients.top_patches_explorer,
    gradients.randomization_explorer,
    gradients.integrated_gradients_explorer,
    gradients.smooth_grad_explorer,
    gradients.same_map,
    gradients.spectral_residual_explorer,
    gradients.insertion_deletion_explorer,
    gradients.grad_cam_explorer,
    gradients.sensitivity_explorer,
    optimization.class_image_explorer,
    optimization.dream_explorer,
    optimization.cascade_explorer,
    optimization.privacy_slider,
    optimization.regularizer_explorer,
    optimization.objective_explorer,
    optimization.penalty_explorer,
    optimization.prior_explorer,
    optimization.deep_prior_explorer,
    optimization.nine_starts,
    optimization.location_explorer,
    optimization.activation_grid_explorer,
    optimization.deep_visualization,
    optimization.examples_or_optimized,
    optimization.draw_a_digit,
    attention.kernel_regression_explorer,
    attention.alignment_explorer,
    attention.implicit_explorer,
    attention.lstm_gates_explorer,
    attention.local_attention_explorer,
    attention.scores_explorer,
    attention.live_scores_explorer,
    attention.soft_hard_local_explorer,
    attention.permutation_explorer,
    attention.heads_explorer,
    attention.few_labels_explorer,
    attention.query_key_value_explorer,
    attention.positional_encoding_explorer,
    attention.mask_explorer,
    attention.beam_search_explorer,
    attention.induction_explorer,
    attention.next_word_explorer,
    attention.causal_reading_explorer,
    attention.key_value_cache_explorer,
    attention.transformer_walk_explorer,
    attention.vision_transformer_explorer,
    *(getattr(autoencoders, name) for name in autoencoders.__all__),
    *(getattr(visual_attention, name) for name in visual_attention.__all__),
    visual_attention.caption_word_explorer,
    visual_attention.own_scene_explorer,
    *(getattr(confounds, name) for name in confounds.__all__),
]


@pytest.fixture(scope="module", params=EXPLORABLES, ids=lambda make: make.__name__)
def explorable(request):
    """Made once for all tests of it, which run one after the other."""
    return request.param()


@pytest.mark.notebook
def test_every_control_at_its_ends(explorable):
    states = 0
    for state in explorable.every_state():
        # a picture that sharpens is followed to its end where it starts, else for a few steps
        shown = list(itertools.islice(explorable.pictures(state), STEPS if states else None))[-1]
        if shown.svg is None:
            assert shown.pixels.shape[0] >= 50 and shown.pixels.std() > 1, state
        else:
            assert shown.svg.count("<") > 20 and shown.ratio > 0, state
        assert len(shown.alt) > 20 and shown.caption, state
        states += 1
    # the start, and every other value that a control is driven to
    assert states >= 1 + sum(len(control.values()) - 1 for control in explorable.controls.values())


@pytest.mark.notebook
def test_presets_can_be_chosen_and_come_back(explorable):
    for name, preset in explorable.presets.items():
        explorable.state = preset
        assert explorable.state == preset, name
    assert explorable.picture().alt
    explorable.reset()


@pytest.mark.parametrize(
    "explorable",
    [
        explore.activation_browser,
        explore.occlusion_explorer,
        explore.patch_by_hand,
        gradients.window_explorer,
        gradients.smooth_grad_explorer,
        gradients.same_map,
        optimization.privacy_slider,
        optimization.location_explorer,
        optimization.activation_grid_explorer,
        optimization.deep_visualization,
        visual_attention.own_scene_explorer,
        confounds.attack_strength_explorer,
        confounds.attack_target_explorer,
        confounds.attack_patch_explorer,
        confounds.attack_maps_explorer,
    ],
    indirect=True,
    ids=lambda make: make.__name__,
)
def test_own_photo_is_used_and_a_wrong_file_is_a_sentence(explorable):
    stream = io.BytesIO()
    Image.effect_noise((300, 200), 60).convert("RGB").save(stream, "JPEG")
    plain = explorable.picture()
    own = explorable.picture({"own": stream.getvalue()})
    assert own.pixels.shape != plain.pixels.shape or (own.pixels != plain.pixels).any()
    with pytest.raises(ValueError, match="not a picture"):
        explorable.picture({"own": b"a letter"})
