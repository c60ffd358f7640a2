"""The server behind ``workbench serve``: textual-serve, with a look at who is asking."""

from aiohttp import web
from textual_serve.server import Server


class LocalServer(Server):
    """Serves pages that this server itself sent, and no others: any site in the browser could reach localhost."""

    def initialize_logging(self) -> None:
        """Say nothing: what matters is on the page."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Refuse a page from elsewhere, and a name that only pretends to be this machine."""
        own = {f"{name}:{self.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
        origin = request.headers.get("Origin", "")
        if request.host not in own or origin.partition("://")[2] not in own:
            raise web.HTTPForbidden(text="this workbench answers its own page only")
        return await super().handle_websocket(request)
