"""The player in Russian: every word that can be seen or heard, and another language while music plays."""

import re

# Names of things, which are the same in every language, and keys.
NAMES = set("""Dubplate English Premium Chrome Headless Linux FLAC Vorbis ALAC WAV PCM Opus MP3 AAC LUFS WebCodecs websocket HTTP HTTPS Bluetooth
  Shift Alt Ctrl Esc Del Enter Delete""".lower().split())

# All that is visible, and what a screen reader or a pointer at rest is told of it.
TEXTS = """() => {
  const texts = [document.title];
  const isVisible = (node) => node.checkVisibility({ visibilityProperty: true });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (data.trim() && isVisible(parentElement) && !parentElement.closest('script, noscript, kbd')) texts.push(data.trim());
  }
  for (const node of document.querySelectorAll('body *')) {
    if (!isVisible(node)) continue;
    for (const name of ['aria-label', 'title', 'placeholder', 'aria-valuetext', 'alt']) texts.push(node.getAttribute(name) ?? '');
  }
  return texts.filter(Boolean);
}"""


def foreign(player, data):
    """Texts with words in Latin letters that are neither data nor names."""
    found = []
    for text in player.page.evaluate(TEXTS):
        rest = text
        for name in data:
            rest = rest.replace(name, "")
        words = set(re.findall(r"[a-z]{2,}[0-9]*", rest.lower())) - NAMES
        if words:
            found.append((text, words))
    return found


def test_a_russian_browser_sees_and_hears_no_english(open_player, server, listener):
    player = open_player(user=None, locale="ru-RU")
    page = player.page
    tracks = server.get("/api/v1/tracks?limit=100", listener).json()["tracks"]
    data = {value for track in tracks for name in ("title", "artist", "album") if (value := track.get(name))}
    data = sorted(data | {listener, "Odd"}, key=len, reverse=True)
    assert page.evaluate("document.documentElement.lang") == "ru" and page.inner_text("#login-submit") == "Войти"
    page.click("#login-submit")
    assert page.locator("#login-error").is_visible() and foreign(player, data) == []
    page.fill("#login-username", listener)
    page.fill("#login-password", "wrong")
    page.click("#login-submit")
    page.get_by_text("Неверное имя").wait_for()
    player.log_in(listener)

    views = {
        "library": lambda: None,
        "track menu": lambda: page.locator(".row__add").first.dispatch_event("click"),
        "nothing found": lambda: (page.keyboard.press("Escape"), page.fill("#search", "жжж"), page.get_by_text("Ничего не нашлось").wait_for()),
        "search": lambda: (page.fill("#search", "Odd"), player.until("it is found", lambda: "«Odd»" in page.inner_text("#library-count"))),
        "playing": lambda: (page.locator(".row[data-id]").first.click(), player.until("it sounds", player.is_audible)),
        "statistics": lambda: page.click("#stats-button"),
        "queue": lambda: (page.click("#tab-queue"), page.locator(".item").first.wait_for()),
        "message": lambda: (page.click("#queue-clear"), page.locator(".toast").wait_for()),
        "lyrics": lambda: (page.click("#tab-lyrics"), page.locator(".lyrics__blank").wait_for()),
        "devices": lambda: (page.click("#devices-button"), page.locator(".device__gear").first.click()),
        "quality": lambda: (page.keyboard.press("Escape"), page.click("#quality-button")),
        "account": lambda: (page.keyboard.press("Escape"), page.click("#account-button")),
        "help": lambda: (page.keyboard.press("Escape"), page.click("#help-button")),
    }  # fmt: skip
    for name, show in views.items():
        show()
        assert foreign(player, data) == [], name
        player.screenshot(f"russian-{name.replace(' ', '-')}")
    page.keyboard.press("Escape")

    page.evaluate("window.isThisPage = true")
    for choice, lang, title, count in (("en", "en", "Search", "“Odd”"), ("auto", "ru", "Поиск", "«Odd»")):
        before = player.position()
        page.click("#account-button")
        page.click(f"[data-language={choice}]")
        shown = [page.inner_text(f"#{name}") for name in ("library-title", "tab-queue")]
        assert shown == [title, "Queue" if lang == "en" else "Очередь"] and count in page.inner_text("#library-count")
        assert page.evaluate("[document.documentElement.lang, window.isThisPage]") == [lang, True]
        player.until("it plays on", lambda: player.position() > before and player.is_audible())
        assert player.state()["status"] == "playing"
    assert foreign(player, data) == []
