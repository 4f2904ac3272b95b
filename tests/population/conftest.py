import pytest

from sim2real.population import sample_subject


@pytest.fixture(scope="session")
def one_of_each():
    """The first subject of each group that the seed gives: group to subject."""
    found = {}
    for index in range(60):
        subject = sample_subject(11, index, 0.3)
        found.setdefault(subject.group, subject)
    return found
