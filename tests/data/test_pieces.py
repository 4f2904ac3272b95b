import numpy as np

from sim2real.data import LV, MYO, RV, largest_pieces


def heart():
    labels = np.zeros((3, 20, 26), np.uint8)
    labels[:, 5:14, 10:20] = MYO
    labels[:, 7:12, 12:18] = LV
    labels[:, 6:13, 4:10] = RV
    return labels


def test_a_whole_heart_stays_as_it_is():
    assert np.array_equal(largest_pieces(heart()), heart())


def test_islands_away_from_the_heart_and_within_it_are_removed():
    labels = heart()
    labels[0, 17:19, 2:5] = LV  # in the liver
    labels[1, 0:2, 24:26] = MYO
    labels[2, 8, 5:7] = LV  # within the RV
    assert np.array_equal(
        largest_pieces(labels) > 0, (heart() > 0) & ~((labels == LV) & (heart() == RV))
    )
    assert (largest_pieces(labels) == LV).sum() == (heart() == LV).sum()


def test_pieces_that_meet_in_another_slice_are_one():
    labels = np.zeros((2, 9, 12), np.uint8)
    labels[0, 2:7, 2:10] = RV
    labels[1, 2:7, 2:4] = labels[1, 2:7, 8:10] = RV
    assert np.array_equal(largest_pieces(labels), labels)


def test_nothing_predicted_stays_nothing():
    assert not largest_pieces(np.zeros((2, 5, 7), np.uint8)).any()


def test_the_labels_given_are_not_changed():
    labels = heart()
    labels[0, 17:19, 2:5] = LV
    before = labels.copy()
    largest_pieces(labels)
    assert np.array_equal(labels, before)
