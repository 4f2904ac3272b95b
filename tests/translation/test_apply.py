import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import torch

from sim2real.data import SLICE_COLUMNS, Image, RunFolder, Sim2RealError, load_slices, write_image
from sim2real.translation import (
    TranslationParameters,
    build,
    load_generator,
    save_generator,
    stage,
    translate,
    translate_images,
)

AFFINE = np.array([[0, -1.5, 0.2, 40], [1.25, 0, 0, -30], [0.1, 0, 8, 5], [0, 0, 0, 1]])


@pytest.fixture
def generator():
    return build(
        TranslationParameters(precision="float32", generator_features=4, residual_blocks=2), seed=0
    )["generator"]


@pytest.fixture
def rows(tmp_path):
    random, made = np.random.default_rng(0), []
    for subject, n_slices in (("V001", 3), ("V002", 2)):
        path = f"03/{subject}.nii.gz"
        write_image(
            tmp_path / path, Image(random.random((40, 32, n_slices), dtype=np.float32), AFFINE)
        )
        made.append(("simulated", "", subject, "ES", "train", path, f"03/{subject}_gt.nii.gz"))
    return pd.DataFrame(made, columns=SLICE_COLUMNS)


def test_translated_images_keep_geometry_order_and_labels(tmp_path, rows, generator):
    table = translate_images(tmp_path, rows, generator, "B", "04_translation/translated")
    assert list(table.columns) == SLICE_COLUMNS
    assert table["image"].tolist() == [
        f"04_translation/translated/B/V00{i}_ES.nii.gz" for i in (1, 2)
    ]
    assert table["label"].tolist() == rows["label"].tolist()
    assert (
        set(table["domain"]) == {"sim2real_B"}
        and set(table["vendor"]) == {"B"}
        and set(table["split"]) == {"train"}
    )
    for before, after in zip(rows["image"], table["image"], strict=True):
        source, translated = nib.load(tmp_path / before), nib.load(tmp_path / after)
        assert translated.shape == source.shape and translated.get_data_dtype() == np.float32
        np.testing.assert_allclose(translated.affine, source.affine, atol=1e-5)
        one = np.asarray(source.dataobj, np.float32)[:, :, 1].T  # as a viewer shows it: row, column
        found, raw = np.asarray(translated.dataobj)[:, :, 1].T, translate(generator, one[None])[0]
        np.testing.assert_allclose(found, raw, atol=1e-6)  # the look it learnt, not scaled again
    assert load_slices(tmp_path, table).shape == (5, 32, 40)


@pytest.mark.parametrize("vendors", ["A", "AB"])
def test_the_population_is_translated_to_the_vendors_that_the_cohort_has(
    tmp_path, rows, generator, vendors, monkeypatch
):
    run = RunFolder(tmp_path)
    real = [("real", v, f"{v}1", "ES", "train", "r.nii.gz", "r_gt.nii.gz") for v in vendors]
    slices = pd.concat([rows, pd.DataFrame(real, columns=SLICE_COLUMNS)])
    run.write_manifest("03_real_cohort", slices, "slices.csv")
    monkeypatch.setattr(stage, "trained_generator", lambda run, vendor: generator)
    table = stage.translate_population(run)
    assert table["domain"].tolist() == [f"sim2real_{v}" for v in vendors for _ in range(2)]


def test_translation_maps_the_unit_interval_to_itself(generator):
    seen = []
    generator.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    slices = np.linspace(0, 1, 3 * 32 * 40, dtype=np.float32).reshape(3, 32, 40)
    translated = translate(generator, slices, batch_size=2)
    assert translated.shape == slices.shape and translated.dtype == np.float32
    assert translated.min() >= 0 and translated.max() <= 1
    torch.testing.assert_close(torch.cat(seen).min(), torch.tensor(-1.0))
    torch.testing.assert_close(torch.cat(seen).max(), torch.tensor(1.0))


def test_a_saved_generator_translates_as_before(tmp_path, generator):
    save_generator(tmp_path / "generator.pt", generator)
    slices = np.random.default_rng(1).random((2, 32, 40), dtype=np.float32)
    np.testing.assert_array_equal(
        translate(load_generator(tmp_path / "generator.pt"), slices), translate(generator, slices)
    )


def test_a_generator_of_an_older_format_is_refused_in_one_line(tmp_path, generator):
    path = tmp_path / "generator.pt"
    save_generator(path, generator)
    state = torch.load(path, weights_only=True)
    del state["format"]
    torch.save(state, path)
    with pytest.raises(Sim2RealError, match="generator.pt: of format 1.*expected format") as error:
        load_generator(path)
    assert "\n" not in str(error.value)


def test_absent_or_foreign_generators_are_told_in_one_line(tmp_path):
    (tmp_path / "foreign.pt").write_bytes(b"not a network")
    for name, message in (
        ("absent.pt", "no such generator"),
        ("foreign.pt", "not a generator of ours"),
    ):
        with pytest.raises(Sim2RealError, match=message) as error:
            load_generator(tmp_path / name)
        assert "\n" not in str(error.value)


def test_nothing_to_translate_is_told(tmp_path, generator):
    with pytest.raises(Sim2RealError, match="no simulated image"):
        translate_images(
            tmp_path,
            pd.DataFrame(columns=SLICE_COLUMNS),
            generator,
            "A",
            "04_translation/translated",
        )
