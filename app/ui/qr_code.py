"""QR codes of links, for the camera of a phone."""

from io import BytesIO
from typing import Final

from markupsafe import Markup

_MODULE_PIXELS: Final = 5

# The library is loaded by the first code: few processes ever draw one.


def qr_svg(link: str) -> Markup:
    """Return an SVG element to put into a page, black on no background. It holds numbers only, nothing of the text."""
    import segno

    return Markup(segno.make_qr(link).svg_inline(scale=_MODULE_PIXELS, svgclass="qr", lineclass=None))  # noqa: S704


def qr_png(link: str) -> bytes:
    """Return a PNG image, black on white."""
    import segno

    image = BytesIO()
    segno.make_qr(link).save(image, kind="png", scale=_MODULE_PIXELS)
    return image.getvalue()
