"""Shares of a fleet, and what several runs come to together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.workflow import Shard, most_serious

names = st.sets(st.text("abc_-19", min_size=1, max_size=6), max_size=40)


@given(names, st.integers(1, 50))
def test_every_environment_is_in_exactly_one_share(found, total):
    shares = [Shard(index, total).of(found) for index in range(1, total + 1)]
    assert sorted(name for share in shares for name in share) == sorted(found)
    sizes = {len(share) for share in shares}
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.text("ab", min_size=1), unique=True), st.integers(1, 5))
def test_a_share_is_the_same_in_whatever_order_the_names_come(found, total):
    assert Shard(1, total).of(found) == Shard(1, total).of(reversed(found))


@pytest.mark.parametrize(("text", "index", "total"), [("1/1", 1, 1), ("2/8", 2, 8), ("08/8", 8, 8)])
def test_a_share_is_written_as_index_and_total_from_1(text, index, total):
    assert Shard.parse(text) == Shard(index, total)


@pytest.mark.parametrize("text", ["", "0/8", "9/8", "1", "1/", "/2", "-1/2", "1/0", "a/b", "1/2/3", "1.5/2", "²/3"])
def test_anything_else_is_no_share(text):
    with pytest.raises(ValueError, match="INDEX/TOTAL"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("surroundings", "shard"),
    [({"JOB_COMPLETION_INDEX": "0"}, Shard(1, 4)), ({"JOB_COMPLETION_INDEX": "3"}, Shard(4, 4)),
     ({"CI_NODE_INDEX": "4"}, Shard(4, 4))],
)  # fmt: skip
def test_auto_is_what_the_ci_counts_from_its_own_first_number(surroundings, shard):
    assert Shard.parse("auto/4", surroundings) == shard


@pytest.mark.parametrize("surroundings", [{}, {"JOB_COMPLETION_INDEX": ""}, {"JOB_COMPLETION_INDEX": "4"}])
def test_auto_without_a_count_or_beyond_the_total_is_no_share(surroundings):
    with pytest.raises(ValueError, match=r"auto|INDEX/TOTAL"):
        Shard.parse("auto/4", surroundings)


@pytest.mark.parametrize(
    ("codes", "worst"),
    [([], 0), ([0, 0], 0), ([0, 2], 2), ([3, 2], 3), ([3, 64], 64), ([1, 3], 1), ([1, 5], 5), ([5, 4], 4),
     ([4, 130], 130), ([0, 77], 77)],
)  # fmt: skip
def test_what_is_half_done_weighs_more_than_what_was_refused(codes, worst):
    assert most_serious(codes) == worst
