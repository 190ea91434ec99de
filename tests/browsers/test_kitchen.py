"""The pages of recipes, of the meal plan and of the pantry, in a real browser."""

from tests.browsers.visitor import Visitor


def somebody_plans_a_week_and_shops_for_it(visitor: Visitor) -> None:
    """Make a recipe, plan it by clicking, put the week on the list, see it there, and go back to the recipe."""
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    page = visitor.page
    page.locator("header nav a[href$='/recipes']").click()
    visitor.looks_right()
    page.locator("main a.button").click()
    visitor.looks_right()
    form = page.locator("form#lines")
    form.locator("[name=name]").fill("Pancakes")
    form.locator("[name=servings]").fill("4")
    form.locator("[name=items]").fill("200 g flour\n3 eggs\nsalt")
    form.locator("button").click()
    assert visitor.heading() == "Pancakes"
    visitor.looks_right()
    page.locator("form[method=get] [name=servings]").fill("6")
    page.locator("form[method=get] button").click()
    assert "300 g flour" in page.locator("main ul.lines").first.inner_text()
    visitor.looks_right()
    page.locator("main a[href*='/edit']").click()
    visitor.looks_right()
    page.locator("header nav a[href$='/pantry']").click()
    visitor.looks_right()
    said = page.locator("form#say")
    said.locator("[name=name]").fill("salt")
    said.locator("button[value=there]").click()
    assert page.locator("ul.said li").count() == 1
    page.locator("ul.holdings summary").click()
    visitor.looks_right()
    page.locator("header nav a[href$='/plan']").click()
    visitor.looks_right()
    page.locator("nav.ways a").nth(2).click()
    section = page.locator("section[id^=day-]").nth(2)
    section.locator("summary").click()
    visitor.looks_right()
    section.locator("[name=dish]").fill("Pancakes")
    section.locator("[name=servings]").fill("8")
    section.locator("form button").click()
    section = page.locator("section[id^=day-]").nth(2)
    assert "Pancakes" in section.locator("ul.planned").inner_text()
    section.locator("ul.planned summary").click()
    visitor.looks_right()
    day = page.locator("section[id^=day-]").nth(4).get_attribute("id") or ""
    section.locator("[name=to]").select_option(day.removeprefix("day-"))
    section.locator("form[action$='/move'] button").first.click()
    assert "Pancakes" in page.locator("section[id^=day-]").nth(4).locator("ul.planned").inner_text()
    page.locator("form[action$='/plan/apply'] button").click()
    assert page.locator("ul.said li").count() == 3
    visitor.looks_right()
    page.locator("header nav a[href$='/lists']").click()
    page.locator("main ul.lines a").first.click()
    on_list = page.locator("ul.items").first
    assert "400 g flour" in on_list.inner_text()
    assert "salt" not in on_list.inner_text(), "it is at home"
    on_list.locator("li a", has_text="flour").click()
    page.locator("main a[href*='/recipes/']").click()
    assert visitor.heading() == "Pancakes"


def test_a_week_is_planned_and_shopped_for_by_clicking(visitor: Visitor) -> None:
    somebody_plans_a_week_and_shops_for_it(visitor)


def test_planning_a_week_needs_no_scripts(plain_visitor: Visitor) -> None:
    somebody_plans_a_week_and_shops_for_it(plain_visitor)


def test_a_refused_form_is_right_too(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.page.wait_for_url("**/account*")
    visitor.open("/recipes/new")
    form = visitor.page.locator("form#lines")
    form.locator("[name=name]").fill("Soup")
    form.locator("[name=servings]").fill("many")
    form.locator("[name=items]").fill("salt")
    form.locator("button").click()
    described = visitor.page.locator("form#lines [name=servings]")
    assert described.get_attribute("aria-describedby") == visitor.page.get_by_role("alert").get_attribute("id")
    visitor.faults = [each for each in visitor.faults if "status of 400" not in each]  # as it should be
    visitor.looks_right()
