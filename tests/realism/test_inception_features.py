"""Inception's features are pytorch-fid's own; its trained weights cannot be had here, so random
ones take their place."""

import numpy as np
import pytest
import torch
from PIL import Image

from sim2real.metrics.torchvision_shim import import_torchvision
from sim2real.realism.inception import inception_features


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import_torchvision()
    from pytorch_fid import inception

    torch.manual_seed(0)
    network = inception._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    network.Mixed_5b = inception.FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = inception.FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = inception.FIDInceptionA(288, pool_features=64)
    network.Mixed_6b = inception.FIDInceptionC(768, channels_7x7=128)
    network.Mixed_6c = inception.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6d = inception.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6e = inception.FIDInceptionC(768, channels_7x7=192)
    network.Mixed_7b = inception.FIDInceptionE_1(1280)
    network.Mixed_7c = inception.FIDInceptionE_2(2048)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), path)
    return path


def test_features_are_those_of_pytorch_fid_on_the_same_pictures(weights, tmp_path, monkeypatch):
    from pytorch_fid import fid_score, inception

    images = np.random.default_rng(1).uniform(0, 1, (3, 96, 80)).astype(np.float32)
    files = []
    for k, image in enumerate(images):
        files.append(tmp_path / f"{k}.png")
        Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(files[-1])
    monkeypatch.setattr(
        inception,
        "load_state_dict_from_url",
        lambda *_, **__: torch.load(weights, weights_only=True),
    )
    network = inception.InceptionV3([3])
    theirs = fid_score.get_activations(
        files, network, batch_size=3, dims=2048, device="cpu", num_workers=0
    )
    ours = inception_features(images, weights, torch.device("cpu"))
    assert ours.shape == (3, 2048)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_torch_s_cache_folder_is_left_as_it_was(weights):
    before = torch.hub.get_dir()
    inception_features(np.zeros((1, 64, 64), np.float32), weights, torch.device("cpu"))
    assert torch.hub.get_dir() == before
