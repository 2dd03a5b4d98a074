"""What is filed: the data registered, who gets which right, and the papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rights.domain.source_rights import Right


@dataclass(frozen=True)
class Allocation:
    """One right of one party, for how long and within which limits."""

    party_id: str
    right: Right
    term_months: int
    limits: str = ""


@dataclass(frozen=True)
class Subject:
    """The data that is registered, as the catalog has it."""

    dataset_id: str
    product_id: str
    version_id: str
    version_digest: str
    lineage_root: str
    data_form: str
    source_kind: str
    owner_party_id: str
    authorisation_id: str = ""
    authorisation_ends_on: date | None = None
    authorisation_in_force: bool = True
    source_dataset_ids: Sequence[str] = ()

    @property
    def asset_id(self) -> str:
        """What the certificate is about: the product when there is one, else the dataset."""
        return self.product_id or self.dataset_id


@dataclass(frozen=True)
class Paper:
    """An attachment that was handed in; its bytes are in the object store."""

    kind: str
    sha256: str
    sm3: str
    size: int
    media_type: str
