"""What a worker tells its engine, and when."""

from contextlib import closing
from typing import Any, cast

from engine.pool.board import Board
from engine.pool.channel import Line
from engine.pool.messages import Part, Piece
from engine.pool.voice import Voice


class Looking:
    """An engine that looks at the board whenever it hears of something."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.seen: list[tuple[int, int, float]] = []

    def send(self, parts: Any) -> None:
        view = self._board.view(0, 1)
        self.seen.append((view.tasks, view.chunks, view.wall))


def test_what_the_engine_hears_of_is_on_the_board_already():
    with closing(Board(1).file) as file:
        board = Board(1, file)
        engine = Looking(board)
        voice = Voice(cast(Line, engine), board, board.row(0))
        piece = Piece(0, 0, 5, b"", 0, 0)
        voice.send(piece, Part(0, 0, 3, None, (), False, wall=2_000_000_000, cpu=0), [1, 2, 3])
        voice.send(piece, Part(0, 3, 5, None, (), True, wall=1_000_000_000, cpu=0), [4, 5])
        assert engine.seen == [(3, 0, 2.0), (5, 1, 3.0)]
