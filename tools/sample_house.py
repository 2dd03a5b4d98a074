"""Draws a small house as IFC 4: two storeys with walls, slabs, doors, windows and rooms; the same bytes each time."""

import uuid
from dataclasses import dataclass
from typing import Any

import ifcopenshell
import ifcopenshell.guid

_NAMESPACE = uuid.UUID("0b6f6d2e-54a0-5c52-9a53-7f0d8b4f7c11")
_MADE_AT = 1_767_225_600  # 2026-01-01T00:00:00Z
_MADE_AT_TEXT = "2026-01-01T00:00:00"
_STOREY_HEIGHT = 3.0
_WIDTH, _DEPTH, _WALL, _SLAB = 9.0, 7.0, 0.24, 0.2

Entity = Any  # entities are made by name at run time
Box = tuple[float, float, float]  # length, width, height in metres


@dataclass(frozen=True)
class Drawing:
    """The file, and what all of its elements share."""

    file: Any  # as above
    body: Entity
    history: Entity

    def guid(self, name: str) -> str:
        """A GlobalId that follows from the name."""
        return str(ifcopenshell.guid.compress(uuid.uuid5(_NAMESPACE, name).hex))

    def placed(self, at: Box, beneath: Entity | None = None) -> Entity:
        """A placement, seen from another."""
        point = self.file.createIfcCartesianPoint(at)
        return self.file.createIfcLocalPlacement(beneath, self.file.createIfcAxis2Placement3D(point, None, None))

    def solid(self, size: Box) -> Entity:
        """A box standing on its placement."""
        length, width, height = size
        middle = self.file.createIfcAxis2Placement2D(
            self.file.createIfcCartesianPoint((length / 2, width / 2)), None
        )  # fmt: skip
        profile = self.file.createIfcRectangleProfileDef("AREA", None, middle, length, width)
        axis = self.file.createIfcAxis2Placement3D(self.file.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)
        upwards = self.file.createIfcDirection((0.0, 0.0, 1.0))
        extruded = self.file.createIfcExtrudedAreaSolid(profile, axis, upwards, height)
        shape = self.file.createIfcShapeRepresentation(self.body, "Body", "SweptSolid", [extruded])
        return self.file.createIfcProductDefinitionShape(None, None, [shape])

    def element(self, kind: str, name: str, at: Box, size: Box, storey: Entity, **more: Any) -> Entity:
        """A building element with its box, placed in a storey."""
        return self.file.create_entity(
            kind,
            GlobalId=self.guid(name),
            OwnerHistory=self.history,
            Name=name,
            ObjectPlacement=self.placed(at, storey.ObjectPlacement),
            Representation=self.solid(size),
            **more,
        )

    def joined(self, kind: str, name: str, **ends: Any) -> None:
        """A relation between two things."""
        self.file.create_entity(kind, GlobalId=self.guid(name), OwnerHistory=self.history, **ends)

    def properties(self, of: Entity, set_name: str, values: dict[str, tuple[str, Any]]) -> None:
        """A property set on one element; a value is its IFC measure and figure."""
        singles = [
            self.file.createIfcPropertySingleValue(name, None, self.file.create_entity(measure, value), None)
            for name, (measure, value) in values.items()
        ]
        named = f"{set_name} of {of.Name}"
        described = self.file.createIfcPropertySet(self.guid(named), self.history, set_name, None, singles)
        self.joined(
            "IfcRelDefinesByProperties", f"{named} told", RelatedObjects=[of], RelatingPropertyDefinition=described
        )  # fmt: skip


def house() -> bytes:
    """The house as the bytes of an IFC file."""
    file: Any = ifcopenshell.file(schema="IFC4")  # Any: entities are made by name at run time
    drawing, project = _started(file)
    site = _spatial(drawing, "IfcSite", "城阳样例地块", None)
    building = _spatial(drawing, "IfcBuilding", "两层样例住宅", site)
    storeys = [
        _spatial(drawing, "IfcBuildingStorey", f"{number + 1} 层", building, Elevation=number * _STOREY_HEIGHT)
        for number in range(2)
    ]
    for name, whole, parts in (
        ("project has site", project, [site]),
        ("site has building", site, [building]),
        ("building has storeys", building, storeys),
    ):
        drawing.joined("IfcRelAggregates", name, RelatingObject=whole, RelatedObjects=parts)
    for storey in storeys:
        _fill(drawing, storey)
    header = file.header
    header.file_description.description = ("ViewDefinition [ReferenceView]",)
    header.file_name.name = "sample-house.ifc"
    header.file_name.time_stamp = _MADE_AT_TEXT
    header.file_name.author = ("Yaosu",)
    header.file_name.organization = ("Yaosu",)
    header.file_name.preprocessor_version = "Yaosu samples"
    header.file_name.originating_system = "Yaosu samples"
    header.file_name.authorization = "invented"
    return str(file.to_string()).encode()


def _started(file: Any) -> tuple[Drawing, Entity]:  # Any: as above
    person = file.createIfcPerson(None, "样例设计师")
    office = file.createIfcOrganization(None, "样例设计院")
    author = file.createIfcPersonAndOrganization(person, office)
    application = file.createIfcApplication(office, "1", "Yaosu samples", "yaosu-samples")
    history = file.createIfcOwnerHistory(author, application, None, "ADDED", None, None, None, _MADE_AT)
    origin = file.createIfcAxis2Placement3D(file.createIfcCartesianPoint((0.0, 0.0, 0.0)), None, None)
    context = file.createIfcGeometricRepresentationContext(None, "Model", 3, 1e-5, origin, None)
    body = file.createIfcGeometricRepresentationSubContext(
        "Body", "Model", None, None, None, None, context, None, "MODEL_VIEW", None
    )
    drawing = Drawing(file, body, history)
    units = file.createIfcUnitAssignment([
        file.createIfcSIUnit(None, kind, None, name)
        for kind, name in (("LENGTHUNIT", "METRE"), ("AREAUNIT", "SQUARE_METRE"), ("VOLUMEUNIT", "CUBIC_METRE"))
    ])  # fmt: skip
    project = file.create_entity(
        "IfcProject",
        GlobalId=drawing.guid("project"),
        OwnerHistory=history,
        Name="样例住宅",
        RepresentationContexts=[context],
        UnitsInContext=units,
    )
    return drawing, project


def _spatial(drawing: Drawing, kind: str, name: str, beneath: Entity | None, **more: Any) -> Entity:
    at = (0.0, 0.0, float(more.get("Elevation", 0.0)))
    return drawing.file.create_entity(
        kind,
        GlobalId=drawing.guid(name),
        OwnerHistory=drawing.history,
        Name=name,
        ObjectPlacement=drawing.placed(at, beneath.ObjectPlacement if beneath else None),
        CompositionType="ELEMENT",
        **more,
    )


def _fill(drawing: Drawing, storey: Entity) -> None:
    elements = [*_walls(drawing, storey), _floor(drawing, storey)]
    for wall, kind, at, size, described in _openings(storey, elements):
        hole = drawing.element("IfcOpeningElement", f"{kind} 洞口 {wall.Name}", at, size, storey)
        drawing.joined(
            "IfcRelVoidsElement", f"{hole.Name} cut", RelatingBuildingElement=wall, RelatedOpeningElement=hole
        )  # fmt: skip
        filling = drawing.element(kind, f"{kind} {wall.Name}", at, size, storey, **described)
        drawing.joined(
            "IfcRelFillsElement", f"{filling.Name} set", RelatingOpeningElement=hole, RelatedBuildingElement=filling
        )  # fmt: skip
        elements.append(filling)
    drawing.joined(
        "IfcRelContainedInSpatialStructure",
        f"{storey.Name} contains",
        RelatedElements=elements,
        RelatingStructure=storey,
    )
    drawing.joined(
        "IfcRelAggregates", f"{storey.Name} has rooms", RelatingObject=storey, RelatedObjects=_rooms(drawing, storey)
    )


def _walls(drawing: Drawing, storey: Entity) -> list[Entity]:
    height = _STOREY_HEIGHT - _SLAB
    inner = _DEPTH - 2 * _WALL
    plan: tuple[tuple[str, Box, Box, bool], ...] = (
        ("南墙", (0.0, 0.0, _SLAB), (_WIDTH, _WALL, height), True),
        ("北墙", (0.0, _DEPTH - _WALL, _SLAB), (_WIDTH, _WALL, height), True),
        ("西墙", (0.0, _WALL, _SLAB), (_WALL, inner, height), True),
        ("东墙", (_WIDTH - _WALL, _WALL, _SLAB), (_WALL, inner, height), True),
        ("隔墙", (5.0, _WALL, _SLAB), (0.12, inner, height), False),
    )
    walls = []
    for name, at, size, outside in plan:
        wall = drawing.element("IfcWall", f"{name} {storey.Name}", at, size, storey, PredefinedType="SOLIDWALL")
        drawing.properties(wall, "Pset_WallCommon", {
            "IsExternal": ("IfcBoolean", outside),
            "LoadBearing": ("IfcBoolean", outside),
            "FireRating": ("IfcLabel", "2h" if outside else "1h"),
            "ThermalTransmittance": ("IfcThermalTransmittanceMeasure", 0.35 if outside else 1.8),
        })  # fmt: skip
        walls.append(wall)
    return walls


def _floor(drawing: Drawing, storey: Entity) -> Entity:
    slab = drawing.element(
        "IfcSlab",
        f"楼板 {storey.Name}",
        (0.0, 0.0, 0.0),
        (_WIDTH, _DEPTH, _SLAB),
        storey,
        PredefinedType="FLOOR",
    )
    drawing.properties(slab, "Pset_SlabCommon", {"LoadBearing": ("IfcBoolean", True)})
    return slab


Opening = tuple[Entity, str, Box, Box, dict[str, Any]]


def _openings(storey: Entity, walls: list[Entity]) -> list[Opening]:
    sill = _SLAB + 0.9
    by_name = {wall.Name.removesuffix(f" {storey.Name}"): wall for wall in walls}
    window = {"OverallHeight": 1.5, "OverallWidth": 1.8}
    door = {"OverallHeight": 2.1, "OverallWidth": 0.9}
    return [
        (by_name["南墙"], "IfcDoor", (1.0, 0.0, _SLAB), (0.9, _WALL, 2.1), door),
        (by_name["隔墙"], "IfcDoor", (5.0, 3.0, _SLAB), (0.12, 0.9, 2.1), door),
        (by_name["北墙"], "IfcWindow", (2.0, _DEPTH - _WALL, sill), (1.8, _WALL, 1.5), window),
        (by_name["东墙"], "IfcWindow", (_WIDTH - _WALL, 2.5, sill), (_WALL, 1.8, 1.5), window),
    ]


def _rooms(drawing: Drawing, storey: Entity) -> list[Entity]:
    height = _STOREY_HEIGHT - _SLAB
    rooms = []
    for name, x, width in (("起居室", _WALL, 5.0 - _WALL), ("卧室", 5.12, _WIDTH - _WALL - 5.12)):
        depth = _DEPTH - 2 * _WALL
        room = drawing.element(
            "IfcSpace",
            f"{name} {storey.Name}",
            (x, _WALL, _SLAB),
            (round(width, 2), depth, height),
            storey,
            LongName=name,
            PredefinedType="INTERNAL",
        )
        drawing.properties(room, "Pset_SpaceCommon", {
            "NetPlannedArea": ("IfcAreaMeasure", round(width * depth, 2)),
            "IsExternal": ("IfcBoolean", False),
        })  # fmt: skip
        rooms.append(room)
    return rooms
