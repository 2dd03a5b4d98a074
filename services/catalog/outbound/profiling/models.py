"""The profile of an IFC model's real bytes: what is in it, who is named in it, and the counts of a quality report."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.util.element
import ifcopenshell.util.unit

from catalog.outbound.profiling.elements import Instance, open_model, rooted
from catalog.outbound.profiling.quality import rule

SCHEMAS = {"IFC2X3", "IFC4", "IFC4X1", "IFC4X2", "IFC4X3", "IFC4X3_ADD2"}
CLASSES_MAX = 500
LISTED_MAX = 500
_GLOBAL_ID = re.compile(r"^[0-3][0-9A-Za-z_$]{21}$")
_PLACEHOLDERS = {"", "none", "undefined", "enter address here", "$"}
Json = dict[str, Any]  # Any: JSON values


def profile_model(paths: Mapping[str, Path] | Sequence[Path], *, as_of: date | None = None) -> Json:
    """The profile of the IFC files of one version: ``{name: path}``, or paths that name themselves."""
    named = dict(paths) if isinstance(paths, Mapping) else {path.name: path for path in paths}
    models = {name: open_model(name, path) for name, path in named.items()}
    return profile_models(models, as_of or date.today())  # noqa: DTZ011 - a bench's default; the service gives business time


def profile_models(models: Mapping[str, ifcopenshell.file], as_of: date) -> Json:
    """The profile of models that are open already."""
    files = {name: _file(name, model) for name, model in sorted(models.items())}
    return {
        "kind": "bim",
        "engine": f"ifcopenshell {ifcopenshell.version}",
        "as_of": as_of.isoformat(),
        "elements": sum(file["elements"]["count"] for file in files.values()),
        "files": list(files.values()),
        "personal": [entry for name, model in sorted(models.items()) for entry in _personal(name, model)],
        "quality": [entry for name in files for entry in _quality(name, files[name], as_of) if entry["b"]],
    }


def _file(name: str, model: ifcopenshell.file) -> Json:
    instances: Iterable[Instance] = model
    classes = Counter(str(instance.is_a()) for instance in instances)
    return {
        "name": name,
        "schema": model.schema_identifier,
        "header": _header(model),
        "instances": sum(classes.values()),
        "classes": dict(classes.most_common(CLASSES_MAX)),
        "storeys": [
            {"name": storey.Name, "elevation": storey.Elevation, "elements": len(_contained(storey))}
            for storey in model.by_type("IfcBuildingStorey")[:LISTED_MAX]
        ],
        "spaces": [space.LongName or space.Name for space in model.by_type("IfcSpace")[:LISTED_MAX]],
        "global_ids": _global_ids(model),
        "elements": _elements(model),
        "property_sets": len(model.by_type("IfcPropertySet")),
        "quantities": len(model.by_type("IfcElementQuantity")),
        "units": _units(model),
        "georeference": _georeference(model),
        "extent": _extent(model),
    }


def _header(model: ifcopenshell.file) -> Json:
    name, schema = model.header.file_name, model.header.file_schema
    applications = [
        {"name": application.ApplicationFullName, "version": application.Version}
        for application in model.by_type("IfcApplication")[:10]
    ]
    return {
        "name": name.name, "time_stamp": name.time_stamp, "author": list(name.author or ()),
        "organization": list(name.organization or ()), "preprocessor_version": name.preprocessor_version,
        "originating_system": name.originating_system, "schema_identifiers": list(schema.schema_identifiers or ()),
        "applications": applications,
    }  # fmt: skip


def _contained(storey: Instance) -> list[Instance]:
    return [element for relation in storey.ContainsElements for element in relation.RelatedElements]


def _global_ids(model: ifcopenshell.file) -> Json:
    ids = [str(root.GlobalId) for root in rooted(model)]
    return {"count": len(ids), "unique": len(set(ids)), "valid": sum(1 for each in ids if _GLOBAL_ID.match(each))}


def _elements(model: ifcopenshell.file) -> Json:
    """Building elements, and how many of them have what a model is used for."""
    found: Sequence[Instance] = model.by_type("IfcElement")
    elements = [element for element in found if not element.is_a("IfcFeatureElement")]
    util = ifcopenshell.util.element
    return {
        "count": len(elements),
        "named": sum(1 for element in elements if element.Name),
        "typed": sum(1 for element in elements if util.get_type(element)),
        "with_material": sum(1 for element in elements if util.get_material(element)),
        "with_properties": sum(1 for element in elements if element.IsDefinedBy),
        "in_a_place": sum(1 for element in elements if util.get_container(element) or util.get_aggregate(element)),
        "with_geometry": sum(1 for element in elements if element.Representation),
    }


def _units(model: ifcopenshell.file) -> Json:
    units: Json = {}
    for assignment in model.by_type("IfcUnitAssignment")[:1]:
        for unit in assignment.Units:
            if hasattr(unit, "UnitType"):
                units[unit.UnitType] = f"{getattr(unit, 'Prefix', None) or ''}{getattr(unit, 'Name', '')}"
    return units


def _georeference(model: ifcopenshell.file) -> Json:
    site = next(iter(model.by_type("IfcSite")), None)
    latitude = getattr(site, "RefLatitude", None)
    longitude = getattr(site, "RefLongitude", None)
    conversions = [] if model.schema == "IFC2X3" else model.by_type("IfcMapConversion")
    return {
        "latitude": list(latitude) if latitude else None,
        "longitude": list(longitude) if longitude else None,
        "map_conversion": bool(conversions),
        "coordinate_system": str(conversions[0].TargetCRS.Name) if conversions else None,
    }


def _extent(model: ifcopenshell.file) -> Json | None:
    """The span of the placements' coordinates, in the model's unit: cheap, and not the hull of the geometry."""
    points = [
        placement.RelativePlacement.Location.Coordinates
        for placement in model.by_type("IfcLocalPlacement")
        if placement.RelativePlacement and placement.RelativePlacement.Location
    ]
    spatial = [point for point in points if len(point) == 3]  # noqa: PLR2004 - three dimensions
    if not spatial:
        return None
    return {
        "of": "relative placements",
        "min": [min(point[axis] for point in spatial) for axis in range(3)],
        "max": [max(point[axis] for point in spatial) for axis in range(3)],
    }


def _personal(name: str, model: ifcopenshell.file) -> list[Json]:
    """Persons named in the model and its header; placeholders do not count."""
    looked = (
        ("IfcPerson", "name", ("FamilyName", "GivenName")),
        ("IfcPostalAddress", "address", ("AddressLines",)),
        ("IfcTelecomAddress", "email", ("ElectronicMailAddresses",)),
        ("IfcTelecomAddress", "mobile", ("TelephoneNumbers",)),
    )
    found = []
    for kind, personal, attributes in looked:
        instances = model.by_type(kind)
        matched = sum(1 for instance in instances if _says(instance, attributes))
        if matched:
            found.append(_entry(name, f"{kind}.{attributes[0]}", personal, matched, len(instances)))
    authors = [author for author in model.header.file_name.author or () if _is_filled(author)]
    if authors:
        found.append(_entry(name, "FILE_NAME.author", "name", len(authors), len(authors)))
    return found


def _entry(file: str, column: str, kind: str, matched: int, checked: int) -> Json:
    return {
        "file": file, "column": column, "kind": kind, "weight": "direct", "basis": "attribute",
        "matched": matched, "checked": checked,
    }  # fmt: skip


def _says(instance: Instance, attributes: tuple[str, ...]) -> bool:
    for attribute in attributes:
        value = getattr(instance, attribute, None)
        texts = value if isinstance(value, tuple) else (value,)
        if any(_is_filled(text) for text in texts):
            return True
    return False


def _is_filled(text: object) -> bool:
    return text is not None and str(text).strip().casefold() not in _PLACEHOLDERS


def _quality(name: str, file: Json, as_of: date) -> list[Json]:
    header, elements, ids, georeference = file["header"], file["elements"], file["global_ids"], file["georeference"]
    filled = sum(1 for value in header.values() if any(map(_is_filled, value if isinstance(value, list) else [value])))
    elevations = [storey["elevation"] for storey in file["storeys"]]
    units = sum(1 for unit in ("LENGTHUNIT", "AREAUNIT", "VOLUMEUNIT") if unit in file["units"])
    place = sum(1 for value in (georeference["latitude"], georeference["longitude"]) if value)
    whole = elements["count"]
    pairs = [
        ("schema_known", "normativity", "data standard", int(file["schema"].upper() in SCHEMAS), 1),
        ("header_filled", "normativity", "metadata", filled, len(header)),
        ("elements_typed", "normativity", "data model", elements["typed"], whole),
        ("elements_named", "completeness", "element completeness", elements["named"], whole),
        ("elements_with_material", "completeness", "element completeness", elements["with_material"], whole),
        ("elements_with_properties", "completeness", "record completeness", elements["with_properties"], whole),
        ("elements_with_geometry", "completeness", "record completeness", elements["with_geometry"], whole),
        ("global_ids_valid", "accuracy", "format conformity", ids["valid"], ids["count"]),
        ("global_ids_unique", "accuracy", "uniqueness", ids["unique"], ids["count"]),
        ("elements_in_a_place", "consistency", "related-data consistency", elements["in_a_place"], whole),
        ("storeys_distinct", "consistency", "related-data consistency", len(set(elevations)), len(elevations)),
        ("time_stamp_valid", "timeliness", "timely at time point", int(_is_past(header["time_stamp"], as_of)), 1),
        ("units_defined", "accessibility", "usable", units, 3),
        ("georeference_given", "accessibility", "usable", max(place, 2 * georeference["map_conversion"]), 2),
    ]
    return [rule(title, dimension, indicator, name, a, b) for title, dimension, indicator, a, b in pairs]


def _is_past(text: str, as_of: date) -> bool:
    try:
        return datetime.fromisoformat(text).date() <= as_of
    except (TypeError, ValueError):
        return False
