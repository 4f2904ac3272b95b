"""What a chapter depends on follows from what its notebooks are passed and read."""

import pytest

from sim2real.data.run import CHAPTERS
from sim2real.paper.jobs import jobs, notebook_parameters, parameters_behind
from sim2real.paper.parameters import load_parameters


@pytest.mark.parametrize(
    "setting, untouched",
    [
        ("seed=1", ""),
        ("device=cpu", ""),
        ("population.n_subjects=5", ""),
        ("simulation.flip_angle_deg=45", "1"),
        ("cohort.n_slices=3", "12"),
        ("translation.n_steps=13", "123"),
        ("realism.download_weights=true", "1234"),  # the second page of chapter 6 reads chapter 5
        ("segmentation.seeds=[0, 1]", "12345"),
        ("verdict.near_margin=0.1", "123456"),
        ("scarcity.n_epochs=2", "1234567"),
    ],
)
def test_chapters_before_a_changed_parameter_are_untouched_and_passed_the_same(setting, untouched):
    runs = [load_parameters("tiny"), load_parameters("tiny", [setting])]
    same = [
        chapter
        for chapter in CHAPTERS
        if parameters_behind(runs[0], chapter) == parameters_behind(runs[1], chapter)
    ]
    assert "".join(chapter[1] for chapter in same) == untouched
    for chapter in same:
        passed = [
            {
                name: notebook_parameters(job, run, "")
                for name, job in jobs(run).items()
                if job["chapter"] == chapter
            }
            for run in runs
        ]
        assert passed[0] == passed[1], chapter
