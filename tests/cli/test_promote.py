"""From staging to production, two namespaces on two ports: what is proven in one goes to the other, nothing else."""

import json
import shutil
from contextlib import ExitStack

import pytest
import yaml

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from ..workflow.test_revisions import git
from .conftest import Served
from .test_guards import FEATURE, meter, pro, wrapped

RAISE = ("--allow", "price-raising:Plan/pro")
OVERLAY = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
patch: { name: Pro (live) }
"""


class Pair:
    """Two served sandboxes and a project that promotes from one to the other; it is a git repository."""

    def __init__(self, root, staging, production, run):
        self.root, self.staging, self.production, self._run = root, staging, production, run
        self.write()
        (root / ".gitignore").write_text(".reconciler/\n")
        (root / "overlays" / "production").mkdir(parents=True)
        (root / "overlays" / "production" / "pro.yaml").write_text(OVERLAY)

    def write(self, production="soak: P2D,", staging=""):
        (self.root / "reconciler.yaml").write_text(
            "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n"
            "variables: {fee: {type: decimal, default: '20'}}\n"
            "environments:\n"
            f"  staging: {{ endpoint: '{self.staging.url}', {staging} }}\n"
            f"  production: {{ endpoint: '{self.production.url}', promotesFrom: staging, {production}\n"
            "    overlays: [overlays/production] }\n"
        )

    def declare(self, *documents):
        self.staging.declare(*documents)

    def apply(self, *options):
        ended = self._run("apply", "-e", "staging", "--auto-approve", *options)
        assert ended.code == 0, ended
        return ended

    def promote(self, *options):
        return self._run("promote", "--to", "production", *options)

    def done(self, *options):
        ended = self.promote("--auto-approve", *options)
        assert ended.code == 0, ended
        return ended

    def refused(self, says, *options):
        """Nothing goes to production, whatever is consented to; ends with what was said."""
        before = self.production.everything()
        ended = self.promote(*(options or ("--auto-approve",)), "--allow", "price-raising:*/*")
        assert (ended.code, self.production.everything() == before) == (3, True), ended
        assert says in wrapped(ended.out + ended.err), ended
        return ended

    def commit(self):
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", "x")
        return git(self.root, "rev-parse", "HEAD")


def active(served, key="pro"):
    (plan,) = [row for row in served.items("plans") if (row["key"], row["status"]) == (key, "active")]
    (base,) = [card for card in plan["phases"][0]["rateCards"] if card["key"] == "base"]
    return plan["version"], plan["name"], base["price"]["amount"]


def send(served, plan, **changes):
    """What somebody does in the UI: a new version, published."""
    fresh = served.send("POST", f"plans/{plan['id']}/next")
    body = {name: fresh[name] for name in ("name", "phases", "metadata", "billingCadence", "proRatingConfig")}
    served.send("PUT", f"plans/{fresh['id']}", {**body, **changes})
    served.send("POST", f"plans/{fresh['id']}/publish")


def live_plan(served):
    (plan,) = [row for row in served.items("plans") if row["status"] == "active"]
    return plan


@pytest.fixture
def pair(tmp_path, run, clock, monkeypatch):
    """Staging has the first catalogue since two days ago; production has nothing."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    monkeypatch.setattr("reconciler.workflow.now", clock)
    git(tmp_path, "init", "-q")
    with ExitStack() as stack:
        boxes = [Sandbox(":memory:", clock=clock) for _ in range(2)]
        staging, production = (Served(tmp_path, stack.enter_context(serving(box)).url, box) for box in boxes)
        found = Pair(tmp_path, staging, production, run)
        found.declare(meter(), FEATURE, pro("{{ vars.fee }}"))
        found.commit()
        found.apply()
        clock.wait(days=2, seconds=1)
        yield found


def test_what_is_proven_is_applied_with_the_overlays_of_where_it_goes(pair, run):
    ended = pair.done()
    assert "applied and active in staging" in ended.out
    assert "production differs from staging as overlays and variables declare: Plan/pro" in wrapped(ended.out)
    assert (active(pair.staging), active(pair.production)) == ((1, "Pro", "20"), (1, "Pro (live)", "20"))
    assert "No changes." in run("plan", "-e", "production").out


def test_a_price_change_goes_the_whole_way_with_consent_in_each_environment(pair, clock, run):
    pair.done()
    pair.declare(meter(), FEATURE, pro("25"))
    pair.refused("Plan/pro is not as declared: phases[main].rateCards[base].price.amount is `20` instead of `25`")
    pair.apply(*RAISE)
    pair.refused("not before")
    clock.wait(days=2, seconds=1)
    held = pair.promote("--auto-approve")
    assert (held.code, "price-raising:Plan/pro" in held.err) == (3, True)
    pair.done(*RAISE)
    assert (active(pair.staging), active(pair.production)) == ((2, "Pro", "25"), (2, "Pro (live)", "25"))


def test_a_soak_that_is_not_over_is_refused_with_the_time_when_it_will_be(pair, clock):
    pair.declare(meter(name="Renamed"), FEATURE, pro("{{ vars.fee }}"))
    clock.to(2026, 12, 5, 10)
    pair.apply()
    clock.to(2026, 12, 7, 9, 59, 59)
    ended = pair.refused("unchanged there since 2026-12-05T10:00:00Z (Meter/tokens); production asks for 2 days")
    assert "Tip: promote it from 2026-12-07T10:00:01Z on" in ended.err
    clock.to(2026, 12, 7, 10, 0, 1)
    pair.done()


def test_the_soak_needs_no_receipts(pair, clock):
    shutil.rmtree(pair.root / ".reconciler")
    pair.done()


def test_the_soak_starts_again_when_a_version_is_archived(pair, clock):
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"), pro(key="old"))
    pair.apply()
    clock.wait(days=3)
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"), ("Plan", "old", None, {"state": "absent"}))
    pair.write(staging="limits: {maxRemovals: 1},")
    pair.apply("--allow", "destructive:Plan/old")
    pair.refused("(Plan/old); production asks for 2 days")


def test_check_only_tells_and_ends_as_a_promotion_would(pair):
    before = pair.production.everything()
    ended = pair.promote("--check")
    assert (ended.code, "can have it" in ended.err) == (0, True)
    assert "Plan: 3 to create." in ended.out
    assert pair.production.everything() == before
    pair.declare(meter(), FEATURE, pro("25"))
    pair.refused("Plan/pro is not as declared", "--check")
    pair.apply(*RAISE)
    pair.write(production="")
    pair.done(*RAISE)
    pair.declare(meter(), FEATURE, pro("30"))
    pair.apply(*RAISE)
    open_guard = pair.promote("--check")
    assert (open_guard.code, "price-raising:Plan/pro" in open_guard.err) == (3, True)


def test_an_edit_in_staging_that_is_in_no_manifest_is_refused(pair):
    send(pair.staging, live_plan(pair.staging), name="Clicked")
    pair.write(production="")
    pair.refused("Plan/pro is not as declared: name is `Clicked` instead of `Pro`")


def test_a_field_that_is_left_to_others_must_not_differ_unless_an_overlay_leaves_it(pair):
    pair.write(production="")
    ignoring = pro("{{ vars.fee }}", lifecycle={"ignore": ["name"]})
    pair.declare(meter(), FEATURE, ignoring)
    send(pair.staging, live_plan(pair.staging), name="Clicked")
    pair.refused("Plan/pro is not as declared: name is `Clicked` instead of `Pro` (left to others in the manifests)")
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"))
    folder = pair.root / "overlays" / "staging"
    folder.mkdir()
    (folder / "pro.yaml").write_text(OVERLAY.replace("patch: { name: Pro (live) }", "lifecycle: { ignore: [name] }"))
    pair.write(production="", staging="overlays: [overlays/staging],")
    pair.done()
    assert active(pair.production)[1] == "Pro (live)"


def test_what_is_only_created_must_be_as_declared_in_staging_all_the_same(pair):
    pair.write(production="")
    pair.declare(meter(lifecycle={"manage": "create-only"}), FEATURE, pro("{{ vars.fee }}"))
    pair.done("--check")
    (live,) = pair.staging.items("meters")
    body = {name: live[name] for name in ("metadata", "groupBy") if name in live}
    pair.staging.send("PUT", f"meters/{live['id']}", {**body, "name": "Clicked"})
    pair.refused(
        "Meter/tokens is not as declared: name is `Clicked` instead of `Tokens` (left to others in the manifests)"
    )


def test_what_is_left_over_in_staging_is_said_and_is_not_promoted(pair, run):
    pair.write(production="")
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"), meter("kept"))
    pair.apply()
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"))
    said = pair.done().out
    assert "staging also has what is not in the bundle and is not promoted: Meter/kept" in wrapped(said)
    assert [row["slug"] for row in pair.production.items("meters")] == ["tokens"]


def test_what_would_stay_different_in_the_target_is_refused_too(pair):
    pair.write(production="")
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}", lifecycle={"ignore": ["description"]}))
    pair.done()
    send(pair.production, live_plan(pair.production), description="Clicked")
    said = pair.refused("would not be what is declared: Plan/pro is not as declared: description is `Clicked`")
    assert "let an overlay of production declare it" in said.err


def test_a_draft_of_somebody_else_in_staging_is_no_proof(pair):
    pair.staging.send("POST", f"plans/{live_plan(pair.staging)['id']}/next")
    pair.refused("not exactly what is live in staging")


def test_an_object_that_is_gone_in_staging_is_no_proof(pair):
    pair.staging.send("POST", f"plans/{live_plan(pair.staging)['id']}/archive")
    pair.refused("Plan/pro is not live")


def test_an_older_bundle_is_promoted_by_its_commit_and_only_while_it_is_live(pair, clock):
    first = git(pair.root, "rev-parse", "HEAD")
    pair.declare(("Meter", "half", {"written": "so far"}))
    ended = pair.promote("--check", "--bundle", first)
    assert (ended.code, f"{first[:10]}:catalog/all.yaml" in ended.out) == (0, True)
    pair.declare(meter(), FEATURE, pro("25"))
    pair.commit()
    pair.apply(*RAISE)
    clock.wait(days=3)
    pair.refused("is `25` instead of `20`", "--auto-approve", "--bundle", first)


def test_what_production_has_already_needs_no_proof(pair):
    first = git(pair.root, "rev-parse", "HEAD")
    pair.done("--bundle", first)
    pair.declare(meter(), FEATURE, pro("25"))
    pair.apply(*RAISE)
    ended = pair.promote("--check", "--bundle", first)
    assert (ended.code, "has it already" in ended.err) == (0, True)
    pair.done("--bundle", first)
    assert active(pair.production)[2] == "20"


def test_a_bundle_in_a_file_is_refused_when_it_was_changed(pair, run):
    kept = run("render", "--bundle", "-o", "bundles").out.strip()
    pair.declare(meter(), FEATURE, pro("25"))
    path = pair.root / kept
    text = path.read_text()
    path.write_text(text.replace("Tokens", "Tokenz"))
    pair.refused("was changed after it was made", "--auto-approve", "--bundle", kept)
    path.write_text(text)
    pair.done("--bundle", kept)
    assert active(pair.production)[2] == "20"


def test_a_plan_of_a_promotion_is_saved_and_applied_by_its_file(pair, run):
    saved = pair.promote("-o", "p.plan")
    assert saved.code == 0
    made = json.loads((pair.root / "p.plan").read_text())
    assert (made["mode"], made["source"]["promoted_from"], made["environment"]) == ("promote", "staging", "production")
    assert len(made["source"]["bundle"]) == 64
    assert run("apply", "--plan", "p.plan").code == 0
    assert active(pair.production) == (1, "Pro (live)", "20")


def test_the_plan_is_refused_when_production_moved_in_between(pair, run):
    pair.promote("-o", "p.plan")
    pair.production.send("POST", "features", {"key": "tokens", "name": "Somebody's"})
    ended = run("apply", "--plan", "p.plan")
    assert (ended.code, "Feature/tokens" in ended.err) == (3, True)


def test_an_approval_of_the_planned_change_holds_for_its_promotion(pair, run, clock):
    pair.done()
    pair.declare(meter(), FEATURE, pro("25"))
    pair.apply(*RAISE)
    clock.wait(days=3)
    run("plan", "-e", "production", "-o", "x.plan")
    (guard,) = json.loads((pair.root / "x.plan").read_text())["guards"]
    spec = {"allow": ["price-raising:Plan/pro"], "because": "board decision 14", "change": guard["change"]}
    approval = {"apiVersion": "reconciler/v1", "kind": "Approval", "key": "raise", "spec": spec}
    (pair.root / "catalog" / "approval.json").write_text(json.dumps(approval))
    assert "consented by catalog/approval.json:1 (raise)" in pair.done().out


def test_a_plan_that_passes_by_staging_says_so(pair, run):
    planned = run("plan", "-e", "production")
    assert "production is promoted from staging" in wrapped(planned.out)
    assert "[project.unproven]" in wrapped(planned.out)
    assert "[project.unproven]" not in run("plan", "-e", "staging").out
    assert "[project.unproven]" not in pair.promote("--check").out
    pair.promote("--pin")
    assert "[project.unproven]" not in run("plan", "-e", "production").out


def test_by_pull_request_a_branch_moves_one_line(pair, run, clock):
    pair.done()
    pair.declare(meter(), FEATURE, pro("25"))
    pair.apply(*RAISE)
    pair.commit()
    early = pair.promote("--pin")
    assert (early.code, "bundle:" in (pair.root / "reconciler.yaml").read_text()) == (3, False)
    clock.wait(days=3)
    assert pair.promote("--pin").code == 0
    changed = git(pair.root, "diff", "--unified=0", "--no-color").splitlines()
    lines = [line for line in changed if line[0] in "+-" and not line.startswith(("+++", "---"))]
    assert len([line for line in lines if line.startswith("+")]) == 1
    assert "bundle: sha256:" in next(line for line in lines if line.startswith("+"))
    pair.commit()
    # What is merged meanwhile is for the next time: production has its bundle, whatever the files say.
    pair.declare(meter(), FEATURE, pro("99"))
    assert "20 -> 25 USD" in run("plan", "-e", "production").out
    pair.done(*RAISE)
    assert active(pair.production) == (2, "Pro (live)", "25")
    assert "No changes." in run("plan", "-e", "production").out
    assert run("drift", "-e", "production").code == 0


def test_a_pin_of_what_no_commit_makes_is_kept_as_a_file(pair, run):
    pair.declare(meter(), FEATURE, pro("{{ vars.fee }}"), "# uncommitted\n")
    (pair.root / "catalog" / "more.yaml").write_text(
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: more\nspec: {eventType: a, aggregation: COUNT}\n"
    )
    pair.write(production="")
    pair.apply()
    assert pair.promote("--pin").code == 0
    (kept,) = (pair.root / "bundles").iterdir()
    reference = yaml.safe_load((pair.root / "reconciler.yaml").read_text())["environments"]["production"]["bundle"]
    assert reference.replace(":", "-") + ".json" == kept.name
    (pair.root / "catalog" / "more.yaml").unlink()
    assert "+ Meter/more" in run("plan", "-e", "production").out


def test_a_pinned_environment_takes_no_other_bundle(pair):
    first = git(pair.root, "rev-parse", "HEAD")
    pair.promote("--pin")
    pair.declare(meter(), FEATURE, pro("25"))
    pair.apply(*RAISE)
    second = pair.commit()
    ended = pair.promote("--auto-approve", "--bundle", second)
    assert (ended.code, "production is pinned to the bundle" in ended.err) == (64, True)
    assert first != second


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--from", "production", "--to", "production"), 64, "cannot be promoted to itself"),
        (("--from", "sandbox", "--to", "production"), 64, "production is promoted from staging, not from sandbox"),
        (("--to", "staging"), 64, "names no environment to promote from"),
        (("--to", "nowhere"), 64, "there is no environment `nowhere`"),
        (("--to", "production", "--check", "-o", "x"), 64, "exclude each other"),
        (("--to", "production", "--check", "--bundle", "nothing"), 3, "there is no bundle `nothing`"),
    ],
)
def test_what_makes_no_sense_is_refused(pair, run, options, code, says):
    ended = run("promote", "--auto-approve", *options)
    assert (ended.code, says in wrapped(ended.err)) == (code, True), ended


def test_two_names_of_one_namespace_are_refused(pair):
    text = (pair.root / "reconciler.yaml").read_text()
    (pair.root / "reconciler.yaml").write_text(text.replace(pair.production.url, pair.staging.url))
    pair.refused("are the same namespace")


def test_without_a_terminal_it_asks_for_approval(pair, run):
    ended = run("promote", "--to", "production")
    assert (ended.code, "nobody can be asked" in ended.err) == (64, True)


def test_a_freeze_window_holds_a_promotion_up(pair, clock):
    pair.write(production="")
    pair.done()
    pair.declare(meter(), FEATURE, pro("25"))
    pair.apply(*RAISE)
    pair.write(production="freeze: [{from: 2026-12-01, to: 2026-12-31, because: nobody is here}],")
    pair.refused("frozen:Plan/pro")


def test_a_plan_in_json_is_the_only_data(pair):
    ended = pair.promote("--check", "--format", "json")
    assert json.loads(ended.out)["mode"] == "promote"
    assert "applied and active in staging" in ended.err


def test_receipts_of_a_promotion_are_a_base_of_drift(pair, run, tmp_path):
    pair.done()
    served = pair.production
    send(served, live_plan(served), name="Clicked")
    base = tmp_path / ".reconciler" / "receipts" / "production.jsonl"
    ended = run("drift", "-e", "production", "--base", str(base), "--format", "json")
    assert ended.code == 2, ended
    (found,) = json.loads(ended.out)["objects"]
    assert [field["origin"] for field in found["fields"]] == ["outside"]


def test_receipts_of_a_bundle_that_no_commit_declares_are_no_base(pair, run, tmp_path):
    older = git(pair.root, "rev-parse", "HEAD")
    pair.declare(meter(name="Newer"), FEATURE, pro("{{ vars.fee }}"))
    pair.commit()
    pair.done("--bundle", older)
    base = tmp_path / ".reconciler" / "receipts" / "production.jsonl"
    ended = run("drift", "-e", "production", "--base", str(base))
    assert (ended.code, "which is not what its commit declares" in wrapped(ended.err)) == (64, True), ended
