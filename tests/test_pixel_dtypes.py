"""A network takes pixels in any float type, as its weights are; other pixels are refused in a sentence."""

import pytest
import torch

from lecturelib.attention import local_layer, vision_transformer
from lecturelib.autoencoders import load_autoencoder
from lecturelib.models import generative
from lecturelib.visual_attention import load_captioner, load_cells, load_glimpses, load_window
from lecturelib.visual_attention.same_cost import ConvClassifier, DenseClassifier

GREY, WIDE = (2, 1, 28, 28), (2, 1, 60, 60)
NETWORKS = {
    "autoencoder": (lambda: load_autoencoder("digits_2"), GREY),
    "denoising autoencoder": (lambda: load_autoencoder("digits_denoising"), GREY),
    "convolutional autoencoder": (lambda: load_autoencoder("digits_switches"), GREY),
    "VAE": (generative.digits_vae, GREY),
    "Vision Transformer": (lambda: vision_transformer.build("transformer"), GREY),
    "its twin": (lambda: vision_transformer.build("convolution"), GREY),
    "local attention": (local_layer.load, GREY),
    "glimpses": (lambda: load_glimpses("digits_6"), GREY),
    "soft window": (lambda: load_window("window_cluttered"), WIDE),
    "attention over cells": (load_cells, WIDE),
    "cells of a scene": (lambda: load_captioner("soft").encoder, (2, 3, 64, 64)),
    "fully connected": (lambda: DenseClassifier(60, 32), WIDE),
    "convolutional": (lambda: ConvClassifier(60, 8), WIDE),
}


def first(answer):
    """The first tensor of what a network answers, the logits of a path of glimpses."""
    answer = getattr(answer, "logits", answer)
    return answer[0] if isinstance(answer, tuple) else answer


@pytest.mark.parametrize("name", NETWORKS)
def test_pixels_of_another_float_type_give_the_same_answer(name):
    build, shape = NETWORKS[name]
    torch.manual_seed(0)
    model = build().eval()
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    answer = model.encode if name == "VAE" else model
    with torch.no_grad():
        torch.manual_seed(1)  # glimpses are drawn
        plain = first(answer(images))
        torch.manual_seed(1)
        torch.testing.assert_close(first(answer(images.double())), plain, rtol=0, atol=1e-5)
        with pytest.raises(TypeError, match="images"):
            answer(torch.zeros(shape, dtype=torch.uint8))
