"""Datasets: what a party holds, where it comes from, and to whom it is supplied."""

from dataclasses import dataclass
from datetime import datetime

from catalog.domain.refusals import SourceKindNotYours, SubjectNotForModels
from catalog.domain.themes import MADE_BY_DERIVATION, Form, SourceKind, Theme


@dataclass(frozen=True)
class Subject:
    """Which file has a row a person, the key its rows go by, and the column with the identity number."""

    file: str
    key_column: str
    identity_column: str


@dataclass(frozen=True)
class Dataset:
    """One asset; all its versions and all that is derived from it share its lineage root."""

    id: str
    owner_party_id: str
    supplier_party_id: str
    title: str
    title_en: str
    description: str
    description_en: str
    theme: Theme
    form: Form
    source_kind: SourceKind
    lineage_root: str
    authorisation_id: str
    source_dataset_ids: tuple[str, ...]
    subject: Subject | None
    # Whether rows of persons, or what was derived from them, are in it.
    has_persons: bool
    latest_version_id: str
    created_at: datetime
    version: int = 1

    def check_declared(self, *, by_supplier: bool) -> None:
        """What its owner may say of it."""
        if self.source_kind in MADE_BY_DERIVATION or (self.source_kind is SourceKind.PUBLIC_BODY and not by_supplier):
            raise SourceKindNotYours(source_kind=self.source_kind)
        if self.subject is not None and self.form is not Form.TABLE:
            raise SubjectNotForModels

    @property
    def is_derived(self) -> bool:
        """Whether a recipe made it."""
        return bool(self.source_dataset_ids)


@dataclass(frozen=True)
class Supply:
    """A supplier lets an authorised operator derive from a dataset."""

    dataset_id: str
    operator_party_id: str
    authorisation_id: str
    supplied_at: datetime
