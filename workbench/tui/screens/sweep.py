"""The one screen of a sweep: the form first, then what is being measured, then the recommendation."""

import asyncio
import shlex
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Button, Footer, Static
from textual.worker import get_current_worker

from engine.errors import WorkbenchError
from engine.events import TrialStarted
from engine.request import SweepRequest
from workbench.numbers import UNICODE, Signs, size
from workbench.state import State, fold
from workbench.tui.actions import bindings
from workbench.tui.catalogue import Catalogue
from workbench.tui.engine_process import Engine
from workbench.tui.entries import command_line
from workbench.tui.screens.hotspots import HotspotsScreen
from workbench.tui.screens.save import SaveScreen
from workbench.tui.services import Services
from workbench.tui.widgets.board import Board
from workbench.tui.widgets.form import SweepForm

PAINTS_PER_SECOND = 10
"""At most; more would take CPU from what is being measured."""
