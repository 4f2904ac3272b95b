"""Published against reproduced, and what decides each of the paper's main claims."""

import pandas as pd

from ..core.labels import VENDORS
from ..core.parameters import VerdictParameters


def compare_table(ours: pd.DataFrame, published: pd.DataFrame, parameters: VerdictParameters) -> pd.DataFrame:
    """Each cell of the published Table 1 beside ours: ``training, vendor, structure, measure, published, ours, difference, within``.

    ours: ``table1.csv``; published: ``training, vendor, structure, dice, hd``. The published unit of HD is not stated; ours is mm.
    """
    rows = []
    for cell in published.to_dict("records"):
        mine = ours[(ours["training"] == cell["training"]) & (ours["vendor"] == cell["vendor"]) & (ours["structure"] == cell["structure"])]
        for measure, printed, column, tolerance in (
            ("Dice", cell["dice"], "dice_mean", parameters.dice_tolerance),
            ("HD", cell["hd"], "hd_mm_mean", parameters.hd_tolerance_mm),
        ):
            value = float(mine[column].iloc[0]) if len(mine) else float("nan")
            within = "not available" if value != value else "yes" if abs(value - printed) <= tolerance else "no"
            rows.append({**{k: cell[k] for k in ("training", "vendor", "structure")}, "measure": measure, "published": printed,
                         "ours": value, "difference": value - printed, "within": within})  # fmt: skip
    return pd.DataFrame(rows)


def claims_table(distances: pd.DataFrame, table: pd.DataFrame, parameters: VerdictParameters) -> pd.DataFrame:
    """The paper's claims, the quantity that decides each here, its values and what this run says: ``claim, decided by, values, verdict``.

    Verdicts are of this run's point estimates alone; they carry no interval.
    """
    rows = []
    for space in distances["features"].unique():
        name = "FID" if space == "inception" else f"{space} distance"
        value = distances[distances["features"] == space].set_index(["images", "reference"])["distance"]
        for vendor in VENDORS:
            before, after = value["simulated", f"real_{vendor}"], value[f"sim2real_{vendor}", f"real_{vendor}"]
            rows.append((f"Translation brings simulated images closer to vendor {vendor}", f"{name} to real {vendor}: simulated, sim2real",
                         f"{before:.1f}, {after:.1f}", after < before))  # fmt: skip
            others = [value[f"sim2real_{vendor}", f"real_{other}"] for other in VENDORS if other != vendor]
            rows.append((f"The translation to vendor {vendor} has that vendor's features", f"{name} of sim2real {vendor}: to its own vendor, to the other",
                         ", ".join(f"{x:.1f}" for x in (after, *others)), after < min(others)))  # fmt: skip
    dice = table.groupby("training")["dice_mean"].mean()
    for claim, decided, names in (
        ("Adding sim2real images to real ones raises Dice", "mean Dice: real, both", ("real", "both")),
        ("Translation helps a segmenter trained on simulation alone", "mean Dice: untranslated, sim2real", ("plain", "simulated")),
        (
            "Training on sim2real images alone comes near to training on real ones",
            f"mean Dice: sim2real plus {parameters.near_margin:g}, real",
            ("real", "simulated"),
        ),
    ):
        low, high = (dice.get(name, float("nan")) for name in names)
        if "near" in claim:
            high += parameters.near_margin
            rows.append((claim, decided, f"{high:.3f}, {low:.3f}", high >= low))
        else:
            rows.append((claim, decided, f"{low:.3f}, {high:.3f}", high > low))
    frame = pd.DataFrame(rows, columns=["claim", "decided by", "values", "verdict"])
    # a number that cannot be had compares as false, which is no verdict on the claim
    said = frame["verdict"].map({True: "holds in this run", False: "does not hold in this run"})
    frame["verdict"] = said.mask(frame["values"].str.contains("nan"), "not available")
    return frame
