"""What can be seen and pressed on small screens: nothing sticks out, nothing lies under something else, fingers find it."""

import pytest

TAP = 44

# Every control in view that a finger may press, with what it hits around its middle: pixels from there to the nearest place
# on either side that is something else's. Rows that are half scrolled out of view are no fault.
FAULTS = """(tap) => {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest('[inert]');
  const nameOf = (node) => node.id || node.className || node.outerHTML.slice(0, 80);
  const root = document.querySelector('.menu:not([hidden])') ?? document; // what it covers is out of reach
  for (const node of root.querySelectorAll('button, input, select, a, [role=slider]')) {
    if (!isSeen(node) || node.matches(':disabled, [aria-disabled=true], .skip-link')) continue;
    const { left, right, top, bottom, width, height } = node.getBoundingClientRect();
    if (left < 0 || right > innerWidth) faults.push(`${nameOf(node)} reaches from ${left} to ${right}`);
    const scroller = node.closest('.library__scroll, .queue__scroll, .panel, .menu');
    const view = scroller?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    if (top < view.top || bottom > view.bottom) continue;
    const [x, y] = [left + width / 2, top + height / 2];
    const isHit = (dx, dy) => {
      const there = document.elementFromPoint(x + dx, y + dy);
      return there !== null && (node.contains(there) || (there.matches('label, form') && there.contains(node)));
    };
    if (!isHit(0, 0)) {
      faults.push(`${nameOf(node)} lies under ${nameOf(document.elementFromPoint(x, y) ?? document.body)}`);
      continue;
    }
    const reach = (dx, dy) => {
      let at = 0;
      while (at < tap && isHit(dx * (at + 1), dy * (at + 1))) at += 1;
      return at;
    };
    const size = [reach(-1, 0) + reach(1, 0) + 1, reach(0, -1) + reach(0, 1) + 1];
    // The strip above the deck is a display: the panel has the slider.
    const isStrip = node.id === 'progress' && !document.body.classList.contains('is-expanded');
    if (Math.min(...size) < tap && !isStrip) faults.push(`${nameOf(node)} takes ${size.join(' × ')}`);
  }
  return faults;
}"""


def settle(player):
    """Waits for what moves once; the record turns on."""
    player.page.evaluate("""Promise.allSettled(
      document.getAnimations().filter((each) => each.effect.getTiming().iterations === 1).map((each) => each.finished))""")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (844, 390)])
def test_fingers_find_everything_on_a_small_screen(open_player, width, height):
    look = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    player = open_player(locale="ru", reduced_motion="reduce", **look)
    page, found = player.page, []

    def look_at(view):
        settle(player)
        found.extend(f"{view}: {fault}" for fault in page.evaluate(FAULTS, TAP))

    page.locator(".row[data-id]").first.click()
    player.until("it sounds", player.is_audible)
    look_at("library")
    page.evaluate("document.getElementById('link').dataset.state = 'reconnecting'")
    page.evaluate("document.getElementById('link-text').textContent = 'Переподключение'")
    assert page.locator("#link-text").is_visible()
    look_at("library without a connection")
    page.click("#deck-track")
    for view in ("playing", "queue", "lyrics"):
        page.click(f"#tab-{view}")
        look_at(view)
    page.click("#devices-button")
    page.locator(".device__gear").first.click()
    look_at("devices")
    page.keyboard.press("Escape")
    page.click("#quality-button")
    look_at("quality")
    if width > 480:
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 1180, "height": 820})
        look_at("tablet")
    assert not found, "\n".join(found)


def test_rows_keep_their_places_when_the_screen_is_turned_and_a_message_leaves_a_menu_in_view(open_player):
    player = open_player(viewport={"width": 844, "height": 390})
    page = player.page
    gaps = """() => {
      const tops = [...document.querySelectorAll('.row[data-id]')].map((row) => row.getBoundingClientRect().top);
      const height = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row'));
      return [height, tops.slice(1).every((top, at) => Math.abs(top - tops[at] - height) < 1)];
    }"""
    heights = set()
    for width, height in ((844, 390), (1920, 1080), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        row, is_even = page.evaluate(gaps)
        heights.add(row)
        assert is_even, (width, height)
    assert len(heights) == 3
    page.locator(".row[data-id]").nth(1).click()
    player.until("it sounds", player.is_audible)
    page.click("#deck-track")
    page.click("#tab-queue")
    page.click("#queue-clear")
    page.locator(".toast").wait_for()
    settle(player)
    below = page.locator(".toast").bounding_box()
    page.click("#quality-button")
    settle(player)
    toast, menu = page.locator(".toast").bounding_box(), page.locator("#quality-menu").bounding_box()
    assert below["y"] > menu["y"] and toast["y"] + toast["height"] <= menu["y"]
    # A touch beside the sheet closes it, and is nobody else's.
    page.mouse.click(*(page.locator("#tab-lyrics").bounding_box()[side] + 10 for side in ("x", "y")))
    assert page.locator("#quality-menu").is_hidden() and page.locator("#panel-queue").is_visible()
