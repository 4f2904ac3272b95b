"""Files that stand in the place of others."""

import gzip

import pytest

from sim2real.data import Sim2RealError, require_fetched, unfetched

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
ANNEX = "/annex/objects/MD5E-s120--4d7a.nii.gz\n"


def test_a_file_that_is_there_needs_no_fetching(tmp_path):
    path = tmp_path / "a.nii.gz"
    assert unfetched(path) == ""  # absent: whoever opens it says so
    path.write_bytes(gzip.compress(b"voxels"))
    (tmp_path / "link.nii.gz").symlink_to(path)
    assert unfetched(path) == "" and unfetched(tmp_path / "link.nii.gz") == ""


@pytest.mark.parametrize(
    ("content", "told"), [(LFS, "fetch it with 'git lfs pull'"), (ANNEX, "'git annex get'")]
)
def test_a_pointer_is_told_with_what_fetches_the_file(tmp_path, content, told):
    path = tmp_path / "a.nii.gz"
    path.write_text(content)
    assert told in unfetched(path) and "damaged" not in unfetched(path)
    with pytest.raises(Sim2RealError, match=f"a.nii.gz: is a pointer .*{told}"):
        require_fetched(path)


@pytest.mark.parametrize(
    ("target", "told"),
    [("../.git/annex/objects/x/y.nii.gz", "'git annex get'"), ("/gone/y.nii.gz", "restore that")],
)
def test_a_link_that_leads_nowhere_is_told_with_its_target(tmp_path, target, told):
    path = tmp_path / "a.nii.gz"
    path.symlink_to(target)
    assert unfetched(path).startswith(f"is a link to {target}, which is not there")
    assert told in unfetched(path)


def test_a_file_in_a_folder_whose_link_leads_nowhere(tmp_path):
    (tmp_path / "A1").symlink_to("/gone/A1")
    assert unfetched(tmp_path / "A1/a.nii.gz").startswith("lies in a link to /gone/A1")


def test_a_file_that_a_mac_has_sent_to_its_cloud(tmp_path):
    (tmp_path / ".a.nii.gz.icloud").write_bytes(b"bplist00")
    assert unfetched(tmp_path / "a.nii.gz").startswith("is in iCloud")
    (tmp_path / "a.nii.gz").write_bytes(b"here again")
    assert unfetched(tmp_path / "a.nii.gz") == unfetched(tmp_path / "b.nii.gz") == ""
