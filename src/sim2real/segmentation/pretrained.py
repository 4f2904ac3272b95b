"""The segmenter that lies in the checkout: its folder and what its card tells."""

from pathlib import Path

from ..data import STRUCTURES, read_json

PRETRAINED = Path(__file__).with_name("pretrained")
"""Folder of the segmenter that lies in the checkout."""


def pretrained_card() -> dict:
    """What the segmenter in the checkout was trained on and with, and its Dice on people.

    Returns:
        The content of ``card.json`` beside it, and ``sentence``, which tells it to a user.
    """
    card = read_json(PRETRAINED / "card.json")
    dice = ", ".join(f"{name} {card[f'dice_{name}']:.3f}" for name in STRUCTURES)
    sentence = (
        f"segmenter: nnU-Net, trained on {card['n_virtual_subjects']} virtual subjects"
        f" ({card['training']}) and on no image of a person; Dice on {card['n_subjects']} patients"
        f" of {card['cohort']}: {dice}"
    )
    return {**card, "sentence": sentence}
