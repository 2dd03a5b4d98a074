"""What the other services read: facts of any state, and the bytes of published versions."""

from collections.abc import AsyncIterator

from catalog.domain.authorisation import Authorisation
from catalog.domain.dataset import Dataset
from catalog.domain.product import Product, ProductState
from catalog.domain.refusals import FileNotAnnounced, ProductNotFound, VersionNotFound
from catalog.domain.version import Version, VersionState
from catalog.ports import Cataloguing, Look


async def lend_dataset(app: Cataloguing, dataset_id: str) -> Dataset:
    """A dataset."""
    async with app.work(None) as work:
        return await work.datasets.get(dataset_id)


async def lend_version(app: Cataloguing, version_id: str) -> tuple[Version, Dataset, Look]:
    """A published version with all that was seen in it."""
    async with app.work(None) as work:
        version = await work.versions.get(version_id)
        if version.state is not VersionState.PUBLISHED:
            raise VersionNotFound(version_id=version_id)
        return version, await work.datasets.get(version.dataset_id), await work.versions.look(version.id)


async def lend_product(app: Cataloguing, product_id: str) -> tuple[Product, Dataset]:
    """A published product."""
    async with app.work(None) as work:
        product = await work.products.get(product_id)
        if product.state is ProductState.DRAFT:
            raise ProductNotFound(product_id=product_id)
        return product, await work.datasets.get(product.dataset_id)


async def lend_authorisation(app: Cataloguing, authorisation_id: str) -> tuple[Authorisation, bool]:
    """An authorisation, and whether it is in force."""
    async with app.work(None) as work:
        authorisation = await work.authorisations.get(authorisation_id)
        return authorisation, authorisation.in_force(work.now.date())


async def read_file(app: Cataloguing, version_id: str, name: str) -> AsyncIterator[bytes]:
    """The bytes of a published file, in order."""
    async with app.work(None) as work:
        version = await work.versions.get(version_id)
        version.need_published()
    digest = next((file.sha256 for file in version.files if file.name == name), None)
    if digest is None:
        raise FileNotAnnounced(announced=list(version.announced))
    async for piece in app.bytes.read(digest):
        yield piece
