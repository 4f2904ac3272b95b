import numpy as np
import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet

from sim2real.cohort import FINDER, find_heart, heart_centre, read_mnms
from sim2real.cohort.finder import scores
from sim2real.data import LV, RV, Image


@pytest.fixture(scope="module")
def people(surrogate):
    return [case for case in read_mnms(surrogate) if case.split == "test"]


def angle_deg(label):
    """Where the RV lies from the LV."""
    lv, rv = (np.argwhere(label.data == value)[:, :2].mean(axis=0) for value in (LV, RV))
    return np.degrees(np.arctan2(*(rv - lv)[::-1]))


@pytest.mark.parametrize("turns", range(4))
def test_the_heart_and_its_right_side_are_found_however_the_stack_is_turned(people, turns):
    for case in people:
        image, label = (
            Image(np.rot90(part.data, turns)[10:], np.diag([*part.spacing_mm, 1]))
            for part in case.read("ED")
        )
        found = find_heart(image)
        assert found.data.shape == image.data.shape and np.array_equal(found.affine, image.affine)
        off = np.subtract(heart_centre([found.data]), heart_centre([label.data]))
        assert np.abs(off * image.spacing_mm[:2]).max() < 15
        assert abs((angle_deg(found) - angle_deg(label) + 180) % 360 - 180) < 45


def test_the_unit_of_the_intensities_does_not_matter(people):
    image = people[0].read_image("ED")
    found = find_heart(image).data
    assert found.any()
    for scale in (2.0**-80, 2.0**40):
        scaled = Image(image.data * np.float32(scale), image.affine)
        np.testing.assert_array_equal(find_heart(scaled).data, found)


def test_in_noise_without_a_heart_nothing_is_invented_outside_the_image():
    """Whatever is found lies in the middle half of the slices."""
    noise = Image(
        np.random.default_rng(0).random((90, 70, 9)).astype(np.float32), np.diag([2, 2.5, 9, 1])
    )
    found = find_heart(noise)
    assert found.data.shape == noise.data.shape
    assert not found.data[:, :, :2].any() and not found.data[:, :, 7:].any()


def test_an_empty_image_holds_no_heart():
    empty = Image(np.zeros((64, 80, 8), np.float32), np.diag([2.0, 2.0, 10, 1]))
    assert not find_heart(empty).data.any()


def test_scores_are_those_of_the_network_that_nnunet_builds():
    """The same weights in nnU-Net's own network, on a slice that is not symmetric."""
    with np.load(FINDER) as stored:
        weights = {name: torch.from_numpy(stored[name]).float() for name in stored.files}
    features = [len(weights[f"encoder.stages.{k}.0.convs.0.conv.bias"]) for k in range(5)]
    network = PlainConvUNet(
        input_channels=1,
        n_stages=5,
        features_per_stage=features,
        conv_op=torch.nn.Conv2d,
        kernel_sizes=3,
        strides=[1, 2, 2, 2, 2],
        n_conv_per_stage=2,
        num_classes=4,
        n_conv_per_stage_decoder=2,
        conv_bias=True,
        norm_op=torch.nn.InstanceNorm2d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=torch.nn.LeakyReLU,
    ).eval()
    missing, unexpected = network.load_state_dict(weights, strict=False)
    # several names stand for one array in that network; each array is given
    given = {network.state_dict()[name].data_ptr() for name in weights}
    others = [n for n in missing if network.state_dict()[n].data_ptr() not in given]
    assert not unexpected and all("seg_layers" in name for name in others)
    plane = np.random.default_rng(0).random((128, 128)).astype(np.float32) * 300 + 40
    plane[:40, 20:] *= 3
    with torch.inference_mode():
        standard = torch.from_numpy((plane - plane.mean()) / plane.std())
        wanted = network(standard[None, None]).softmax(1)[0].numpy()
    np.testing.assert_allclose(scores(plane), wanted, atol=1e-4)
    assert wanted.std(axis=(1, 2)).max() > 1e-3
