"""Views made on the device are those that Pillow would make, and the same on every device."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from posterbeat.vision.posternet import PosterNet
from tests.vision.drawn import grainy, poster
from train.posters.data import Posters, resize
from train.posters.device_views import Chances, DevicePosters, draw, views, worn
from train.posters.jpeg_wear import compressed
from train.posters.resampling import applied, resizing, smoothing

SIZE = (240, 160)


def pixels(seeds, make=grainy):
    return np.stack([np.asarray(make(seed)) for seed in seeds])


def planes(pictures):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float()


def off(found, wanted):
    """Mean and greatest distance in grey levels of (c, h, w) from a (h, w, c) picture."""
    distance = np.abs(found.permute(1, 2, 0).numpy() - np.asarray(wanted, float))
    return distance.mean(), distance.max()


def plain(count, **more):
    """Chances of nothing happening: the whole poster."""
    no, ones = np.zeros(count, bool), np.ones(count)
    usual = {"mirrored": no, "framed": no, "worn": no, "left": ones * 0, "top": ones * 0, "width": ones * 160,
             "height": ones * 240, "ground": ones * 0, "scale": ones, "quality": np.full(count, 90), "gain": ones,
             "contrast": ones}
    return Chances(**usual | {name: np.asarray(values) for name, values in more.items()})


@pytest.mark.parametrize("box", [(0, 0, 160, 240), (12.3, 30.6, 131.9, 201.2), (40, 60, 100, 150)])
def test_a_crop_is_resized_as_pillow_does(box):
    picture = pixels([3])
    left, top, right, bottom = (torch.tensor([float(edge)]) for edge in box)
    found = applied(resizing(top, bottom - top, 336, 240), planes(picture), resizing(left, right - left, 224, 160))
    mean, most = off(found[0].clamp(0, 255), resize(picture[0], (336, 224), box))
    assert mean < 0.6 and most < 15  # Pillow rounds, and cuts what overshoots, after each side


def test_shrinking_is_filtered_as_pillow_does():
    picture, zero = pixels([4]), torch.zeros(1)
    found = applied(resizing(zero, zero + 240, 96, 240), planes(picture), resizing(zero, zero + 160, 64, 160))
    mean, most = off(found[0].clamp(0, 255), resize(picture[0], (96, 64)))
    assert mean < 0.6 and most < 15


@pytest.mark.parametrize("deviation", [0.6, 2.0])
def test_smoothing_is_pillows(deviation):
    picture = pixels([5])
    found = applied(smoothing(deviation, 240), planes(picture), smoothing(deviation, 160))
    mean, most = off(found[0], Image.fromarray(picture[0]).filter(ImageFilter.GaussianBlur(deviation)))
    assert mean < 0.8 and most < 4


@pytest.mark.parametrize("quality", [30, 60, 95])
@pytest.mark.parametrize("make", [poster, grainy])
def test_wear_is_that_of_jpeg(quality, make):
    picture = pixels([6], make)
    file = io.BytesIO()
    Image.fromarray(picture[0]).save(file, "JPEG", quality=quality)
    wanted = np.asarray(Image.open(file), float)
    found = compressed(planes(picture), torch.tensor([quality]))[0].permute(1, 2, 0).numpy()
    lost = np.abs(wanted - picture[0]).mean()
    assert np.abs(found - wanted).mean() < 0.2 * lost + 0.3  # nearer to what JPEG makes than that is to the poster, by far


def test_jpeg_wants_whole_blocks():
    with pytest.raises(ValueError, match="100 x 240"):
        compressed(torch.zeros(1, 3, 240, 100), torch.tensor([50]))


def test_a_smaller_copy_is_enlarged_again():
    picture = pixels([7])
    found = worn(planes(picture), torch.tensor([0.5]), torch.tensor([95]))
    copy = Image.fromarray(picture[0])
    copy = copy.resize((80, 120), Image.Resampling.BICUBIC).resize((160, 240), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    copy.save(file, "JPEG", quality=95)
    assert off(found[0], Image.open(file))[0] < 1.5


def test_what_is_drawn_is_what_is_shown():
    picture = torch.from_numpy(pixels([8]))
    whole = views(picture, plain(1), SIZE)
    torch.testing.assert_close(views(picture, plain(1, mirrored=[True]), SIZE), whole.flip(3))
    border = {"left": [-10.0], "top": [-10.0], "width": [180.0], "height": [260.0], "ground": [255.0]}
    framed = views(picture, plain(1, framed=[True], **border), SIZE)
    assert (framed[0, :, :5] == 1).all() and (framed[0, :, :, :5] == 1).all()
    assert (framed[0, :, 20:-20, 20:-20] < 1).any()
    lighter = views(picture, plain(1, gain=[1.1]), SIZE)
    assert lighter.mean() > whole.mean()
    flatter = views(picture, plain(1, contrast=[0.85]), SIZE)
    assert flatter.std() < whole.std() and float(flatter.mean()) == pytest.approx(float(whole.mean()), abs=0.01)


def test_chances_are_those_of_the_processors_views():
    drawn = draw(4000, SIZE, np.random.default_rng(0), 0.5, 0.5)
    inside = ~drawn.framed
    assert (drawn.left[inside] >= 0).all() and (drawn.left + drawn.width)[inside].max() <= 160 + 1e-9
    assert (drawn.top[inside] >= 0).all() and (drawn.top + drawn.height)[inside].max() <= 240 + 1e-9
    share = (drawn.width * drawn.height)[inside] / (240 * 160)
    assert share.min() > 0.49 and 0.7 < share.mean() < 0.8
    assert (drawn.left[drawn.framed] < 0).all()
    for values, chance in ((drawn.framed, 0.15), (drawn.mirrored, 0.5), (drawn.worn, 0.5), (drawn.scale < 1, 0.4)):
        assert values.mean() == pytest.approx(chance, abs=0.03)


def test_pairs_are_the_same_views_clean_and_worn():
    source = DevicePosters(Posters(None, pixels(range(6))), (96, 64), torch.device("cpu"), augmented=True, pairs=True)
    both, = source.inputs(np.arange(6), np.random.default_rng(1))
    clean, old = both.chunk(2)
    assert both.shape == (12, 3, 96, 64)
    distance = (clean - old).abs().mean((1, 2, 3))
    others = (clean - old.roll(1, 0)).abs().mean((1, 2, 3))
    assert (distance > 0).all() and (distance < others / 2).all()
    again, = source.inputs(np.arange(6), np.random.default_rng(1))
    torch.testing.assert_close(both, again, atol=0, rtol=0)


def test_a_plain_poster_is_read_as_the_classifier_reads_it():
    from posterbeat.vision.classifier import PosterClassifier

    picture = pixels([9])
    read = PosterClassifier(PosterNet("tf_efficientnet_lite0"), (3, 360, 240), blur=0.6)._pixels(Image.fromarray(picture[0]))
    found, = DevicePosters(Posters(None, picture), (360, 240), torch.device("cpu"), augmented=False, blur=0.6).inputs([0], None)
    assert float((found[0] - read).abs().mean()) < 0.01


@pytest.mark.skipif(not torch.cuda.is_available(), reason="NO CUDA HERE: views and loss were NOT compared with a GPU's")
def test_processor_and_gpu_give_the_same_loss():
    torch.manual_seed(0)
    network, losses = PosterNet("tf_efficientnet_lite0").eval(), []
    posters, target = Posters(None, pixels(range(8))), torch.arange(8) % 5
    for device in map(torch.device, ("cpu", "cuda")):
        source = DevicePosters(posters, (96, 64), device, augmented=True, blur=0.6)
        x, = source.inputs(np.arange(8), np.random.default_rng(2))
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            losses.append(torch.nn.functional.cross_entropy(network.to(device)(x), target.to(device)).item())
    assert losses[0] == pytest.approx(losses[1], abs=2e-3)
