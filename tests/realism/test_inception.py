import hashlib
import os
from http.client import IncompleteRead
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sim2real.data import Sim2RealError, repository
from sim2real.metrics import import_torchvision
from sim2real.realism import RealismParameters, inception

NO_DOWNLOAD = RealismParameters(download_weights=False)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and no way out to the network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder / inception.WEIGHTS_NAME


def accept(monkeypatch, content: bytes):
    """Take ``content`` for the genuine weights."""
    monkeypatch.setattr(inception, "_HASH_START", hashlib.sha256(content).hexdigest()[:8])


def test_named_file_that_is_missing_or_another_is_refused_in_one_line(tmp_path):
    path = tmp_path / "weights.pth"
    with pytest.raises(
        Sim2RealError, match="weights.pth: no such file; realism.inception_weights must name"
    ):
        inception.find_weights(RealismParameters(inception_weights=path))
    path.write_bytes(b"something else")
    with pytest.raises(Sim2RealError, match="does not begin with 6726825d") as caught:
        inception.find_weights(RealismParameters(inception_weights=path))
    assert "\n" not in str(caught.value)


def test_named_file_with_the_right_hash_is_taken(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"genuine")
    accept(monkeypatch, b"genuine")
    assert inception.find_weights(RealismParameters(inception_weights=path)) == (path, "")
    relative = Path(
        os.path.relpath(path, repository())
    )  # counts from the project's folder, wherever one stands
    monkeypatch.chdir(repository() / "notebooks")
    assert inception.find_weights(RealismParameters(inception_weights=relative))[0].samefile(path)


def test_without_weights_and_download_there_is_a_reason_and_no_error():
    assert inception.find_weights(NO_DOWNLOAD) == (
        None,
        "the weights are not there and downloading is switched off",
    )


def test_cache_is_used_when_sound_and_never_when_not(cache, monkeypatch):
    cache.write_bytes(b"genuine")
    assert inception.find_weights(NO_DOWNLOAD) == (None, "the cached weights have a wrong checksum")
    accept(monkeypatch, b"genuine")
    assert inception.find_weights(NO_DOWNLOAD) == (cache, "")


class Answer:
    def __init__(self, content):
        self.content = content

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self):
        if isinstance(self.content, Exception):
            raise self.content
        return self.content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (OSError("no route"), "could not be downloaded"),
        (IncompleteRead(b"half"), "could not be downloaded"),
        (b"a login page", "wrong checksum"),
    ],
)
def test_a_failed_download_gives_a_reason_and_leaves_no_file(cache, monkeypatch, content, reason):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Answer(content))
    found, said = inception.find_weights(RealismParameters())
    assert found is None and reason in said and not list(cache.parent.iterdir())


def test_a_sound_download_is_kept_in_the_cache(cache, monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: Answer(b"genuine"))
    accept(monkeypatch, b"genuine")
    assert (
        inception.find_weights(RealismParameters()) == (cache, "")
        and cache.read_bytes() == b"genuine"
    )


def test_slices_are_shown_to_the_network_through_eight_bits_in_three_equal_channels(monkeypatch):
    seen = []

    class Network(torch.nn.Module):
        def forward(self, batch):
            seen.append(batch)
            return [batch.mean(dim=(2, 3), keepdim=True)]

    monkeypatch.setattr(inception, "_network", lambda weights: Network())
    images = np.random.default_rng(0).random((35, 6, 4)).astype(np.float32)
    features = inception.inception_features(images, None, torch.device("cpu"))
    assert features.shape == (35, 3) and [len(batch) for batch in seen] == [32, 3]
    levels = torch.cat(seen).numpy() * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    np.testing.assert_allclose(levels[:, 2], images * 255, atol=0.501)
    np.testing.assert_array_equal(levels[:, 0], levels[:, 1])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import_torchvision()
    from pytorch_fid import inception as public

    torch.manual_seed(0)
    network = public._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    network.Mixed_5b = public.FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = public.FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = public.FIDInceptionA(288, pool_features=64)
    network.Mixed_6b = public.FIDInceptionC(768, channels_7x7=128)
    network.Mixed_6c = public.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6d = public.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6e = public.FIDInceptionC(768, channels_7x7=192)
    network.Mixed_7b = public.FIDInceptionE_1(1280)
    network.Mixed_7c = public.FIDInceptionE_2(2048)
    path = tmp_path_factory.mktemp("weights") / "random.pth"
    torch.save(network.state_dict(), path)
    return path


def test_features_are_those_of_pytorch_fid_on_the_same_pictures(weights, tmp_path, monkeypatch):
    from pytorch_fid import fid_score
    from pytorch_fid import inception as public

    images = np.random.default_rng(1).uniform(0, 1, (3, 96, 80)).astype(np.float32)
    files = []
    for k, image in enumerate(images):
        files.append(tmp_path / f"{k}.png")
        Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(files[-1])
    monkeypatch.setattr(
        public,
        "load_state_dict_from_url",
        lambda *_, **__: torch.load(weights, weights_only=True),
    )
    network = public.InceptionV3([3])
    theirs = fid_score.get_activations(
        files, network, batch_size=3, dims=2048, device="cpu", num_workers=0
    )
    ours = inception.inception_features(images, weights, torch.device("cpu"))
    assert ours.shape == (3, 2048)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
