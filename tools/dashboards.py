"""Grafana's JSON from the tables in ``panels``."""

import json
from typing import Any

from tools.panels import BOARDS, Board, Panel

GRID_COLUMNS = 24
HEIGHTS = {"stat": 4, "bargauge": 7, "timeseries": 7}
SOURCE = {"type": "prometheus", "uid": "prometheus"}
Json = dict[str, Any]  # Any: Grafana's own shapes


def dashboards() -> dict[str, str]:
    """Path → JSON text of every dashboard."""
    return {
        f"deploy/helm/yaosu/dashboards/{board.uid}.json": json.dumps(_board(board), ensure_ascii=False, indent=1) + "\n"
        for board in BOARDS
    }


def _board(board: Board) -> Json:
    panels: list[Json] = []
    y = 0
    for title, row in board.rows.items():
        panels.append({"type": "row", "title": title, "collapsed": False, "panels": [], "id": len(panels) + 1,
                       "gridPos": {"x": 0, "y": y, "w": GRID_COLUMNS, "h": 1}})  # fmt: skip
        y += 1
        x = height = 0
        for panel in row:
            if x + panel.width > GRID_COLUMNS:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": panel.width, "h": HEIGHTS[panel.kind]}
            panels.append(_panel(panel, len(panels) + 1, place))
            x, height = x + panel.width, max(height, HEIGHTS[panel.kind])
        y += height
    return {
        "uid": board.uid, "title": board.title, "tags": ["yaosu"], "timezone": "Asia/Shanghai", "schemaVersion": 39,
        "version": 1, "editable": False, "refresh": "30s", "time": {"from": "now-6h", "to": "now"}, "panels": panels,
    }  # fmt: skip


def _panel(panel: Panel, number: int, place: Json) -> Json:
    legend = "{{" + panel.legend + "}}" if panel.legend else panel.title
    asked = {"refId": "A", "datasource": SOURCE, "expr": panel.query, "legendFormat": legend,
             "instant": panel.kind != "timeseries", "range": panel.kind == "timeseries"}  # fmt: skip
    shown: Json = {
        "id": number, "type": panel.kind, "title": panel.title, "datasource": SOURCE, "gridPos": place,
        "targets": [asked], "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
    }  # fmt: skip
    if panel.kind != "timeseries":
        shown["options"] = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return shown
