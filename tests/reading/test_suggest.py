from reconciler.reading.suggest import did_you_mean, nearest, one_of


def test_letter_case_and_separators_count_little():
    assert nearest("feature_key", ["featureKey", "feature"]) == "featureKey"


def test_a_typo_finds_its_word():
    assert did_you_mean("agregation", ["aggregation", "name"]) == "; did you mean `aggregation`?"


def test_nothing_close_is_no_suggestion():
    assert did_you_mean("zzz", ["aggregation", "name"]) == ""


def test_a_very_long_name_is_not_compared():
    assert nearest("a" * 10_000, ["a" * 9_999]) is None


def test_a_list_of_names_reads_like_a_sentence():
    assert one_of(["a"]) == "`a`"
    assert one_of(["a", "b", "c"]) == "`a`, `b` or `c`"
