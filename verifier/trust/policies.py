"""Which of the authority's policies applies at this venue."""

from schemas.bundle import TrustBundle, VenuePolicy
from shell.errors import CommandError


def choose_policy(bundle: TrustBundle, policy_id: str | None) -> VenuePolicy:
    """The policy of that id, or the bundle's first; raises CommandError with the ids there are."""
    policy = bundle.policy(policy_id)
    if policy is None:
        known = ", ".join(policy.id for policy in bundle.policies)
        raise CommandError(f"there is no such policy; use --policy with one of: {known}")
    return policy
