"""`python -m tests.tools`: write docs/tools.md."""

from tests.tools.page import PAGE, render_page

PAGE.write_text(render_page(), encoding="utf-8")
print(f"{PAGE.name}: written")
