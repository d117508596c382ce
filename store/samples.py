"""The sample stories that come with Parley, and the check whether they are loaded."""

from pathlib import Path

from store.types import Revision

STARTER = Path(__file__).parent / "starter"

FINGERPRINTS = frozenset({"c37cd0318cb08b6e62c51dc8fc1b22a2d51c6d9567c7740c787d04bce1be4eda"})
"""The fingerprints of the sample stories in this version of Parley and in all versions before it.

A revision stores the fingerprint of its documents. Unlike a path, a fingerprint is still right
after an undo, and in a copied or restored database. A folder with one document more or less does
not count as the sample stories.
"""


def are_loaded(revision: Revision | None) -> bool:
    """Return whether a revision holds the sample stories and nothing else."""
    return revision is not None and revision.fingerprint in FINGERPRINTS
