"""What chapter 2 tells about itself."""

from ..data import Chapter, Notebook
from ..population import POPULATION
from .parameters import SimulationParameters

SIMULATION = Chapter(
    name="02_mr_simulation",
    section="simulation",
    parameters=SimulationParameters,
    notebooks=(
        Notebook(
            "02_mr_simulation",
            reads=(POPULATION.name,),
            makes=("sim2real.simulation.stage", "sim2real.simulation.cine"),
            cores="all",
            rule="spread",
            alone=True,
        ),
        Notebook("02_contrast", reads=("02_mr_simulation",), cores="one", rule="light"),
    ),
    named_in_paper=("field_strength_t", "flip_angle_deg", "repetition_time_ms", "echo_time_ms"),
    at_most=(("echo_time_ms", "repetition_time_ms"),),
    front=("fig2_examples",),
    columns={
        "flip_angle_deg": "flip angle (°)",
        "repetition_time_ms": "TR (ms)",
        "snr": "SNR",
        "acquired_pixel_mm": "acquired pixel (mm)",
        "off_resonance_hz": "off-resonance (Hz)",
        "coil_distance_mm": "loops' distance (mm)",
        "coil_radius_mm": "loops' radius (mm)",
        "short_tr_angle_deg": "limit of a short TR (°)",
    },
)
