"""The example of the README runs as it stands, with the translator of a tiny run."""

import re
from pathlib import Path

from PIL import Image

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_a_subject_its_map_its_image_and_its_translation_make_a_picture(
    tiny_run, tmp_path, monkeypatch
):
    example = re.search(r"```python\n(.*?)```", README, flags=re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    exec(example.replace("runs/quick", str(tiny_run)), {})
    assert min(Image.open("heart.png").size) > 100
