"""Weights and numbers of the authors' public code. ``official_reference.json`` was computed with
that code (commit b3ac297)."""

import importlib
import json
import math
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sim2real.data import Sim2RealError
from sim2real.translation import (
    TranslationParameters,
    build,
    cut_step,
    load_official,
    load_official_generator,
)
from sim2real.translation.official import FILES, official_state

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "official_reference.json").read_text())
SIZES = TranslationParameters(
    lambda_nce=1.0,  # as in CUT
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=9,
    projection_features=256,
)
LETTERS = {"generator": "G", "discriminator": "D", "heads": "F"}


def values_for(key: str, shape) -> torch.Tensor:
    """Weights that anyone can make again from a layer's name: no two layers, rows or columns
    alike."""
    start = sum((place + 1) * ord(letter) for place, letter in enumerate(key)) % 101
    return 0.3 * torch.sin(
        1.7 * torch.arange(math.prod(shape), dtype=torch.float64) + start
    ).reshape(tuple(shape))


def images():
    """A simulated and a real batch (2, 1, 32, 44), neither symmetric."""
    rows, columns = (
        torch.arange(32.0, dtype=torch.float64)[:, None],
        torch.arange(44.0, dtype=torch.float64)[None],
    )
    pattern = lambda a, b, c: torch.sin(a * rows + b * columns + c * rows * columns)  # noqa: E731
    source = torch.stack([pattern(0.3, 0.11, 0.004), pattern(0.05, -0.4, 0.01)])
    real = torch.stack([pattern(-0.2, 0.17, 0.02), pattern(0.6, 0.03, -0.007)])
    return source[:, None], real[:, None]


def public_files(folder, change=None):
    """Files as the public code writes them, with its names and shapes."""
    for letter, file in zip("GDF", FILES.values(), strict=True):
        state = {}
        for key, shape in REFERENCE["shapes"][letter].items():
            is_filter = key.endswith("filt")
            state[key] = (
                torch.tensor(REFERENCE["filters"][str(shape[-1])]).expand(shape).clone()
                if is_filter
                else values_for(key, shape).float()
            )
        if change:
            change(letter, state)
        torch.save(state, folder / file)
    return folder


def dot(gradient: torch.Tensor) -> float:
    return float(
        (
            gradient.flatten()
            * torch.cos(0.9 * torch.arange(gradient.numel(), dtype=torch.float64))
        ).sum()
    )


def our_numbers(networks) -> dict:
    networks = networks.double()
    source, real = images()
    output = networks["generator"](source)[1, 0, ::7, ::9].flatten().tolist()
    still = SimpleNamespace(
        discriminator=torch.optim.SGD(networks["discriminator"].parameters(), 0.0)
    )
    still.translator = torch.optim.SGD(
        [*networks["generator"].parameters(), *networks["heads"].parameters()], 0.0
    )
    losses = cut_step(
        networks, still, source, real, SIZES, torch.Generator().manual_seed(5)
    ).tolist()
    gradients = {}
    for network, letter in LETTERS.items():
        names = [
            key for key in official_state(network, networks[network]) if not key.endswith("filt")
        ]
        gradients |= {
            f"{letter}.{key}": dot(w.grad)
            for key, w in zip(names, networks[network].parameters(), strict=True)
        }
    return {"output": output, "losses": losses, "gradients": gradients}


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(HERE.parents[1] / "benchmarks")
    return importlib.import_module("cut_step")


def public_numbers(benchmark, code: str, weights) -> dict:
    """The same from the public code in the folder ``code``, which reads ``weights`` itself."""
    source, real = images()
    with benchmark.in_float64():
        model = benchmark.official_model(
            SimpleNamespace(official=code, ngf=4, batch=2, device="cpu")
        )
        benchmark.build_heads(model, source, real)
        networks = {"G": model.netG, "D": model.netD, "F": model.netF}
        for network, file in zip(networks.values(), FILES.values(), strict=True):
            network.load_state_dict(torch.load(weights / file, weights_only=True))
        output = model.netG(source)[1, 0, ::7, ::9].flatten().tolist()
        with benchmark.patches_drawn_by(torch.Generator().manual_seed(5)):
            losses = benchmark.official_losses(model, source, real).tolist()
    gradients = {
        f"{letter}.{key}": dot(w.grad)
        for letter, network in networks.items()
        for key, w in network.named_parameters()
    }
    return {"output": output, "losses": losses, "gradients": gradients}


@pytest.fixture
def loaded(tmp_path):
    return load_official(public_files(tmp_path))


def assert_like_the_reference(numbers):
    np.testing.assert_allclose(numbers["output"], REFERENCE["output"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(numbers["losses"], REFERENCE["losses"], rtol=1e-6)
    assert numbers["gradients"].keys() == REFERENCE["gradients"].keys()
    largest = {
        letter: max(abs(v) for k, v in REFERENCE["gradients"].items() if k[0] == letter)
        for letter in "GDF"
    }
    for key, value in numbers["gradients"].items():
        assert value == pytest.approx(
            REFERENCE["gradients"][key], rel=1e-5, abs=1e-6 * largest[key[0]]
        ), key


def test_public_weights_give_the_public_codes_output_losses_and_gradients(loaded):
    assert_like_the_reference(our_numbers(loaded))


@pytest.mark.parametrize("key", ["model.4.bias", "model.13.conv_block.5.weight", "model.30.weight"])
def test_a_planted_difference_of_the_weights_is_seen(tmp_path, key):
    def change(letter, state):
        if letter == "G":
            state[key] = state[key] * 1.01

    with pytest.raises(AssertionError):
        assert_like_the_reference(our_numbers(load_official(public_files(tmp_path, change))))


def test_the_benchmark_takes_our_step_without_the_public_code(benchmark):
    options = SimpleNamespace(
        ngf=4, size=32, batch=1, precision="float32", device="cpu", compiled=False
    )
    step, images = benchmark.our_step(options)[1], benchmark.images_of(options)
    assert torch.isfinite(step(*images)).all() and benchmark.seconds_a_step(step, images, "cpu") > 0


def test_the_reference_is_what_the_public_code_gives(tmp_path, benchmark):
    code = os.environ.get("SIM2REAL_CUT_CODE")
    if not code:
        pytest.skip("SIM2REAL_CUT_CODE does not name a folder with the public CUT code")
    assert_like_the_reference(public_numbers(benchmark, code, public_files(tmp_path)))


def test_all_sizes_are_read_from_the_weights(tmp_path):
    networks = build(
        SIZES.model_copy(update={"residual_blocks": 6, "discriminator_features": 6}), seed=2
    )
    for name, file in FILES.items():
        torch.save(official_state(name, networks[name]), tmp_path / file)
    back = load_official(tmp_path)
    assert all(
        torch.equal(a, b) for a, b in zip(networks.parameters(), back.parameters(), strict=True)
    )
    assert back["generator"].architecture == networks["generator"].architecture
    x = torch.rand(1, 1, 32, 44) * 2 - 1
    assert torch.equal(networks["generator"](x), load_official_generator(tmp_path)(x))


def drop(key):
    return lambda state: state.pop(key)


def put(key, value):
    return lambda state: state.update({key: value})


OTHERS = {
    "missing key": ("G", drop("model.26.bias"), "lacks model.26.bias"),
    "another network": (
        "G",
        lambda state: [state.pop(key) for key in list(state) if "model.1." in key],
        "another network",
    ),
    "three channels": (
        "G",
        put("model.1.weight", torch.zeros(4, 3, 7, 7)),
        "another network; expected a ResNet generator of one channel",
    ),
    "more than there is": (
        "D",
        put("model.99.weight", torch.zeros(3)),
        "holds model.99.weight, which",
    ),
    "another shape": (
        "D",
        put("model.3.weight", torch.zeros(8, 4, 3, 3)),
        "model.3.weight has shape \\(8, 4, 3, 3\\), not \\(8, 4, 4, 4\\)",
    ),
    "another filter": (
        "G",
        lambda state: state["model.7.filt"].fill_(1 / 9),
        "another anti-aliasing filter",
    ),
    "no heads": (
        "F",
        lambda state: [state.pop(key) for key in list(state) if ".0.weight" in key],
        "expected projection heads",
    ),
    "NaN": ("F", lambda state: state["mlp_2.2.bias"].fill_(float("nan")), "mlp_2.2.bias holds NaN"),
    "numbers for tensors": ("D", put("epoch", 7), "no state dict"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_weights_of_another_network_are_refused_in_one_line(tmp_path, case):
    wrong, change, message = OTHERS[case]
    public_files(tmp_path, lambda letter, state: change(state) if letter == wrong else None)
    with pytest.raises(Sim2RealError, match=message) as error:
        load_official(tmp_path)
    assert f"latest_net_{wrong}.pth" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_cut_short_is_refused_in_one_line(tmp_path, share, zipped):
    path = public_files(tmp_path) / FILES["generator"]
    torch.save(
        torch.load(path, weights_only=True), path, _use_new_zipfile_serialization=zipped
    )  # the public code's torch wrote the old kind
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(Sim2RealError, match="latest_net_G.pth: cut short"):
        load_official_generator(tmp_path)


def test_a_file_with_code_in_it_is_refused_and_the_code_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    public_files(tmp_path)
    torch.save({"model.1.weight": Trap()}, tmp_path / FILES["generator"])
    with pytest.raises(
        Sim2RealError,
        match="latest_net_G.pth: .*holds code or objects beside tensors, and was not opened",
    ):
        load_official_generator(tmp_path)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(Trap()))  # the trap itself works
    assert (tmp_path / "sprung").exists()


def test_an_absent_file_is_told_in_one_line(tmp_path):
    with pytest.raises(Sim2RealError, match="latest_net_G.pth: no such file"):
        load_official(tmp_path)
