"""The spectral residual finds what is odd, keeps the phase, and stays finite where there is nothing."""

import pytest
import torch

from lecturelib import images
from lecturelib.gradients.spectral_residual import spectral_residual, threshold_objects


def bars_with_an_odd_one(size=64):
    """Upright bars on grey, one of them lying down: image (1, 1, size, size) and the odd bar's box."""
    image = torch.full((1, 1, size, size), 0.4)
    for y in range(3, size - 6, 12):
        for x in range(3, size - 6, 12):
            image[..., y : y + 6, x + 2 : x + 4] = 0.9
    box = (39, 15, 45, 21)
    image[..., box[0] : box[2], box[1] : box[3]] = 0.4
    image[..., 41:43, 15:21] = 0.9
    return image, box


@pytest.mark.parametrize("average", [3, 7])
def test_it_finds_the_odd_item(average):
    image, (top, left, bottom, right) = bars_with_an_odd_one()
    found = spectral_residual(image, average=average)
    y, x = divmod(found.argmax().item(), 64)
    assert top - 2 <= y < bottom + 2 and left - 2 <= x < right + 2
    inside, beside = found[top:bottom, left:right], found[top:bottom, left + 12 : right + 12]
    assert inside.mean() > beside.mean()


def test_a_blob_is_an_object():
    image = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.2
    image[..., 20:26, 40:46] = 1.0
    objects = threshold_objects(spectral_residual(image))
    assert objects.dtype == torch.bool and objects[20:26, 40:46].float().mean() > 0.5
    objects[15:31, 35:51] = False
    assert objects.float().mean() < 0.01


def test_the_phase_is_kept():
    image, _ = bars_with_an_odd_one()
    found = spectral_residual(image)
    mirrored = found.flip(0, 1).roll((1, 1), (0, 1))  # the point reflection of a periodic image
    assert (found - mirrored).abs().max() > found.max() / 2


def test_it_moves_with_the_image():
    image, _ = bars_with_an_odd_one()
    found = spectral_residual(image, blur=1.0)
    moved = spectral_residual(image.roll((8, 24), (2, 3)), blur=1.0)
    # borders do not meet in the smoothing, so they are left out
    torch.testing.assert_close(moved[14:60, 30:58], found[6:52, 6:34], rtol=1e-3, atol=1e-3)


def test_map_by_its_equation():
    image = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0)).double()
    spectrum = torch.fft.fft2(image[0, 0])
    log = spectrum.abs().log()
    mean = torch.stack([log.roll((a, b), (0, 1)) for a in (-1, 0, 1) for b in (-1, 0, 1)]).mean(0)
    energy = torch.fft.ifft2(torch.exp(log - mean + 1j * spectrum.angle())).abs() ** 2
    found = spectral_residual(image, size=16, blur=0.1)  # a Gaussian of a tenth of a pixel changes nothing
    torch.testing.assert_close(found, energy / energy.mean())


@pytest.mark.parametrize("average", [3, 5])
def test_the_whole_map_of_a_picture_that_is_not_square_by_its_equation(average):
    from scipy.ndimage import gaussian_filter, uniform_filter

    image = torch.rand(1, 3, 16, 24, generator=torch.Generator().manual_seed(1)).double()
    spectrum = torch.fft.fft2(image[0].mean(0))
    log = spectrum.abs().log().numpy()
    residual = torch.from_numpy(log - uniform_filter(log, average, mode="wrap"))
    energy = torch.fft.ifft2(torch.polar(residual.exp(), spectrum.angle())).abs() ** 2
    smooth = torch.from_numpy(
        gaussian_filter(energy.numpy(), 2.5, truncate=3.0, mode="nearest")
    )  # 2.5: the default
    found = spectral_residual(image, size=24, average=average)
    torch.testing.assert_close(found, smooth / smooth.mean())


def halving(pixels):
    """Bilinear reduction to a half with antialiasing: a triangle two new pixels wide, cut at the border."""
    centers = 2 * torch.arange(pixels // 2, dtype=torch.double) + 0.5
    weights = (2 - (centers[:, None] - torch.arange(pixels)).abs()).clamp_min(0)
    return weights / weights.sum(1, keepdim=True)  # (pixels / 2, pixels)


def doubling(pixels):
    """Bilinear enlargement to the double: 3/4 of the nearer pixel and 1/4 of the other, the border's own outside."""
    places = ((torch.arange(2 * pixels, dtype=torch.double) - 0.5) / 2).clamp(0, pixels - 1)
    return (1 - (places[:, None] - torch.arange(pixels)).abs()).clamp_min(0)  # (2 pixels, pixels)


def test_a_larger_picture_is_reduced_without_aliasing_and_its_map_enlarged():
    image = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(2)).double()
    small = halving(32) @ image[0].mean(0) @ halving(48).T
    inner = spectral_residual(
        small[None, None], size=24
    )  # the size of the reduced picture: nothing to reduce
    expected = doubling(16) @ inner @ doubling(24).T
    torch.testing.assert_close(spectral_residual(image, size=24), expected / expected.mean())


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_constant_image_is_constant_and_finite(value):
    found = spectral_residual(torch.full((1, 3, 40, 64), value))
    assert found.isfinite().all()
    torch.testing.assert_close(found, torch.full((40, 64), float(value > 0)))
    assert not threshold_objects(found).any()


@pytest.mark.parametrize("average", [3, 7])
def test_a_photo(average):
    image = images.photo("rocket")
    found = spectral_residual(image, average=average)
    assert found.shape == image.shape[2:] and found.isfinite().all()
    assert found.mean().item() == pytest.approx(1, abs=1e-4)
    assert 0.005 < threshold_objects(found).float().mean() < 0.3


def test_bad_input():
    image = torch.rand(1, 3, 32, 32)
    for wrong, said in [
        ({"image": image[0]}, "add the batch"),
        ({"image": image.repeat(2, 1, 1, 1)}, "one image"),
        ({"image": image * float("nan")}, "NaN"),
        ({"image": image * 255}, "pixels in"),
        ({"size": 4}, "size: expected a whole number from 8"),
        ({"average": 4}, "odd"),
        ({"average": 65}, "odd"),
        ({"blur": 0}, "blur: expected a finite number above 0"),
        ({"blur": float("nan")}, "blur: expected a finite number above 0"),
    ]:
        with pytest.raises(ValueError, match=said):
            spectral_residual(**{"image": image} | wrong)
    for edge in ({"average": 9, "size": 9}, {"size": 1024}):  # the ends of what is allowed
        assert spectral_residual(image, **edge).mean().item() == pytest.approx(1, abs=1e-4)
    found = spectral_residual(image)
    with pytest.raises(ValueError, match="factor"):
        threshold_objects(found, 0)
    with pytest.raises(ValueError, match="from 0 up"):
        threshold_objects(found - 2)
    with pytest.raises(ValueError, match="NaN"):
        threshold_objects(found * float("nan"))


def test_objects_are_asked_of_maps_from_0_up():
    assert threshold_objects(torch.tensor([[0.0, 0.0, 0.0, 1.0]]), factor=3.9).tolist() == [
        [False, False, False, True]
    ]
    assert not threshold_objects(torch.tensor([[0.0, 0.0, 0.0, 1.0]]), factor=4).any()  # beyond, not at it
    with pytest.raises(ValueError, match="map: expected values from 0 up, got -0.001; use map.abs"):
        threshold_objects(torch.tensor([[-0.001, 1.0]]))
