"""``reconciler test``, and the same tests in ``plan`` and ``apply``: what fails is said, refused, or let through."""

import json
import re
import subprocess
from xml.etree import ElementTree

import pytest

from .conftest import _document as document
from .test_approvals import approval, printed
from .test_guards import FEATURE, apply, meter, pro, refused, stands, wrapped

BASE = "20"


def scenario(key="studio", **spec):
    tree = {"apiVersion": "reconciler/v1", "kind": "Scenario", "key": key, "spec": {"plan": "pro", **spec}}
    return json.dumps(tree) + "\n"


def catalogue(*scenarios, amount=BASE):
    return (*scenarios, meter(), FEATURE, pro(amount))


def price_test(key="studio", **expect):
    return scenario(key, expect=expect)


def test_all_pass_and_nothing_is_asked_of_a_server(run, live):
    live.project("token: {env: NOT_SET}").declare(*catalogue(price_test(total="20.00"), scenario("b")))
    ended = run("test")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"^✓ +studio +20\.00 USD +20\.00 USD$", ended.out, re.MULTILINE)
    assert re.search(r"^- +b +nothing +20\.00 USD$", ended.out, re.MULTILINE)
    assert ended.out.endswith("\n1 of 1 price test passed. 1 scenario expects nothing.\n")


def test_a_failure_ends_with_1_and_shows_the_place_and_the_bill(run, live):
    live.declare(*catalogue(price_test(total="21", lines={"base": "19"}), price_test("ok", atMost=20)))
    ended = run("test")
    assert ended.code == 1
    assert re.search(r"^✗ +studio +total 21\.00 USD +20\.00 USD +-1\.00$", ended.out, re.MULTILINE)
    assert re.search(r"^ +lines\.base 19\.00 USD +20\.00 USD +\+1\.00$", ended.out, re.MULTILINE)
    place = live.root / "catalog" / "all.yaml"
    column = place.read_text().splitlines()[0].index('"21"') + 1
    assert f"catalog/all.yaml:1:{column}: total: expected 21.00 USD, got 20.00 USD" in ended.out
    assert re.search(r"^ +Base +20\.00$", ended.out, re.MULTILINE)
    assert ended.out.endswith("1 of 2 price tests passed, 1 failed.\n")


def test_without_scenarios_it_says_how_to_write_one(run, live):
    live.declare(meter())
    ended = run("test")
    assert (ended.code, ended.out) == (
        0,
        "No scenarios are declared. A customer and what they are to pay: reconciler explain Scenario\n",
    )


def test_scenarios_that_expect_nothing_test_nothing_and_that_is_said(run, live):
    live.declare(*catalogue(scenario(), scenario("b")))
    ended = run("test")
    assert ended.code == 0
    assert ended.out.endswith("2 scenarios, none of which expects anything: nothing was tested.\n")


def test_targets_choose_and_one_that_matches_nothing_is_refused(run, live):
    live.declare(*catalogue(price_test("bad", total=1), price_test("good", total=20)))
    assert run("test", "--target", "Scenario/g*").code == 0
    assert run("test", "--target", "Scenario/bad").code == 1
    ended = run("test", "--target", "Scenario/none")
    assert (ended.code, "`Scenario/none` matches no scenario" in ended.err) == (64, True)


def test_json_has_every_number_as_text(run, live):
    live.declare(*catalogue(price_test(total="21.5"), scenario("b", description="Bo")))
    ended = run("test", "--format", "json")
    found = json.loads(ended.out)
    assert ended.code == 1
    assert found["summary"] == {"passed": 0, "failed": 1, "unchecked": 1}
    (environment,) = found["environments"]
    other, studio = environment["tests"]
    assert (environment["environment"], other["status"], other["description"]) == ("live", "unchecked", "Bo")
    assert (studio["status"], studio["total"], studio["currency"]) == ("failed", "20", "USD")
    assert studio["lines"][0] == {
        "card": "base", "phase": "main", "name": "Base", "from": "2026-01-01T00:00:00+00:00",
        "to": "2026-02-01T00:00:00+00:00", "quantity": "1", "total": "20",
    }  # fmt: skip
    (miss,) = studio["misses"]
    assert (miss["what"], miss["expected"], miss["got"], miss["difference"]) == (
        "total", "21.50 USD", "20.00 USD", "-1.5",
    )  # fmt: skip
    assert miss["location"]["line"] == 2 - 1


def test_junit_has_a_case_per_scenario(run, live):
    live.declare(*catalogue(price_test("bad", total=1), price_test("good", total=20), scenario("idle")))
    ended = run("test", "--format", "junit")
    assert ended.code == 1
    root = ElementTree.fromstring(ended.out)
    assert root.attrib == {"name": "price tests", "tests": "3", "failures": "1", "skipped": "1"}
    (suite,) = root
    bad, good, idle = suite
    assert (suite.get("name"), bad.get("name"), bad.get("file")) == ("live", "Scenario/bad", "catalog/all.yaml")
    assert bad[0].get("message") == "total: expected 1.00 USD, got 20.00 USD"
    assert "Base" in bad[0].text
    assert (list(good), idle[0].tag) == ([], "skipped")


def test_every_environment_has_its_own_prices(run, project):
    text = (project / "reconciler.yaml").read_text().replace("environments:", "variables: {fee: {type: decimal}}\n"
        "environments:\n  dear: {endpoint: 'sandbox:dear', vars: {fee: 30}}\n"
        "  cheap: {endpoint: 'sandbox:cheap', vars: {fee: 20}}")  # fmt: skip
    (project / "reconciler.yaml").write_text(text)
    documents = catalogue(price_test(total=20), amount="{{ vars.fee }}")
    lines = [one if isinstance(one, str) else document(*one[:3]) for one in documents]
    for name in ("meters", "features"):
        (project / "catalog" / f"{name}.yaml").unlink()
    (project / "catalog" / "all.yaml").write_text("---\n".join(lines))
    assert [run("test", "-e", name).code for name in ("cheap", "dear")] == [0, 1]
    ended = run("test", "-e", "*ea*")
    assert ended.code == 1
    assert ended.out.index("cheap:") < ended.out.index("1 of 1 price test passed.") < ended.out.index("dear:")
    root = ElementTree.fromstring(run("test", "-e", "*ea*", "--format", "junit").out)
    assert [(suite.get("name"), suite.get("failures")) for suite in root] == [("cheap", "0"), ("dear", "1")]


def test_manifests_that_do_not_read_are_a_failure_with_their_problems(run, live):
    live.declare(*catalogue(price_test(totl=1)))
    ended = run("test")
    assert (ended.code, "did you mean `total`?" in ended.err) == (1, True)


def test_what_is_live_is_compared_with(run, live):
    test = price_test(increaseVs={"live": {"atMost": "5%"}})
    live.declare(*catalogue(test))
    assert "there is no Plan/pro to compare with" in run("test").out
    apply(run)
    live.declare(*catalogue(test, amount="21"))
    assert run("test").code == 0
    live.declare(*catalogue(test, amount="21.01"))
    ended = run("test")
    assert ended.code == 1
    assert "expected at most 5% above live, got 1.01 USD (+5.1%): 20.00 USD -> 21.01 USD" in wrapped(ended.out)


def test_a_draft_that_is_live_is_nothing_that_anybody_pays(run, live):
    live.declare(meter(), FEATURE, pro(lifecycle={"state": "draft"}))
    apply(run)
    live.declare(*catalogue(price_test(increaseVs={"live": {"atMost": 0}}), amount="99"))
    ended = run("test")
    assert (ended.code, "there is no Plan/pro to compare with" in ended.out) == (0, True)


def test_a_revision_is_compared_with(run, live):
    live.declare(*catalogue(price_test(increaseVs={"v1": {"atMost": 0}})))

    git(live.root, "init", "-q")
    assert "git knows no revision `v1` here" in wrapped(run("test").out)
    git(live.root, "add", "-A")
    git(live.root, "commit", "-qm", "x")
    git(live.root, "tag", "v1")
    assert run("test").code == 0
    live.declare(*catalogue(price_test(increaseVs={"v1": {"atMost": 0}}), amount="20.01"))
    ended = run("test")
    assert ended.code == 1
    assert "expected at most 0.00 USD above v1, got 0.01 USD (+0.1%): 20.00 USD -> 20.01 USD" in wrapped(ended.out)


def test_a_failing_test_stands_between_plan_and_apply_and_its_flag_opens_it(run, live):
    live.declare(*catalogue(price_test(total="21")))
    planned = stands(run, live, "price-test:Scenario/studio", "total: expected 21.00 USD, got 20.00 USD")
    assert "--allow price-test:Scenario/studio" in planned.out
    refused(run, live, "price-test:Scenario/studio", "--allow", "price-test:Scenario/other")
    apply(run, "--allow", "price-test:Scenario/*")


def test_a_test_that_passes_or_expects_nothing_stands_in_no_way(run, live):
    live.declare(*catalogue(price_test(total="20"), scenario("b")))
    assert "Guards" not in run("plan").out
    apply(run)


def test_a_saved_plan_keeps_the_failure_until_it_is_consented_to(run, live):
    live.declare(*catalogue(price_test(total="21")))
    run("plan", "-o", "open.plan")
    run("plan", "-o", "good.plan", "--allow", "price-test:Scenario/studio")
    (guard,) = json.loads((live.root / "open.plan").read_text())["guards"]
    assert (guard["code"], guard["address"], guard["consentable"], guard["status"]) == (
        "price-test", "Scenario/studio", True, "open",
    )  # fmt: skip
    assert guard["message"] == "Scenario/studio: total: expected 21.00 USD, got 20.00 USD"
    before = live.everything()
    ended = run("apply", "--plan", "open.plan")
    assert (ended.code, live.everything()) == (3, before)
    assert run("apply", "--plan", "good.plan").code == 0


def test_what_cannot_be_billed_fails_its_test_in_the_plan_too(run, live):
    documents = catalogue(price_test(total=1))
    live.declare(*documents[:-1], pro(settlementMode="credit_only"))
    stands(run, live, "price-test:Scenario/studio", "it cannot be billed: a plan that is settled in credits only")


def test_what_cannot_be_billed_and_expects_nothing_fails_only_when_asked(run, live):
    documents = catalogue(scenario())
    live.declare(*documents[:-1], pro(settlementMode="credit_only"))
    assert "price-test" not in run("plan").out
    ended = run("test")
    assert ended.code == 1
    assert "it cannot be billed: a plan that is settled in credits only" in ended.out
    assert ended.out.endswith("0 of 1 price test passed, 1 failed.\n")


def test_going_back_is_held_to_the_tests_of_then(run, live):
    def commit(tag, *documents):
        live.declare(*documents)
        git(live.root, "add", "-A")
        git(live.root, "commit", "-qm", tag)
        git(live.root, "tag", tag)

    git(live.root, "init", "-q")
    commit("v0", *catalogue(amount="19"))
    commit("v1", *catalogue(price_test(increaseVs={"v0": {"atMost": 0}}), amount="20"))
    commit("v2", *catalogue(amount="18"))
    apply(run)
    ended = run("rollback", "--to", "v1", "--auto-approve", "--allow", "price-raising:Plan/pro")
    assert ended.code == 3
    assert "expected at most 0.00 USD above v0, got 1.00 USD (+5.3%): 19.00 USD -> 20.00 USD" in wrapped(ended.out)


def test_files_given_by_path_are_compared_with_all_of_a_revision(run, live):
    folder = live.root / "catalog"
    live.declare(*catalogue())
    git(live.root, "init", "-q")
    git(live.root, "add", "-A")
    git(live.root, "commit", "-qm", "x")
    live.declare(*catalogue(price_test(increaseVs={"HEAD": {"atMost": 0}}), amount="21"))
    (folder / "all.yaml").rename(folder / "new.yaml")
    ended = run("test", "catalog/new.yaml")
    assert ended.code == 1
    assert "20.00 USD -> 21.00 USD" in ended.out


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)


def test_live_is_what_was_observed_for_the_plan(run, live):
    test = price_test(increaseVs={"live": {"atMost": "5%"}})
    live.declare(*catalogue(test))
    apply(run)
    live.declare(*catalogue(test, amount="22"))
    allow = ("--allow", "price-raising:Plan/pro")
    stands(run, live, "price-test:Scenario/studio", "at most 5% above live", *allow)
    apply(run, *allow, "--allow", "price-test:Scenario/studio")


def test_an_approval_of_one_failure_is_none_of_the_next(run, live):
    live.declare(*catalogue(price_test(total="21")))
    digest = printed(run("plan"))
    consent = approval("price-test:Scenario/studio", change=digest)
    live.declare(*catalogue(consent, price_test(total="22")))
    refused(run, live, "price-test:Scenario/studio")
    live.declare(*catalogue(consent, price_test(total="21")))
    apply(run)


@pytest.mark.parametrize(("allow", "says"), [("price-test:Plan/pro", "a price test is a `Scenario`"),
                                             ("price-test:Scenaro/x", "did you mean `Scenario`?"),
                                             ("price-raising:Scenario/x", "there is no kind `Scenario`")])  # fmt: skip
def test_an_approval_of_a_price_test_names_a_scenario(run, live, allow, says):
    live.declare(*catalogue(approval(allow)))
    ended = run("validate")
    assert (ended.code, says in ended.out) == (1, True)


def test_scenarios_change_no_digest_of_the_change(run, live):
    def digest(*documents, allow=()):
        live.declare(*documents)
        run("plan", "-o", "x.plan", *allow)
        plan = json.loads((live.root / "x.plan").read_text())
        return plan["change_digest"], plan["source"]["manifests"]

    bare = digest(*catalogue())
    assert digest(*catalogue(price_test(total="20"))) == bare
    assert digest(*catalogue(price_test(total="21"))) == bare
    assert digest(*catalogue(price_test(total="21")), allow=("--allow", "price-test:*/*")) == bare
    assert digest(*catalogue(amount="20.01")) != bare


def test_where_nothing_changes_nothing_is_refused(run, live):
    live.declare(*catalogue())
    apply(run)
    live.declare(*catalogue(price_test(total="21")))
    planned = run("plan")
    assert "No changes." in planned.out
    assert "price-test" not in planned.out
    apply(run)


def test_a_part_of_the_catalogue_is_held_to_its_own_tests_only(run, live):
    live.declare(*catalogue(price_test(total="21")))
    assert "price-test" not in run("plan", "--target", "Meter/tokens").out
    assert "price-test:Scenario/studio" in run("plan", "--target", "Plan/pro").out


def test_destroying_is_held_to_no_price(run, live):
    live.declare(*catalogue())
    apply(run)
    live.declare(*catalogue(price_test(total="21")))
    ended = run("destroy", "--auto-approve", "--confirm", "live")
    assert ended.code == 0, ended
