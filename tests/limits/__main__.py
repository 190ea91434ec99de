"""`python -m tests.limits`: write docs/limits.md."""

from tests.limits.page import PAGE, render_page

PAGE.write_text(render_page(), encoding="utf-8")
print(f"{PAGE.name}: written")
