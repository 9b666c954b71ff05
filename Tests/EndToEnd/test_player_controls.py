"""The web player's controls: keys, pointers, menus, and how they are laid out."""

import pytest


@pytest.fixture
def player(open_player):
    return open_player()


def test_the_devices_menu_by_keys(player):
    page = player.page
    panel = page.locator("#devices-panel")
    page.keyboard.press("d")
    assert panel.is_visible() and page.evaluate("document.querySelector('#devices-panel').contains(document.activeElement)")
    page.keyboard.press("d")
    assert panel.is_hidden() and page.evaluate("document.activeElement.id") == "devices-button"
    page.keyboard.press("d")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    assert panel.is_hidden()


def test_space_behind_the_timeline_pauses(player):
    player.play("Long")
    player.page.focus("#progress")
    player.page.keyboard.press(" ")
    player.until("it is paused", lambda: player.state()["status"] == "paused")


def test_a_hand_that_the_browser_takes_off_the_timeline_leaves_it(player):
    player.play("Long")
    player.page.evaluate("""() => {
      const bar = document.querySelector('#progress');
      bar.setPointerCapture = () => {};
      const { left, width, top } = bar.getBoundingClientRect();
      const at = { pointerId: 7, button: 0, clientX: left + width * 0.9, clientY: top, bubbles: true };
      bar.dispatchEvent(new PointerEvent('pointerdown', at));
      bar.dispatchEvent(new PointerEvent('pointercancel', at));
    }""")
    shown = player.page.locator("#elapsed")
    player.until("it shows what is heard", lambda: shown.inner_text() in ("0:01", "0:02", "0:03", "0:04", "0:05"))


def test_a_phones_sheet_keeps_the_keys_to_itself(open_player):
    player = open_player(viewport={"width": 390, "height": 780})
    page = player.page
    page.keyboard.press("q")
    assert page.evaluate("document.querySelector('.library').inert")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert not page.evaluate("Boolean(document.activeElement.closest('.library, .topbar'))")
    page.set_viewport_size({"width": 1280, "height": 800})
    player.until("the library is there", lambda: not page.evaluate("document.querySelector('.library').inert"))


def test_keys(player):
    page = player.page
    player.play("Long")
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 640, "y": 60})
    page.keyboard.press(" ")
    player.until("it is paused", lambda: player.state()["status"] == "paused")
    page.keyboard.press(" ")
    player.until("it plays", lambda: player.state()["status"] == "playing")
    page.keyboard.press("m")
    player.until("it is mute", lambda: player.state()["isMuted"] and player.is_silent())
    page.keyboard.press("m")
    player.until("it is not", player.is_audible)
    page.focus("#volume")
    page.keyboard.press("End")
    assert player.state()["volume"] == 1
    page.keyboard.press("Home")
    player.until("it is as loud as nothing", lambda: player.state()["volume"] == 0 and player.is_silent())
    page.keyboard.press("?")
    assert page.is_visible("#shortcuts")
    page.keyboard.press("Escape")
    assert not page.is_visible("#shortcuts")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Tab")
    page.locator(".row[data-id]").first.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    player.until("the list's first is chosen", lambda: player.state()["index"] == 0)


def test_the_free_plan_sees_what_is_locked(open_player, server):
    player = open_player(user=server.lite)
    player.page.click("#quality-button")
    locked = player.page.locator("#quality-menu [aria-disabled=true]")
    assert locked.evaluate_all("nodes => nodes.map((node) => node.dataset.quality)") == ["high", "lossless"]
    locked.first.click(force=True)
    assert "premium" in player.page.inner_text(".toast")
    assert player.state()["quality"] == "auto"


def test_a_search_without_a_find_says_so(player):
    player.search("zzz no such thing")
    assert player.page.is_visible(".blank")
    player.page.get_by_role("button", name="Show the whole library").click()
    player.page.wait_for_selector(".row[data-id]")
    assert not player.page.is_visible(".blank")


def test_every_control_has_a_name(player):
    nameless = player.page.evaluate("""() =>
      [...document.querySelectorAll('button, input, [role=slider], [role=grid], dialog, canvas:not([aria-hidden])')]
        .filter((node) => !node.ariaLabel && !node.getAttribute('aria-labelledby') && !node.title
          && !node.closest('label') && !node.textContent.trim())
        .map((node) => node.outerHTML.slice(0, 80))""")
    assert nameless == []


def covered(page):
    """Controls that can be seen, but not hit in their middle, since something else lies there."""
    return page.evaluate("""() =>
      [...document.querySelectorAll('button, input, [role=slider]')]
        .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !node.closest('[inert]'))
        .flatMap((node) => {
          const { left, top, width, height } = node.getBoundingClientRect();
          const [x, y] = [left + width / 2, top + height / 2];
          if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return [];
          const there = document.elementFromPoint(x, y);
          // What scrolls may lie half under a bar that doesn't; a text field's edge belongs to its label.
          const isOwn = there === node || node.contains(there) || there?.contains(node) || node.closest('#library');
          return isOwn ? [] : [`${node.id || node.outerHTML.slice(0, 80)} under ${there?.outerHTML.slice(0, 80)}`];
        })""")


@pytest.mark.parametrize(
    ("name", "width", "height", "scheme"),
    [("desktop-dark", 1280, 800, "dark"), ("desktop-light", 1280, 800, "light"), ("phone", 360, 740, "dark"), ("wide", 2560, 1440, "dark")])
def test_the_layout_holds(open_player, name, width, height, scheme):
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    front = open_player(user=None, **look)
    front.screenshot(f"{name}-login")
    front.page.set_viewport_size({"width": 844, "height": 390})
    submit = front.page.locator("#login-submit").bounding_box()
    assert submit["y"] + submit["height"] <= 390
    player = open_player(**look)
    page = player.page
    page.locator(".row[data-id]").first.click()
    player.until("it sounds", player.is_audible)
    if width > 960:
        page.click("#stats-button")
    start = player.position()
    player.until("some of it is cut", lambda: player.position() > start + 4 or player.state()["index"] > 0)
    player.screenshot(name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.is_visible("#play-button") and page.is_visible("#progress")
    assert covered(page) == []
    if width < 960:
        page.click("#deck-track")
        page.wait_for_selector("#plate", state="visible")
        page.locator("#now").evaluate("node => Promise.all(node.getAnimations().map((animation) => animation.finished))")
        player.screenshot(f"{name}-now")
        assert page.is_visible("#quality-button") and page.is_visible("#now-title")
        assert covered(page) == []
        page.set_viewport_size({"width": 360, "height": 560})
        assert covered(page) == []
        page.set_viewport_size({"width": 320, "height": 568})
        middles = page.evaluate("""() => {
          document.getElementById('quality-reason').textContent = 'auto: a network that is weak';
          return ['quality-button', 'devices-button', 'stats-button'].map((id) => {
            const { top, height } = document.getElementById(id).getBoundingClientRect();
            return top + height / 2;
          });
        }""")
        assert max(middles) - min(middles) < 2
        page.set_viewport_size({"width": 844, "height": 390})
        page.click("#stats-button")
        plate, figure, panel = page.evaluate("""['#plate', '#stats-list div:last-child', '#panel-playing'].map(
          (name) => document.querySelector(name).getBoundingClientRect().bottom)""")
        assert figure <= panel + 1 and plate <= page.locator("#stats").bounding_box()["y"] + 1
        page.click("#now-close")
        page.wait_for_selector("#plate", state="hidden")
