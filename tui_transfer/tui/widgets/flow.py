"""A layout that textual lacks: side by side as far as there is room, then on the next line, as words are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement

if TYPE_CHECKING:
    from textual.widget import Widget


class FlowLayout(Layout):
    """Lines of widgets, each as wide as what it shows, apart by their right margins; one that takes all the
    width, as a row of buttons does, has a line of its own.
    """

    name = "flow"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Places `children` in a parent as large as `size`."""
        parent.pre_layout(self)
        viewport = parent.app.viewport_size
        placements = []
        x = y = line_height = 0
        for child in children:
            width, height = _measure(child, size, viewport)
            if x and x + width > size.width:
                x, y, line_height = 0, y + line_height, 0
            margin = child.styles.margin
            region = Region(x, y + margin.top, width, height)
            placements.append(
                WidgetPlacement(region, child.styles.offset.resolve(size, viewport), Spacing(), child)
            )
            x += width + margin.right
            line_height = max(line_height, height + margin.height)
        return placements


def _measure(widget: Widget, size: Size, viewport: Size) -> tuple[int, int]:
    """Columns and rows that a widget takes."""
    styles, gutter = widget.styles, widget.gutter
    if styles.width is not None and styles.width.is_auto:
        width = widget.get_content_width(size, viewport) + gutter.width
    elif styles.width is not None and styles.width.cells is not None:
        width = styles.width.cells
    else:
        width = size.width
    width = min(width, size.width)
    if styles.height is not None and styles.height.cells is not None:
        return width, styles.height.cells
    return width, widget.get_content_height(size, viewport, width - gutter.width) + gutter.height
