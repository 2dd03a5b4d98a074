"""Finding persons by token: the identity verifier's key, and the index that delivery asks for."""

import hmac
from collections.abc import AsyncIterator
from datetime import datetime

from catalog.domain.derivation import people_of
from catalog.domain.recipe import recipe_of
from catalog.domain.refusals import IdentityKeyMissing, IdentityKeyStands, SubjectsNotIndexable
from catalog.ports import Cataloguing, Work
from catalog.use_cases.publishing import sources_of
from kernel.callers import Caller
from kernel.work import Ticket


async def deposit_identity_key(app: Cataloguing, caller: Caller, once: Ticket, key: bytes) -> datetime:
    """Keep the verifier's key, sealed; the same key again changes nothing, another is refused."""
    async with app.work(once) as work:
        known = await work.identity_keys.get()
        if known is not None:
            if not hmac.compare_digest(app.sealer.unseal(known[0]), key):
                raise IdentityKeyStands
            return work.settle(known[1])
        await work.identity_keys.add(caller.party_id, app.sealer.seal(key), work.now)
        return work.settle(work.now)


async def index_subjects(
    app: Cataloguing, version_id: str, contract_key: bytes
) -> AsyncIterator[list[tuple[str, str, str]]]:
    """Batches of (row token, subject token, identity pseudonym); identity numbers stay in the worker process."""
    async with app.work(None) as work:
        name, sha256, columns, dataset_key = await _people(app, work, version_id)
        known = await work.identity_keys.get()
    if known is None:
        raise IdentityKeyMissing
    keys = (dataset_key, contract_key, app.sealer.unseal(known[0]))
    async with app.bytes.at_hand({name: sha256}) as paths:
        async for batch in app.workers.index(name, paths[name], columns, keys):
            yield batch


async def _people(app: Cataloguing, work: Work, version_id: str) -> tuple[str, str, tuple[str, str], bytes]:
    """The source's people file, its digest and columns, and the key its tokens were made with."""
    version = await work.versions.get(version_id)
    version.need_published()
    derivation = await work.derivations.of_version(version.id)
    if derivation is None:
        raise SubjectsNotIndexable
    source = people_of(await sources_of(work, derivation), recipe_of(derivation.recipe))
    subject = source.dataset.subject
    sha256 = next((file.sha256 for file in source.version.files if subject and file.name == subject.file), None)
    if subject is None or sha256 is None:
        raise SubjectsNotIndexable
    columns = (subject.key_column, subject.identity_column)
    return subject.file, sha256, columns, app.sealer.unseal(derivation.sealed_key)
