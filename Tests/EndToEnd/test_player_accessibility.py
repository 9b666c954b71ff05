"""The player under axe-core: nothing serious in any of its views, light and dark, large and small."""

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

from browser import Player

SERIOUS = {"serious", "critical"}
# Over the DevTools protocol, which the page's policy does not bind: the page itself must not load it.
AXE = AXE_FILE_PATH.read_text()


def violations(player, where):
    if not player.page.evaluate("typeof window.axe !== 'undefined'"):
        player.page.evaluate(f"() => {{ {AXE} }}")
    found = player.page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
    return [
        f"{where}: {v['id']} ({v['impact']}): {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for v in found
        if v["impact"] in SERIOUS
        for node in v["nodes"]
    ]


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (360, 740)], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_no_view_has_a_serious_fault(chromium, server, width, height, scheme):
    # Still, since a colour that is on its way is none.
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "reduced_motion": "reduce"}
    player = Player(chromium, server, **look)
    page = player.page
    try:
        player.open()
        found = violations(player, "login")
        player.enter()
        found += violations(player, "library")
        page.locator(".row[data-id]").first.click()
        player.until("it sounds", player.is_audible)
        found += violations(player, "playing, library")
        page.locator(".row[data-id]").nth(1).click(button="right")
        found += violations(player, "menu of a track")
        page.keyboard.press("Escape")
        if width < 960:
            page.click("#deck-track")
        for view in ("playing", "queue", "lyrics"):
            page.click(f"#tab-{view}")
            found += violations(player, view)
        page.click("#tab-playing")
        page.click("#stats-button")
        found += violations(player, "statistics")
        page.click("#devices-button")
        page.locator(".device__gear").first.click()
        found += violations(player, "devices")
        page.keyboard.press("Escape")
        page.click("#quality-button")
        found += violations(player, "quality")
        page.keyboard.press("Escape")
        if width >= 960:
            page.click("#help-button")
            found += violations(player, "help")
        assert not found, "\n".join(found)
    finally:
        player.close()
