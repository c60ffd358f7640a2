"""The actions as Textual's bindings."""

from textual.binding import Binding, BindingType

from workbench.actions import Action, every_action


def bindings(place: str) -> list[BindingType]:
    """Return the bindings of the app, of every page, of the tables or of one page; ids allow keymaps to change them.

    Pages also have what the app has in the footer, so that the footer is in the order of the table: on a narrow screen
    it ends early, and Help and Quit must be seen.
    """
    return [
        Binding(_keys(each), action, each.label or each.title, show=bool(each.label), id=each.id)
        for each in every_action()
        if (action := _bound(each, place))
    ]


def _keys(action: Action) -> str:
    """Where q is a letter to type, the footer shows the key that quits all the same."""
    return f"{action.keys},ctrl+q" if action.name == "leave" else action.keys


def _bound(action: Action, place: str) -> str:
    if action.place == place:
        return action.name
    return f"app.{action.name}" if place == "page" and action.place == "app" and action.label else ""
