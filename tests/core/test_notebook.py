"""How values are quoted in prose."""

import pytest

from sim2real.core.notebook import spoken


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "not available"),
        (0.8684, "0.868"),
        (0.9, "0.9"),
        (-0.0011, "-0.0011"),
        (0.0005, "0.0005"),
        (1.25, "1.25"),
        (60.0, "60"),
        (17.14, "17.1"),
        (7322.3, "7,322"),
        (1500, "1,500"),
        (0.0, "0"),
        (True, "True"),
        ("surrogate", "surrogate"),
    ],
)
def test_a_number_is_quoted_with_the_digits_that_matter(value, text):
    assert spoken(value) == text
