"""Promotion: exactly what is proven in one environment is planned for the next.

The proof is read from the live catalogue of the first one: nothing of it rests on receipts, which a CI runner does not
have. How long something has been live is told by the server's own timestamps.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from reconciler.errors import BundleError, PromotionError, RefusedError, UsageError
from reconciler.kinds.registry import KINDS
from reconciler.manifest import BUNDLES_FOLDER
from reconciler.model import Address, Desired, Plan, Promotion, Proof
from reconciler.planning.options import PlanOptions
from reconciler.planning.proof import beside, last_change, strictly, undeclared, unproven
from reconciler.project import Bundle, BundleReference
from reconciler.workflow.answers import answered
from reconciler.workflow.bundles import bundle_of, find_bundle, pinned, resolve, with_bundle
from reconciler.workflow.context import Context, connect, load_desired, now
from reconciler.workflow.plans import plan_for, require_identity, rfc3339
from reconciler.workflow.requests import PlanRequest, revealer


def choose_bundle(source: Context, target: Context, named: str | None = None, *, moving: bool = False) -> Bundle:
    """What to promote: the bundle that is named, else the one of a pinned environment, else that of the files at hand.

    The target's pin comes before the source's. ``moving``: the target's pin is about to be moved, so it does not count.
    Raises ``BundleError``, and ``UsageError`` where the target is pinned to another bundle than the one named.
    """
    at_target = None if moving else pinned(target).bundle
    if named is not None:
        chosen = find_bundle(target, named)
        if at_target is not None and at_target.digest != chosen.digest:
            raise UsageError(
                f"{target.environment.name} is pinned to the bundle {at_target.short}, not to {chosen.short}",
                tip="give --pin to move it, in a reviewed change; without --bundle the pinned one is promoted",
            )
        return chosen
    return at_target or pinned(source).bundle or bundle_of(target)


def make_promotion(source: Context, target: Context, bundle: Bundle, request: PlanRequest) -> Promotion:
    """What is known of a bundle where it comes from, and the plan for where it goes. Writes nothing.

    Raises ``UsageError`` where the target takes its catalogue from elsewhere, ``RefusedError`` where both are one
    namespace, and ``ManifestError`` where one of them cannot declare the bundle.
    """
    _require_order(source, target)
    source, target = with_bundle(source, bundle), with_bundle(target, bundle)
    here, there = load_desired(source), load_desired(target)
    proof = _proof(source, here, there, target)
    with connect(target, read_only=True) as backend:
        made, observation = plan_for(target, there, backend, request, mode="promote")
        strict, _ = answered(backend, strictly(there, here), observation, _options(target))
    _require_apart(proof, made)
    made = replace(made, source=replace(made.source, promoted_from=source.environment.name))
    return Promotion(
        bundle.digest,
        bundle.commit,
        bundle.dirty,
        proof,
        made,
        differences=_differences(here, there),
        staying=tuple(undeclared(strict, made)),
    )


def require_proven(found: Promotion) -> None:
    """Raises ``PromotionError`` with every reason for which the bundle may not be promoted, and until when.

    A target that has exactly this bundle already may keep it, whatever became of the source.
    """
    proof, short, target = found.proof, found.bundle[:12], found.plan.target.environment
    if found.is_there:
        return
    if found.staying:
        raise PromotionError(
            found.staying,
            f"{target} would not be what the bundle {short} declares",
            tip=f"put it back in {target}, or let an overlay of {target} declare it",
        )
    if proof.reasons:
        raise PromotionError(
            proof.reasons,
            f"the bundle {short} is not exactly what is live in {proof.source.environment}",
            tip=f"apply it there first: reconciler apply -e {proof.source.environment}",
        )
    if not proof.holds(now()):
        raise PromotionError((), _too_early(proof, short, target), tip=_when(proof.soaked_at))


def _too_early(proof: Proof, short: str, to: str) -> str:
    source = proof.source.environment
    if proof.changed is None:
        return f"nothing of the bundle {short} is live in {source}, so nobody knows for how long"
    since = f"{rfc3339(proof.changed.at.replace(microsecond=0))} ({proof.changed.what})"
    return f"the bundle {short} has been live in {source} since {since}, less than {to} asks for"


def _when(moment: datetime | None) -> str | None:
    return f"promote it from {rfc3339(moment)} on" if moment is not None else None


def _require_order(source: Context, target: Context) -> None:
    before, name = target.environment.promotes_from, target.environment.name
    if source.environment.name == name:
        raise UsageError(f"{name} cannot be promoted to itself")
    if before is not None and before != source.environment.name:
        raise UsageError(
            f"{name} is promoted from {before}, not from {source.environment.name}",
            tip=f"`promotesFrom` under environments.{name} in the project file says so",
        )


def _require_apart(proof: Proof, made: Plan) -> None:
    one, other = proof.source, made.target
    if (one.identity or one.endpoint) == (other.identity or other.endpoint):
        raise RefusedError(
            f"{one.environment} and {other.environment} are the same namespace ({one.identity or one.endpoint})",
            tip="check the endpoints and tokens: reconciler env check",
            reason="same-namespace",
        )


def _proof(context: Context, here: Desired, there: Desired, target: Context) -> Proof:
    """Everything declared is read again where it is said to be live."""
    options = _options(context)
    with connect(context, read_only=True) as backend:
        observation = backend.observe(KINDS, named=here.resources)
        require_identity(context, observation.identity)
        lenient, observation = answered(backend, here, observation, options)
        strict, observation = answered(backend, strictly(here, there), observation, options)
    return Proof(
        source=strict.target,
        objects=len(here.resources),
        reasons=tuple(dict.fromkeys(unproven(strict, lenient))),
        changed=last_change(here, observation, options),
        soak=target.environment.soak,
        extra=beside(here, observation, options),
    )


def _options(context: Context) -> PlanOptions:
    """As a plan without consents would be made."""
    return PlanOptions(api=context.environment.api, prune=bool(context.environment.prune), reveal=revealer(context))


def _differences(here: Desired, there: Desired) -> tuple[Address, ...]:
    """The objects that overlays and variables make different."""
    addresses = dict.fromkeys([*there.resources, *here.resources])
    return tuple(address for address in addresses if _content(here, address) != _content(there, address))


def _content(desired: Desired, address: Address) -> object:
    found = desired.resources.get(address)
    return (found.spec, found.management.state, found.management.manage) if found is not None else None


def pin_bundle(target: Context, bundle: Bundle) -> str:
    """Write into the project file which bundle an environment has; the place where it stands now.

    The reference names the commit that makes the bundle; where none does, the bundle is kept as a file beside it.
    Raises ``UsageError`` where no file declares the environment.
    """
    from reconciler.project import pinning

    reference = _reference(target, bundle)
    return str(pinning.pin_bundle(target.project, target.environment.name, str(reference)))


def _reference(context: Context, bundle: Bundle) -> BundleReference:
    """A reference by which the bundle is found again."""
    from reconciler.project.bundles import dumps
    from reconciler.project.git import commit_of

    commit = commit_of(context.project.root, bundle.commit) if bundle.commit else None
    if commit is not None:
        reference = BundleReference(bundle.digest, commit)
        with suppress(BundleError):
            resolve(context, reference)
            return reference
    folder = context.project.root / BUNDLES_FOLDER
    folder.mkdir(exist_ok=True)
    (folder / bundle.file_name).write_text(dumps(bundle), encoding="utf-8")
    return BundleReference(bundle.digest)
