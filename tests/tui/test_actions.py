"""The registry of actions, walked: a key, a palette entry, a line of help and, where it makes sense, a command."""

import asyncio
import importlib

import pytest
from textual.app import App
from textual.screen import Screen

from tests.tui.fakes import World, a_screen
from workbench.actions import ACTIONS, PAGES, every_action, first_key
from workbench.cli import COMMANDS
from workbench.tui.app import Workbench
from workbench.tui.screens import page_class
from workbench.tui.screens.help import HelpScreen
from workbench.tui.widgets.sifted import SiftedLines

PLACES = {"app", "page", "table", *(page.name for page in PAGES)}
HEADLESS = {action.name for action in every_action() if action.command}


@pytest.fixture(scope="module")
def palette():
    async def read():
        async with a_screen(World()) as pilot:
            return {command.title: command.help for command in pilot.app.get_system_commands(pilot.app.screen)}

    return asyncio.run(read())


@pytest.mark.parametrize("action", every_action(), ids=lambda action: action.id)
def test_every_action_is_a_key_a_palette_entry_and_a_line_of_help(action, palette):
    assert action.place in PLACES
    assert action.keys
    assert palette[action.title or action.label] == action.help
    [row] = [HelpScreen()._row(each) for each in every_action() if each.id == action.id]
    assert row[1] == action.help
    assert first_key(action.keys) in row[0] or not first_key(action.keys).isascii()


@pytest.mark.parametrize("action", [each for each in every_action() if each.command], ids=lambda action: action.id)
def test_the_sub_command_of_an_action_exists(action):
    first, *more = action.command.split()
    assert first in COMMANDS or first.startswith("--")
    if more:
        module, attribute, _ = COMMANDS[first]
        command = getattr(importlib.import_module(module), attribute)
        known = [name for parameter in command.params for name in parameter.opts]
        assert more[0] in [*known, *getattr(command, "commands", ())]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_has_a_method_where_it_works(action):
    owner: type[App[None] | Screen[None] | SiftedLines]
    if action.place == "app":
        owner = Workbench
    elif action.place == "table":
        owner = SiftedLines
    else:
        owner = page_class("sweep" if action.place == "page" else action.place)
    assert callable(getattr(owner, f"action_{action.name.partition('(')[0]}"))


def test_every_page_has_a_screen_and_a_key_of_its_own():
    assert all(page.name == page_class(page.name).PAGE for page in PAGES)


def test_no_key_means_two_things_in_one_place():
    for place in PLACES:
        seen = [key for each in every_action() if each.place in ("app", "page", place) for key in each.keys.split(",")]
        assert len(seen) == len(set(seen)), (place, [key for key in seen if seen.count(key) > 1])


def test_ids_are_different_and_can_stand_in_a_configuration():
    ids = [action.id for action in every_action()]
    assert len(ids) == len(set(ids))
    assert all(name.replace(".", "").replace("-", "").isalnum() for name in ids)
