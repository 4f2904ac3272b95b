import pandas as pd
import pytest

from sim2real.core.errors import Sim2RealError
from sim2real.core.resumable import resumable_folder, shard_of


@pytest.mark.parametrize("n", [1, 3, 7, 12])
def test_shards_share_out_every_piece_once_and_evenly(n):
    parts = [list(shard_of(range(11), f"{i}/{n}")) for i in range(1, n + 1)]
    assert sorted(sum(parts, [])) == list(range(11))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_rows_of_a_table_are_shared_out_too():
    assert list(shard_of(pd.DataFrame({"subject": list("abcde")}), "2/2")["subject"]) == ["b", "d"]


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "1/0", "-1/2", "a/b", "1/2/3", ""])
def test_what_is_no_shard_is_refused_in_one_line(shard):
    with pytest.raises(Sim2RealError, match="expected i/n"):
        shard_of(range(5), shard)


def test_work_of_another_kind_is_removed_but_never_by_one_of_several(tmp_path):
    folder = tmp_path / "pieces"
    resumable_folder(folder, "one", shared=True)
    (folder / "piece").write_text("kept")
    assert (resumable_folder(folder, "one", shared=True) / "piece").exists()
    assert (resumable_folder(folder, "one") / "piece").exists()
    with pytest.raises(Sim2RealError, match="made with other parameters"):
        resumable_folder(folder, "two", shared=True)
    assert (folder / "piece").exists()
    assert not (resumable_folder(folder, "two") / "piece").exists()


def test_pieces_that_nothing_tells_the_make_of_are_not_taken_for_a_shard_s(tmp_path):
    (tmp_path / "piece").write_text("of a folder half removed")
    with pytest.raises(Sim2RealError, match="made with other parameters"):
        resumable_folder(tmp_path, "one", shared=True)
