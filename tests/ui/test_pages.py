"""The page kit."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from app.errors import Unavailable
from app.ui.pages import Pages

PAGES = Pages("/shop")
APP = Path(__file__).parents[2] / "app"
TEMPLATES = sorted(APP.rglob("templates/**/*.html"))


def test_what_is_inserted_is_escaped() -> None:
    html = bytes(PAGES.message("<b>", "<script>alert('1')</script>").body).decode()
    assert "<script" not in html
    assert "&lt;b&gt;" in html


def test_a_missing_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        PAGES.page("message.html", title="only a title")


def test_every_page_has_the_security_headers() -> None:
    headers = PAGES.message("a", "b").headers
    policy = headers["content-security-policy"]
    for directive in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_links_start_with_the_public_path() -> None:
    assert 'href="/shop/static/style.css' in bytes(PAGES.message("a", "b").body).decode()


def test_a_refusal_says_when_to_try_again() -> None:
    response = PAGES.refusal(Unavailable("Busy.", retry_after=7))
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert '<a href="">Try again</a>' in bytes(response.body).decode()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_templates_have_no_inline_script_and_no_inline_style(template: Path) -> None:
    html = template.read_text()
    assert not re.search(r"<script(?! src=)|<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe", html, re.IGNORECASE)


def test_the_style_sheet_loads_nothing_from_elsewhere() -> None:
    css = (APP / "ui/static/style.css").read_text()
    assert "url(" not in css
    assert "@import" not in css


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [("ink", "card"), ("soft", "card"), ("accent", "card"), ("accent-ink", "accent")]
    + [("warn-ink", "warn"), ("bad-ink", "bad")],
)
def test_text_has_at_least_the_contrast_of_wcag_aa(scheme: int, ink: str, ground: str) -> None:
    css = (APP / "ui/static/style.css").read_text()
    colours = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for block in css.split(":root {")[1:]][scheme]
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
