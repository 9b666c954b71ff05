"""The queue that a listener makes by hand: it outlives a click on another list, what is done to it can be undone, and tracks come
into it several at a time."""

from test_player_session import add, queue, show_queue, titles


def undo(player):
    player.page.get_by_role("button", name="Undo").last.click()


def test_a_click_on_another_list_keeps_what_was_queued_by_hand(open_device):
    player = open_device()
    player.play("Long")
    add(player, "Odd FLAC", "Play next")
    show_queue(player)
    queued = player.page.locator(".item", has_text="Odd FLAC")
    player.until("it is said to be next", lambda: "Next in queue" in queued.inner_text())
    player.search("Odd 48k")
    player.row("Odd 48k").click()
    player.until("it comes next", lambda: titles(player) == ["Odd 48k", "Odd FLAC"])
    player.until("it follows by itself", lambda: player.state()["title"] == "Odd FLAC" and player.is_audible())


def test_a_queue_that_was_replaced_cleared_or_robbed_is_given_back(open_device):
    player = open_device()
    player.play("Long")
    add(player, "Odd FLAC", "Add to the queue")
    player.page.focus("#progress")
    player.page.keyboard.press("Shift+ArrowRight")
    player.until("it is well under way", lambda: player.position() > 30 and player.is_audible())
    player.search("Odd")
    player.row("Odd 48k").click()
    player.until("the other one sounds", lambda: player.state()["title"] == "Odd 48k" and player.is_audible())
    undo(player)
    player.until("the first one is back where it was", lambda: player.state()["title"] == "Long" and player.position() > 30 and player.is_audible())
    show_queue(player)
    player.until("with its queue", lambda: titles(player) == ["Long", "Odd FLAC"])

    player.page.click("#queue-clear")
    player.until("it is cleared", lambda: titles(player) == ["Long"])
    undo(player)
    player.until("and is back", lambda: titles(player) == ["Long", "Odd FLAC"])
    player.page.locator(".item", has_text="Odd FLAC").hover()
    player.page.get_by_role("button", name="Remove Odd FLAC").click()
    player.until("it is robbed", lambda: titles(player) == ["Long"])
    undo(player)
    player.until("and is whole", lambda: titles(player) == ["Long", "Odd FLAC"])
    player.until("the music has gone on", lambda: player.state()["title"] == "Long" and player.is_audible())


def test_several_are_selected_and_dragged_to_their_place(open_device):
    player = open_device()
    page = player.page
    player.play("Long")
    show_queue(player)
    player.until("it is alone", lambda: titles(player) == ["Long"])
    assert page.inner_text("#queue-count") == "1 of 1 · 3 min"
    player.search("Odd")
    odd = page.locator(".row[data-id]")
    names = odd.locator(".row__title").all_inner_texts()
    odd.first.click(modifiers=["Control"])
    odd.nth(1).click(modifiers=["Shift"])
    assert "2 selected" in page.inner_text("#library-count") and player.state()["title"] == "Long"
    odd.first.drag_to(page.locator("#queue-scroll"), target_position={"x": 60, "y": 3})
    player.until("they are before it", lambda: titles(player) == [*names[:2], "Long"])
    assert queue(player)["index"] == 2
    page.keyboard.press("Escape")
    odd.nth(1).focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("q")
    player.until("they are behind it, too", lambda: titles(player) == [*names[:2], "Long", *names[:2]])


def test_what_plays_is_shown_wherever_the_queue_is_scrolled(open_device, tracks):
    player = open_device(viewport={"width": 1280, "height": 420})
    page = player.page
    page.locator(".row[data-id]").first.click()
    player.until("all is queued", lambda: queue(player)["total"] == len(tracks))
    show_queue(player)
    page.locator("#queue-scroll").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    now = page.locator(".item[aria-current=true]")
    player.until("it is out of sight", lambda: page.evaluate("document.querySelector('#queue-scroll').scrollTop") > 100)
    page.click("#queue-now")
    player.until("it is in sight", lambda: now.locator(".item__main").evaluate(
        "node => node === document.activeElement && node.getBoundingClientRect().top >= document.querySelector('#queue-scroll').getBoundingClientRect().top"))
