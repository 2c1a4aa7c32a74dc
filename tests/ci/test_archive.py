"""Archives of others: nothing of them is believed, and none takes more than its share."""

from __future__ import annotations

import io
import zipfile

import pytest

from reconciler.ci import archive
from reconciler.errors import HostError


def packed(files):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return kept.getvalue()


def test_files_are_given_by_their_paths_and_folders_are_none():
    assert archive.files(packed({"plans/": b"", "plans/a.plan": b"a", "./b": b"b"}), "x") == {
        "plans/a.plan": b"a",
        "b": b"b",
    }


def test_no_more_files_than_anybody_needs(monkeypatch):
    monkeypatch.setattr(archive, "_MOST_FILES", 2)
    assert len(archive.files(packed({"a": b"", "b": b""}), "x")) == 2
    with pytest.raises(HostError, match="more than 2 files"):
        archive.files(packed({"a": b"", "b": b"", "c": b""}), "x")


def test_exactly_as_much_as_may_be_is_read_and_of_a_bomb_no_byte_more(monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 1_000)
    asked = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda file, n=-1: asked.append(n) or read(file, n))
    assert archive.files(packed({"a": b"x" * 600, "b": b"x" * 400}), "x").keys() == {"a", "b"}
    with pytest.raises(HostError, match="unpacks to more than 1,000 bytes"):
        archive.files(packed({"a": b"x" * 600, "b": b"\0" * 10_000_000}), "x")
    assert asked == [1_001, 401] * 2


@pytest.mark.parametrize("cut", [1, 10, 30, 60])
def test_an_archive_that_was_cut_off_is_told(cut):
    with pytest.raises(HostError, match="cannot be read"):
        archive.files(packed({"a": b"x" * 600})[:-cut], "x")


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "C:a", "a\\b", "a\nb", "a\x1b[2Jb", "\u202ea"])
def test_a_path_that_leads_elsewhere_or_shows_as_another_is_refused(path):
    with pytest.raises(HostError, match="belongs elsewhere"):
        archive.files(packed({path: b""}), "x")
