"""Offline verification of the market's certificates; it imports no service and believes no certificate's own word."""

from market.verify.certificate import verify_file, verify_text
from market.verify.merkle import is_consistent, verify_consistency
from market.verify.refusals import NotVerified
from market.verify.trust import Trust
from market.verify.verdict import Verdict
from market.verify.witness import Witness

__all__ = [
    "NotVerified", "Trust", "Verdict", "Witness", "is_consistent", "verify_consistency", "verify_file", "verify_text",
]  # fmt: skip
