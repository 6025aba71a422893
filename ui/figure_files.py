"""Figures as files: PNG at 300 dots per inch, SVG and PDF."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRect, QSizeF
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageLayout, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from core.session.export_record import ExportFile
from core.session.figures import Figure, record_figure
from core.store.repository import Store
from ui.figure_drawing import draw_figure, figure_size

DPI = 300
_UNITS_PER_INCH = 720.0  # tenths of a typographic point


def figure_files(store: Store, record_ids: Sequence[str]) -> tuple[ExportFile, ...]:
    """A PNG and an SVG of every record that has a figure. Needs a QGuiApplication."""
    files = []
    for record_id in dict.fromkeys(record_ids):
        figure = record_figure(store, store.info(record_id))
        if figure is not None:
            for ending, data in (("png", png_bytes(figure)), ("svg", svg_bytes(figure))):
                about = f"figure, {DPI} dpi" if ending == "png" else "the same figure, of lines"
                files.append(ExportFile(f"{figure.name}.{ending}", data, about, record_id))
    return tuple(files)


def figure_image(figure: Figure, dpi: int = DPI) -> QImage:
    """The figure as a picture that knows its resolution."""
    scale = dpi / _UNITS_PER_INCH
    size = (figure_size(figure) * scale).toSize()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(dpi / 0.0254))
    image.setDotsPerMeterY(round(dpi / 0.0254))
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_figure(painter, figure, scale)
    painter.end()
    return image


def png_bytes(figure: Figure) -> bytes:
    return image_file(figure_image(figure), "png")


def image_file(image: QImage, ending: str) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(ending.encode("ascii"))).write(image)
    return bytes(data.data())


def svg_bytes(figure: Figure) -> bytes:
    """As large on paper as the PNG."""
    data, size = QByteArray(), figure_size(figure).toSize()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QSvgGenerator()
    writer.setOutputDevice(buffer)
    writer.setResolution(round(_UNITS_PER_INCH))
    writer.setSize(size)
    writer.setViewBox(QRect(0, 0, size.width(), size.height()))
    writer.setTitle(figure.title)
    writer.setDescription(figure.subtitle)
    painter = QPainter(writer)
    draw_figure(painter, figure, 1.0)
    painter.end()
    return bytes(data.data())


def pdf_bytes(figure: Figure) -> bytes:
    """One page as large as the figure."""
    data, size = QByteArray(), figure_size(figure)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(1200)
    writer.setPageSize(QPageSize(QSizeF(size.width() / 10.0, size.height() / 10.0), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Point)
    writer.setTitle(figure.title)
    writer.setCreator("ExoTwin")
    painter = QPainter(writer)
    draw_figure(painter, figure, writer.width() / size.width())
    painter.end()
    return bytes(data.data())
