"""The pages in a real browser, without scripts, and with the keyboard alone."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from fedi import posts
from tests.browser.house import PASSWORD, House

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser with scripts turned off: every test here holds without them."""
    made = await browser.new_context(java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    yield made
    await made.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


async def sign_in(page: Page, house: House) -> None:
    await page.goto(f"{house.url}/login")
    await page.get_by_label("Username").fill(house.account.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Home")


async def test_one_signs_in_writes_reads_likes_and_deletes(page: Page, houses: tuple[House, House]) -> None:
    await sign_in(page, houses[0])
    await page.get_by_role("link", name="Write", exact=True).click()
    await page.get_by_label("Text", exact=True).fill("To the *sea* and back #cycling")
    await page.get_by_label("Content warning").fill("wind")
    await page.get_by_role("button", name="Post", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("Your post is out.")
    await expect(page.get_by_text("To the sea and back")).to_be_hidden()
    await page.locator("summary", has_text="wind").click()
    await expect(page.get_by_text("To the sea and back")).to_be_visible()
    like = page.get_by_role("button", name="Like")
    await expect(like).to_have_attribute("aria-pressed", "false")
    await like.click()
    await expect(page.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    await page.locator("summary", has_text="More").last.click()
    await page.get_by_role("link", name="Delete").click()
    await page.get_by_role("button", name="Delete it").click()
    await expect(page.get_by_role("status")).to_contain_text("deleted")


async def test_one_follows_somebody_on_another_server_by_handle_and_reads_their_post(page: Page, houses: tuple[House, House]) -> None:
    one, two = houses
    await sign_in(page, one)
    await page.goto(f"{one.url}/search")
    await page.get_by_role("main").get_by_role("searchbox").fill(two.handle)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Follow", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("asked")
    await one.instance.settle()
    await two.instance.settle()
    await one.instance.settle()
    await two.instance.db.write(posts.publish, two.account, posts.Draft("Hello from the other house"), {})
    await two.instance.settle()
    await one.instance.settle()
    await page.get_by_role("link", name="Home").click()
    await expect(page.get_by_text("Hello from the other house")).to_be_visible()
    await page.get_by_role("link", name="Answer").click()
    await expect(page.get_by_label("Your answer")).to_have_value(f"{two.handle} ")
    await page.get_by_label("Your answer").press_sequentially("hello back")
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.get_by_text("hello back")).to_be_visible()
    await one.instance.settle()
    await page.reload()
    await expect(page.get_by_text("Reached 1 server.")).to_be_visible()


async def test_the_keyboard_alone_is_enough(page: Page, houses: tuple[House, House]) -> None:
    await page.goto(f"{houses[0].url}/login")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Skip to content")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("alice")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Written without a mouse")
    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Post")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Written without a mouse")).to_be_visible()


@pytest.mark.parametrize("viewport", [PHONE, {"width": 320, "height": 640}, DESK])
async def test_nothing_is_wider_than_the_screen_and_nothing_comes_from_elsewhere(
    browser: Browser, houses: tuple[House, House], viewport: dict[str, int]
) -> None:
    """P-08; and room for fingers: what stands in the bars is at least 44 pixels high on a phone."""
    house = houses[0]
    long = "w" * 300 + " https://example.org/" + "x" * 200
    post = await house.instance.db.write(posts.publish, house.account, posts.Draft(long, warning="y" * 200), {})
    context = await browser.new_context(viewport=viewport)  # type: ignore[arg-type]
    page, asked, said = await context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    await sign_in(page, house)
    for path in (
        "/home",
        "/compose",
        "/public",
        "/@alice",
        f"/@alice/{post.id}",
        "/settings/profile",
        "/settings/security",
        "/settings/email",
        "/search?q=a",
    ):
        await page.goto(house.url + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], path
    low = "[...document.querySelectorAll('.bar a, .act, .button, .tabs a')].filter(e => e.checkVisibility() && e.offsetHeight < 44).length"
    assert await page.evaluate(low) == 0
    assert [url for url in asked if not url.startswith(house.url)] == [] and said == []
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_what_is_behind_it(browser: Browser, houses: tuple[House, House], scheme: str) -> None:
    """At least 4.5 to 1, or 3 to 1 for large text. Source: WCAG 2.2, 1.4.3."""
    house = houses[0]
    await house.instance.db.write(posts.publish, house.account, posts.Draft("Words with #topics and https://example.org/"), {})
    context = await browser.new_context(color_scheme=scheme, viewport=DESK)  # type: ignore[arg-type]
    page = await context.new_page()
    await sign_in(page, house)
    for path in ("/home", "/notifications", "/compose", "/@alice", "/settings/profile", "/about", "/@nobody"):
        await page.goto(house.url + path)
        assert await page.evaluate(CONTRAST) == [], path
    await context.close()


CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest('[disabled], .vh')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(behind(element))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < enough) faint.push(`${element.className} ${element.textContent.trim().slice(0, 30)} ${ratio}`);
  }
  return faint;
}"""
