"""Label slices with a trained model, wherever they come from."""

from pathlib import Path

import numpy as np
import torch

from ..data import (
    Sim2RealError,
    choose_device,
    progress,
    read_json,
    refuse,
    require_format,
)
from .nnunet import CONFIGURATION, nnunet_surroundings
from .training import FINAL


def predict_slices(
    model: Path | str, slices: np.ndarray, spacing, device: str | torch.device = "auto"
) -> np.ndarray:
    """Labels of ``slices``, uint8 of their shape: 0 background, 1 LV, 2 MYO, 3 RV.

    Mirrored copies are averaged where the training mirrored.

    Args:
        model: folder of a finished training.
        slices: (slice, row, column), any intensity scale (each slice is standardised as in
            training), RV on the left and anterior up.
        spacing: edges (row, column) of a pixel in mm; nnU-Net resamples to its training's pixel and
            back.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        Sim2RealError: for a model that is not whole or of an older format, slices of another shape,
            and intensities that are not finite.
    """
    return _predict(model, slices, spacing, device, False)[0]


def predict_with_confidence(
    model: Path | str, slices: np.ndarray, spacing, device: str | torch.device = "auto"
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of ``predict_slices``, and of each pixel the probability of the class it was given,
    float32 of the same shape; 1 in an empty picture. Arguments as there."""
    return _predict(model, slices, spacing, device, True)


def _predict(
    model: Path | str, slices: np.ndarray, spacing, device: str | torch.device, confident: bool
) -> tuple[np.ndarray, np.ndarray]:
    slices = np.asarray(slices, dtype=np.float32)
    refuse(
        slices.ndim != 3 or not slices.size,
        f"slices have shape {slices.shape}; expected (slice, row, column) with at least one slice",
    )
    refuse(
        not np.isfinite(slices).all(),
        "slices hold NaN or infinite intensities; expected finite ones",
    )
    spacing = [float(edge) for edge in spacing]
    refuse(
        len(spacing) != 2 or min(spacing) <= 0,
        f"pixel spacing is {spacing}; expected two positive edges (row, column) in mm",
    )
    with nnunet_surroundings(Path(model)):
        predictor = make_predictor(Path(model), choose_device(device))
        # nnU-Net lists the slice axis first; its edge has no effect in two dimensions but must be
        # the largest
        properties = {"spacing": [10.0 * max(spacing), *spacing]}
        labels, confidence = np.zeros(slices.shape, np.uint8), np.ones(slices.shape, np.float32)
        for k, image in enumerate(progress(slices, name="Prediction", unit="slice")):
            if image.min() < image.max():  # an empty picture holds no heart; nnU-Net cannot crop it
                given = predictor.predict_single_npy_array(
                    image[None, None], dict(properties), save_or_return_probabilities=confident
                )
                labels[k] = (given[0] if confident else given)[0]
                if confident:
                    confidence[k] = given[1].max(axis=0)[0]  # (class, 1, row, column)
    return labels, confidence


def make_predictor(model: Path, device: torch.device):
    """nnU-Net's predictor with its weights, built directly: its look-up by name would import every
    trainer that comes with it."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
    from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

    refuse(
        not (model / FINAL).is_file(),
        f"{model / FINAL}: no finished model there; train it first (chapter 6), or name the"
        " folder of another model",
    )
    plans, description = (read_json(model / name) for name in ("plans.json", "dataset.json"))
    refuse(
        "sim2real" not in plans,
        f"{model / 'plans.json'}: not a model of this program (an nnU-Net folder of another"
        " version or origin); train it here",
    )
    require_format(plans["sim2real"].get("format", 1), model / "plans.json")
    manager = PlansManager(plans)
    configuration = manager.get_configuration(CONFIGURATION)
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        input_channels=1,
        output_channels=manager.get_label_manager(description).num_segmentation_heads,
        deep_supervision=False,
    )
    weights = torch.load(model / FINAL, map_location="cpu", weights_only=True)["network_weights"]
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise Sim2RealError(
            f"{model / FINAL}: its weights do not fit the network in plans.json beside it; train"
            " the model again"
        ) from None
    mirror = plans["sim2real"]["mirroring"]
    predictor = nnUNetPredictor(use_mirroring=mirror, device=device, allow_tqdm=False)
    predictor.manual_initialization(
        network,
        manager,
        configuration,
        [weights],
        description,
        "nnUNetTrainer",
        (0, 1) if mirror else None,
    )
    return predictor
