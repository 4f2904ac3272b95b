import io

import matplotlib.pyplot as plt
import pandas as pd

from sim2real.population import sample_subject
from sim2real.population.figures import bands_figure, volumes_figure
from sim2real.population.stage import population_table
from sim2real.population.summary import against_bands


def picture(subjects: pd.DataFrame) -> bytes:
    figure, buffer = volumes_figure(subjects), io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


def test_the_same_subjects_give_the_same_picture_and_others_another():
    people = [sample_subject(0, index, 0.5) for index in range(7)]
    rows = [
        {
            "name": p.name,
            "group": p.group,
            "sex": p.sex,
            "lv_edv_ml": p.lv_edv_ml,
            "lv_esv_ml": p.lv_esv_ml,
        }
        for p in people
    ]
    assert picture(pd.DataFrame(rows)) == picture(pd.DataFrame(rows))
    assert picture(pd.DataFrame(rows)) != picture(pd.DataFrame(rows[:6]))


def test_bands_are_drawn_where_no_healthy_person_is_of_one_sex():
    drawn = [sample_subject(0, index, 1.0) for index in range(8)]
    men = population_table([person for person in drawn if person.sex == "M"][:1])
    figure = bands_figure(men, against_bands(men))
    points = [len(line.get_xdata()) for axes in figure.axes for line in axes.get_lines()]
    assert 0 in points and 1 in points
    plt.close(figure)
