from sim2real.data.resumable import resumable_folder


def test_pieces_of_the_same_make_are_kept_and_others_removed(tmp_path):
    folder = tmp_path / "pieces"
    resumable_folder(folder, "one")
    (folder / "piece").write_text("kept")
    assert (resumable_folder(folder, "one") / "piece").exists()
    assert not (resumable_folder(folder, "two") / "piece").exists()


def test_pieces_of_an_unknown_make_are_removed(tmp_path):
    (tmp_path / "piece").write_text("of a folder half removed")
    assert not (resumable_folder(tmp_path, "one") / "piece").exists()
