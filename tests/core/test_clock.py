import os
import time

from sim2real.core.clock import settle


def test_files_of_the_future_become_files_of_now_in_the_same_order(tmp_path):
    now = time.time()
    for name, ahead in (("a", 90000.0), ("b", 90010.0), ("c", -500.0)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (now + ahead, now + ahead))
    (tmp_path / "link").symlink_to("b")
    settle(tmp_path.iterdir())
    times = {name: (tmp_path / name).stat().st_mtime for name in "abc"}
    assert (
        abs(times["b"] - now) < 5
        and abs(times["b"] - times["a"] - 10) < 1e-3
        and abs(times["b"] - times["c"] - 90510) < 1e-3
    )


def test_others_are_left_as_they_are(tmp_path):
    for name, ago in (("a", 100), ("b", 5)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - ago, time.time() - ago))
    before = [path.stat().st_mtime_ns for path in sorted(tmp_path.iterdir())]
    settle([*tmp_path.iterdir(), tmp_path / "absent"])
    assert before == [path.stat().st_mtime_ns for path in sorted(tmp_path.iterdir())]
