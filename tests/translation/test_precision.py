import numpy as np
import pytest
import torch

from sim2real.data import Sim2RealError
from sim2real.translation import TranslationParameters, build, precision, train_translator
from sim2real.translation.precision import settled

CPU = torch.device("cpu")


@pytest.mark.parametrize(("has", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_what_the_processor_computes_in(has, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: has)
    found = settled(
        TranslationParameters(precision="auto", n_steps=7, decay_steps=3), tmp_path, CPU
    )
    assert (found.precision, found.n_steps) == (expected, 7)


@pytest.mark.parametrize("asked", ["float32", "bfloat16"])
def test_what_is_asked_for_by_name_is_taken(asked, tmp_path):
    assert settled(TranslationParameters(precision=asked), tmp_path, CPU).precision == asked
    assert not list(tmp_path.iterdir())


def test_a_finished_training_keeps_its_own_on_another_machine_and_an_unfinished_one_does_not(
    tmp_path, monkeypatch
):
    asked = TranslationParameters(precision="auto")
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: True)
    settled(asked, tmp_path, CPU)
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: False)
    assert settled(asked, tmp_path, CPU).precision == "float32"
    monkeypatch.setattr(precision, "computes_bfloat16", lambda device: True)
    (tmp_path / "generator.pt").write_bytes(b"")
    assert settled(asked, tmp_path, CPU).precision == "float32"


def test_this_processor_is_asked_by_its_flags():
    """Linux tells them; torch must agree."""
    try:
        flags = next(
            line for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("flags")
        ).split()
    except (OSError, StopIteration):
        pytest.skip("no /proc/cpuinfo with flags here")
    assert precision.computes_bfloat16(CPU) == bool({"avx512_bf16", "amx_tile"} & set(flags))


def test_compiling_is_refused_on_a_processor_in_one_line(tmp_path):
    slices = np.zeros((2, 32, 32), np.float32)
    asked = TranslationParameters(
        generator_features=4, discriminator_features=4, residual_blocks=1, n_steps=1, compiled=True
    )
    with pytest.raises(Sim2RealError, match="compiled=true.*runs on a CPU.*expected a GPU"):
        train_translator(slices, slices, asked, tmp_path, 0)


def test_compiled_networks_keep_the_names_of_their_weights_and_what_they_compute(monkeypatch):
    seen = []
    monkeypatch.setattr(
        torch,
        "compile",
        lambda function: (seen.append(function), lambda *given: function(*given))[1],
    )
    networks = build(
        TranslationParameters(generator_features=4, discriminator_features=4, residual_blocks=1),
        seed=0,
    )
    x, names = torch.rand(1, 1, 32, 32), list(networks.state_dict())
    before = [networks["generator"](x), networks["discriminator"](x)]
    precision.compile_networks(networks, torch.device("cuda"))
    assert len(seen) == 2 and list(networks.state_dict()) == names
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            before, [networks["generator"](x), networks["discriminator"](x)], strict=True
        )
    )
