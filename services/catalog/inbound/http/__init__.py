"""Catalog over HTTP, one module for each kind of thing."""

from catalog.inbound.http import authorisations, datasets, derivations, products, search, subjects, versions

ROUTERS = [module.router for module in (authorisations, datasets, versions, derivations, products, search, subjects)]
