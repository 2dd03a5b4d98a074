"""Catalog over HTTP, one module for each kind of thing."""

from catalog.inbound.http import authorisations, datasets, derivations, products, search, subjects, uploads, versions

ROUTERS = [
    module.router for module in (authorisations, datasets, versions, uploads, derivations, products, search, subjects)
]
