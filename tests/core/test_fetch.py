"""A published run arrives whole and checked, or not at all."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sim2real.core.errors import Sim2RealError
from sim2real.core.fetch import REGISTRY, fetch, read_registry, write_registry
from sim2real.core.files import sha256

RECORD = Path(__file__).resolve().parents[2] / "book" / "chapters"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture
def record(tmp_path):
    """A small record with a folder, a name with a blank and its registry."""
    folder = tmp_path / "published"
    for name, text in (("parameters.yaml", "preset: tiny\n"), ("05_realism/distances.csv", "a,b\n1,2\n"), ("05_realism/fig 3.txt", "ü\n")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_registry(folder)
    return folder


@pytest.fixture
def address(record):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=record))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def refused(*arguments) -> str:
    with pytest.raises(Sim2RealError) as caught:
        fetch(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_file_arrives_from_a_folder_and_from_an_address(record, address, tmp_path):
    for k, source in enumerate((str(record), address, address + "/")):
        target = tmp_path / f"run{k}"
        assert fetch(source, record / REGISTRY, target) == 3
        found = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
        assert found == {path.relative_to(record).as_posix(): path.read_bytes() for path in record.rglob("*") if path.is_file()}


def test_a_wrong_checksum_is_one_line_that_names_the_file_and_leaves_nothing(record, address, tmp_path):
    (record / "05_realism" / "distances.csv").write_text("a,b\n1,3\n")
    for source in (str(record), address):
        told = refused(source, record / REGISTRY, tmp_path / "run")
        assert "05_realism/distances.csv" in told and "SHA-256 is not the one" in told
        assert not (tmp_path / "run").exists()


def test_a_fetch_goes_on_after_a_missing_file(record, address, tmp_path):
    text = (record / "parameters.yaml").read_text()
    (record / "parameters.yaml").unlink()
    assert "cannot be had" in refused(address, record / REGISTRY, tmp_path / "run")
    (record / "parameters.yaml").write_text(text)
    assert fetch(address, record / REGISTRY, tmp_path / "run") == 3


def test_a_folder_that_is_there_a_source_that_is_not_and_an_unknown_protocol_are_refused(record, tmp_path):
    (tmp_path / "run").mkdir()
    assert "is there already" in refused(str(record), record / REGISTRY, tmp_path / "run")
    assert "no such folder" in refused(str(tmp_path / "nowhere"), record / REGISTRY, tmp_path / "other")
    assert "gopher" in refused("gopher://old.example/", record / REGISTRY, tmp_path / "other")
    assert "no such registry" in refused(str(record), tmp_path / "none.txt", tmp_path / "other")


@pytest.mark.parametrize(
    "line", ["parameters.yaml abc", f"../outside.txt {64 * 'a'}", f"/etc/hosts {64 * 'a'}", f"a%2F..%2F..%2Fb {64 * 'a'}", "words"]
)
def test_a_registry_that_is_none_or_leads_elsewhere_is_refused(line, tmp_path):
    (tmp_path / REGISTRY).write_text(line + "\n")
    with pytest.raises(Sim2RealError, match="line 1"):
        read_registry(tmp_path / REGISTRY)


@pytest.mark.skipif(not (RECORD / REGISTRY).is_file(), reason="no run of record in this checkout")
def test_the_records_own_registry_names_every_file_as_it_is():
    there = {path.relative_to(RECORD).as_posix(): sha256(path) for path in RECORD.rglob("*") if path.is_file() and path.name != REGISTRY}
    assert read_registry(RECORD / REGISTRY) == there
