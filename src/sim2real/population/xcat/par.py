"""Parameter files for XCAT, so that a holder of its licence can make the virtual subjects with it;
``files`` reads the result.

Exact, if XCAT keeps to the notes of its own sample ``.par``: sex; LV volume at ED and ES; length of
the beat; ED and ES among the frames (phase 0 and 0.4); depth of the diaphragm under its highest;
shift of the heart; an activity of its own for every organ.

Our approximations: the body's scales from height and weight, against the male phantom's 1752 mm in
a public log; of the female phantom no log was at hand. The heart's scale, since ``hrt_v1`` can only
take volume away: enough for the LV, with a margin. The volumes between ED and ES follow XCAT's own
curve. Skin scales from the thickness of fat. Rotations from the tilt of the long axis, XCAT's heart
taken to lie as the open phantom's mean; the order of XCAT's rotations is not documented. The range
of slices, by the body's height.

Not to be told to XCAT: RV volumes, LV mass, wall thickness, torsion. They stand in a comment.
"""

from pathlib import Path

import numpy as np

from ...data import Sim2RealError, atomic
from ..subjects import Subject
from .organs import ORGANS

FRAMES = 20  # so that phase 0.4, where XCAT has ES, is a frame: the ninth
PIXEL_CM = 0.1
ARRAY = 448
# One part in single precision over 1 (as the sample's own 0.5, 0.192, 0.115, 0.193) makes XCAT fall
# back to its defaults; these add up.
DURATIONS = (0.4, 0.25, 0.125, 0.225)
# (V - ES) / (ED - ES) at V3, V4, V5 of XCAT's own curve, from the log of a public run
FILLING = (0.3945, 0.7251, 0.8920)
# of the phantoms at scale 1; the woman's and both weights: half of all people are larger
HEIGHT_CM = {"M": 175.2, "F": 163.0}
WEIGHT_KG = {"M": 78.0, "F": 64.0}
CHEST_MM = (319.3, 235.0)  # lateral and from front to back, at scale 1, same log
# at scale 1; the woman's in the proportion of the published means
EDV_ML = {"M": 131.9, "F": 108.8}
MARGIN = {"M": 1.05, "F": 1.2}  # by which the scaled heart is larger than it must be
FAT_MM = {"M": 14.0, "F": 17.0}  # taken to lie over the chest at scale 1
HIGHEST_MM = 15.0  # the diaphragm at full exhalation, above its mean position
# heart and dome of the liver, as shares of the body's height; the male heart lies at 0.71 to 0.78
THORAX = (0.64, 0.83)
_HEAD = (
    "# Only what varies between subjects and what its reader needs. XCAT has defaults for the"
    " rest, its sample .par shows them.\n"
)
_COMMENT = """\
# Virtual subject {0.name}, group {0.group}: {0.height_cm:.0f} cm, {0.weight_kg:.0f} kg
# XCAT cannot be told, expected: RV {0.rv_edv_ml:.0f} ml at ED, {0.rv_esv_ml:.0f} ml at ES; \
LV mass {0.lv_mass_g:.0f} g
# Expected, too: LV diameter over length {0.sphericity:.2f}; torsion {0.torsion_deg_per_cm:.2f} \
degrees a cm
# Look up 'LV Volumes at Different Phases' in the log: where V1 is below hrt_v1, raise \
hrt_scale_x, _y and _z together
"""


def write_par(subject: Subject, path: Path) -> None:
    """Write the ``.par`` of one subject."""
    lines = [f"{name} = {value}\n" for name, value in par_values(subject).items()]
    text = "".join([_HEAD, _COMMENT.format(subject), *lines])
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="latin-1", newline="")


def write_pars(subjects: list[Subject], folder: Path) -> list[Path]:
    """Write a folder a subject in ``folder``, named after it, with its ``.par``; the files.

    Raises Sim2RealError where ``folder`` holds files of other subjects.
    """
    paths = [Path(folder) / subject.name / f"{subject.name}.par" for subject in subjects]
    for other in sorted(set(Path(folder).glob("*/*.par")) - set(paths)):
        raise Sim2RealError(
            f"{other}: is of no subject of this population; expected an empty folder or one of the"
            " same subjects: choose another folder"
        )
    for subject, path in zip(subjects, paths, strict=True):
        write_par(subject, path)
    return paths


def par_values(subject: Subject) -> dict[str, str]:
    """Names of XCAT's parameters and their values; lengths in cm, volumes in ml, times in s, unless
    XCAT's note says otherwise."""
    values = _run(subject) | _body(subject) | _heart(subject) | _breathing(subject)
    activities = {
        name: k for k, name in enumerate(ORGANS.loc[ORGANS["same_as"] == "", "parameter"], start=3)
    }  # 2 is what XCAT gives an organ it has no line for
    return {
        name: value if isinstance(value, str) else f"{value:.6g}"
        for name, value in (values | activities).items()
    }


def _run(subject: Subject) -> dict:
    period = 60 / subject.heart_rate_bpm
    height_cm = subject.height_cm
    return {
        "mode": 0,
        "act_phan_each": 1,
        "atten_phan_each": 0,
        "act_phan_ave": 0,
        "atten_phan_ave": 0,
        "color_code": 0,
        "activity_unit": 0,
        "motion_option": 0,
        "out_period": 0,
        "time_per_frame": period / FRAMES,
        "out_frames": FRAMES,
        "hrt_period": period,
        "hrt_start_ph_index": 0,
        "pixel_width": PIXEL_CM,
        "slice_width": PIXEL_CM,
        "array_size": ARRAY,
        "subvoxel_index": 1,
        "startslice": round(THORAX[0] * height_cm / PIXEL_CM),
        "endslice": round(THORAX[1] * height_cm / PIXEL_CM),
    }


def _scales(subject: Subject) -> tuple[float, float]:
    """(of height; across it, both ways, so that the weight over the height follows)."""
    height = subject.height_cm / HEIGHT_CM[subject.sex]
    return height, float(np.sqrt(subject.weight_kg / WEIGHT_KG[subject.sex] / height))


def _body(subject: Subject) -> dict:
    height, across = _scales(subject)
    person = "vmale50" if subject.sex == "M" else "vfemale50"
    fat = 2 * (subject.fat_mm - FAT_MM[subject.sex])
    skin = {
        side: 1 + fat / (mm * across) for side, mm in zip(("long", "short"), CHEST_MM, strict=True)
    }
    return {
        "gender": 0 if subject.sex == "M" else 1,
        "organ_file": f"{person}.nrb",
        "heart_base": f"{person}_heart.nrb",
        "phantom_long_axis_scale": across,
        "phantom_short_axis_scale": across,
        "phantom_height_scale": height,
        "torso_long_axis_scale": 1,
        "torso_short_axis_scale": 1,
        "chest_skin_long_axis_scale": skin["long"],
        "chest_skin_short_axis_scale": skin["short"],
    }


def _heart(subject: Subject) -> dict:
    height, across = _scales(subject)
    scale = (MARGIN[subject.sex] * subject.lv_edv_ml / EDV_ML[subject.sex]) ** (
        1 / 3
    )  # of the phantom's scales, too, the heart partakes
    stroke = subject.lv_edv_ml - subject.lv_esv_ml
    volumes = (
        subject.lv_edv_ml,
        subject.lv_esv_ml,
        *(subject.lv_esv_ml + share * stroke for share in FILLING),
    )
    left, down = subject.axis_tilt_deg
    right_mm, front_mm, up_mm = subject.heart_shift_mm
    return {
        "hrt_scale_x": scale / across,
        "hrt_scale_y": scale / across,
        "hrt_scale_z": scale / height,
        **{f"hrt_v{k}": volume for k, volume in enumerate(volumes, start=1)},
        **{f"hrt_t{k}": share for k, share in enumerate(DURATIONS, start=1)},
        "d_YX_rotation": left - 34,
        "d_ZY_rotation": down - 36,
        "d_XZ_rotation": 0,
        "X_tr": -right_mm,
        "Y_tr": -front_mm,
        "Z_tr": up_mm,  # mm; XCAT's axes run to the left, to the back and up
        "vessel_flag": 1,
        "papillary_flag": 1,
    }


def _breathing(subject: Subject) -> dict:
    """Held at full inhalation (phase 0.4), whose extent is what the diaphragm lies below its
    highest; the heart has its own shift.

    The chest expands as in quiet breathing, by 0.5 cm where the diaphragm moves by 2 cm.
    """
    lowered_cm = max(HIGHEST_MM - subject.diaphragm_mm, 0) / 10
    return {
        "resp_start_ph_index": 0.4,
        "max_diaphragm_motion": lowered_cm,
        "max_AP_exp": 0.25 * lowered_cm,
        "rdiaph_liv_scale": 1,
        "hrt_motion_x": 0,
        "hrt_motion_y": 0,
        "hrt_motion_z": 0,
    }
