"""Frames between the engine and one worker, over sockets that take little at a time and peers that stop or die."""

import os
import select
import socket
import threading
from contextlib import closing, contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.pool import channel
from engine.pool.channel import Channel, Line, Undecodable, encode
from engine.pool.lifeline import _Held

BESIDE = 1 << 16
"""Bytes from which a buffer travels beside the pickle."""
PATIENCE = 20.0


@contextmanager
def both_ends(room=None):
    """The engine's end, the worker's end, and the worker's socket; ``room``: bytes the sockets hold, at most."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs) if room else ():
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    with closing(Channel(ours)) as engine, theirs:
        yield engine, Line(theirs), theirs


class Beside(threading.Thread):
    """A call in a thread, whose result or exception is asked for."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self._call, self._error = call, None
        self.start()

    def run(self):
        try:
            self._result = self._call()
        except Exception as error:  # noqa: BLE001 - told by ``result``
            self._error = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "it waits for ever"
        if self._error:
            raise self._error
        return self._result


def flush_all(engine):
    """What the crew does: send more whenever the socket has room."""
    while engine.pending:
        select.select([], [engine], [], PATIENCE)
        engine.flush()


def messages(engine, count):
    """The next so many messages, waiting for them."""
    found: list[Any] = []
    while len(found) < count:
        assert select.select([engine], [], [], PATIENCE)[0], "nothing comes"
        found += engine.messages()
    return found


def same(one, other):
    """Whether two messages are equal, arrays in them included."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and np.array_equal(one, other)


arrays = st.builds(
    lambda size, fill: np.full(size, fill, np.uint8),
    st.sampled_from([0, 1, BESIDE - 1, BESIDE, BESIDE + 1, 3 * BESIDE]),
    st.integers(0, 255),
)
things = st.lists(arrays | st.integers() | st.text(max_size=9) | st.binary(max_size=300) | st.none(), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(things, min_size=1, max_size=4), st.sampled_from([None, 2_048]))
def test_messages_arrive_whole_and_in_order_in_both_directions(sent, room):
    with both_ends(room) as (engine, worker, _):
        received = Beside(lambda: [worker.receive() for _ in sent])
        for message in sent:
            engine.send(message)
        flush_all(engine)
        assert all(same(one, other) for one, other in zip(received.result(), sent, strict=True))
        returned = Beside(lambda: [worker.send(encode(message)) for message in sent])
        assert all(same(one, other) for one, other in zip(messages(engine, len(sent)), sent, strict=True))
        returned.result()


def test_only_big_buffers_travel_beside_the_pickle():
    small, big = np.zeros(BESIDE - 1, np.uint8), np.zeros(BESIDE, np.uint8)
    assert len(encode([small])) == 1
    parts = encode([small, big])
    assert len(parts) == 2
    assert np.shares_memory(np.frombuffer(parts[1], np.uint8), big)


def test_what_arrives_beside_the_pickle_can_be_written():
    with both_ends() as (engine, worker, _):
        received = Beside(worker.receive)
        engine.send(np.zeros(BESIDE))
        flush_all(engine)
        received.result()[0] = 1.0


def test_more_buffers_than_one_system_call_takes():
    sent = [np.full(BESIDE, number % 256, np.uint8) for number in range(1_100)]
    assert len(sent) > channel._PARTS
    with both_ends() as (engine, worker, _):
        received = Beside(worker.receive)
        engine.send(sent)
        flush_all(engine)
        assert same(received.result(), sent)
        returned = Beside(lambda: worker.send(encode(sent)))
        assert same(messages(engine, 1)[0], sent)
        returned.result()


def test_arrays_that_lie_scattered_travel_too():
    table = np.arange(1_000_000.0).reshape(1_000, 1_000)
    sent = [table[::2, ::3], np.asfortranarray(table)]
    with both_ends() as (engine, worker, _):
        received = Beside(worker.receive)
        engine.send(sent)
        flush_all(engine)
        assert all(np.array_equal(one, other) for one, other in zip(received.result(), sent, strict=True))


def test_a_frame_can_come_byte_by_byte():
    sent = ["a message", np.arange(10_000.0)]
    frame = b"".join(encode(sent))
    with both_ends() as (engine, _, theirs):
        for at in range(len(frame) - 60, len(frame)):
            assert list(engine.messages()) == []
            theirs.sendall(frame[: at + 1] if at == len(frame) - 60 else frame[at : at + 1])
        assert same(next(engine.messages()), sent)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 600), max_size=12))
def test_frames_can_be_cut_anywhere(cuts):
    sent = [{"number": number} for number in range(5)]
    stream = b"".join(b"".join(encode(message)) for message in sent)
    bounds = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    with both_ends() as (engine, _, theirs):
        found = []
        for start, stop in pairwise(bounds):
            theirs.sendall(stream[start:stop])
            found += engine.messages()
        assert found == sent


def test_the_engine_does_not_wait_for_a_worker_that_reads_nothing():
    sent = [np.full(5 << 20, number, np.uint8) for number in range(4)]
    with both_ends() as (engine, worker, _):
        for message in sent:
            engine.send(message)  # 20 MB, of which the socket takes 0.2
        assert engine.pending
        engine.flush()
        assert engine.pending
        received = Beside(lambda: [worker.receive() for _ in sent])
        flush_all(engine)
        assert same(received.result(), sent)
        assert not engine.pending


def test_the_engine_reads_while_the_worker_waits_for_it_to_read():
    """Both send more than the sockets hold; the worker waits, the engine does not, and so neither waits for ever."""
    big = np.zeros(5 << 20, np.uint8)

    def talk():
        worker.send(encode(big))
        return worker.receive()

    with both_ends() as (engine, worker, _):
        talking = Beside(talk)
        engine.send(big)
        assert same(messages(engine, 1)[0], big)
        flush_all(engine)
        assert same(talking.result(), big)


@pytest.mark.parametrize("beyond", range(-14, 15))
def test_frames_that_just_fit_into_the_room_for_small_ones_and_those_that_just_do_not(beyond):
    def frame_size(length):
        return sum(map(len, encode(bytes(length))))

    sent = bytes(channel._ROOM - frame_size(1_000) + 1_000 + beyond)
    assert frame_size(len(sent)) == channel._ROOM + beyond
    with both_ends() as (engine, worker, _):
        sending = Beside(lambda: [worker.send(encode(message)) for message in ("before", sent, "after")])
        assert messages(engine, 3) == ["before", sent, "after"]
        sending.result()


def test_there_is_no_message_before_one_comes():
    with both_ends() as (engine, worker, _):
        assert list(engine.messages()) == []
        worker.send(encode("one"))
        worker.send(encode("two"))
        assert list(engine.messages()) == ["one", "two"]


class Odd:
    """Can be pickled and not unpickled."""

    def __reduce__(self):
        return fail, ()


def fail():
    raise ValueError("this will not be unpickled")


class Stubborn:
    def __reduce__(self):
        raise ValueError("this will not be pickled")


def test_a_frame_that_cannot_be_unpickled_takes_no_other_with_it():
    sent = ["before", [np.zeros(BESIDE), Odd()], "after"]
    with both_ends() as (engine, worker, _):
        sending = Beside(lambda: [worker.send(encode(message)) for message in sent])
        before, odd, after = messages(engine, 3)
        sending.result()
        assert (before, after) == ("before", "after")
        assert isinstance(odd, Undecodable)
        assert str(odd.__cause__) == "this will not be unpickled"
        engine.send(Odd())
        engine.send("after")
        with pytest.raises(Undecodable):
            worker.receive()
        assert worker.receive() == "after"


def test_what_cannot_be_pickled_is_not_sent_even_in_part():
    with both_ends() as (engine, worker, _):
        with pytest.raises(ValueError, match="this will not be pickled"):
            engine.send([np.zeros(BESIDE), Stubborn()])
        engine.send("after")
        assert worker.receive() == "after"


@pytest.mark.parametrize("received", [0, 5, 12, 30, BESIDE // 2])
def test_an_engine_that_goes_in_the_middle_of_a_frame_is_an_end_of_file(received):
    frame = b"".join(encode(np.zeros(BESIDE)))
    ours, theirs = socket.socketpair()
    with theirs:
        ours.sendall(frame[:received])
        ours.close()
        with pytest.raises(EOFError):
            Line(theirs).receive()


@pytest.mark.parametrize("received", [0, 5, 12, 30, BESIDE // 2])
def test_a_worker_that_dies_in_the_middle_of_a_frame_is_an_end_of_file_after_what_came_whole(received):
    frame = b"".join(encode(np.zeros(BESIDE)))
    with both_ends() as (engine, worker, theirs):
        worker.send(encode("whole"))
        theirs.sendall(frame[:received])
        theirs.close()
        found = []
        with pytest.raises(EOFError):
            found.extend(engine.messages(ended=True))
        with pytest.raises(EOFError):
            next(engine.messages())


def test_messages_that_came_whole_are_there_before_the_end_of_file():
    with both_ends() as (engine, worker, theirs):
        worker.send(encode("whole"))
        theirs.close()
        assert next(engine.messages()) == "whole"
        with pytest.raises(EOFError):
            next(engine.messages())


def test_an_end_that_is_known_is_met_at_once():
    with both_ends() as (engine, worker, theirs):
        worker.send(encode("whole"))
        theirs.close()
        found = engine.messages(ended=True)
        assert next(found) == "whole"
        with pytest.raises(EOFError):
            next(found)


def test_what_a_dead_worker_did_not_read_is_forgotten_without_an_error():
    with both_ends() as (engine, _, theirs):
        engine.send(np.zeros(5 << 20, np.uint8))
        assert engine.pending
        theirs.close()
        engine.flush()
        assert not engine.pending
        engine.send("more")
        assert not engine.pending
        with pytest.raises(EOFError):
            next(engine.messages())


def test_a_worker_whose_engine_is_gone_notices_it_when_it_sends():
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs, pytest.raises(EOFError):
        Line(theirs).send(encode("anybody there?"))


def test_a_worker_that_waits_in_a_send_notices_that_its_engine_has_gone():
    ours, theirs = socket.socketpair()
    with theirs:
        sending = Beside(lambda: Line(theirs).send(encode(np.zeros(5 << 20, np.uint8))))
        ours.recv(1, socket.MSG_WAITALL)
        ours.close()
        with pytest.raises(EOFError):
            sending.result()


@pytest.mark.parametrize("size", [1, 4 << 20])
@pytest.mark.parametrize("before", [0, 4 << 20])
def test_descriptors_come_with_their_message_however_big_it_is_and_however_much_is_ahead_of_it(before, size, tmp_path):
    """Each of two messages has descriptors of its own; the receiver knows how many."""
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    files = [os.open(path, os.O_RDONLY) for path in paths]
    with both_ends() as (engine, worker, _):
        engine.send(bytes(before))
        engine.send("1" * size, files[:2])
        engine.send("second", files[2:])

        def receive():
            worker.receive()
            return [(worker.receive(), [worker.take_descriptor() for _ in range(count)]) for count in (2, 1)]

        received = Beside(receive)
        flush_all(engine)
        came = received.result()
    assert [message for message, _ in came] == ["1" * size, "second"]
    theirs = [number for _, numbers in came for number in numbers]
    assert not set(theirs) & set(files)
    assert [os.pread(number, 9, 0) for number in theirs] == [b"a", b"b", b"c"]
    assert not any(os.get_inheritable(number) for number in theirs)
    for number in (*files, *theirs):
        os.close(number)


def test_descriptors_of_a_message_that_waits_can_be_closed_meanwhile(tmp_path):
    (tmp_path / "a").write_text("a")
    with both_ends() as (engine, worker, _), (tmp_path / "a").open() as file:
        engine.send(bytes(4 << 20))
        engine.send("mine", [file.fileno()])
        file.close()
        received = Beside(lambda: (worker.receive(), worker.receive(), worker.take_descriptor())[1:])
        flush_all(engine)
        message, descriptor = received.result()
        assert (message, os.pread(descriptor, 9, 0)) == ("mine", b"a")
        os.close(descriptor)


@pytest.mark.parametrize("dead", [True, False])
def test_descriptors_of_a_message_that_is_never_read_are_given_back(dead):
    before = set(_Held.private)
    with both_ends() as (engine, _, theirs):
        engine.send(bytes(4 << 20))
        engine.send("mine", [theirs.fileno()])
        assert len(_Held.private - before) == 2
        if dead:
            theirs.close()
            engine.flush()
    assert _Held.private == before


def test_the_engines_end_is_its_own_until_it_is_closed():
    ours, theirs = socket.socketpair()
    number = ours.fileno()
    engine = Channel(ours)
    assert not os.get_blocking(number)
    assert engine.fileno() == number
    assert number in _Held.private
    engine.close()
    engine.close()
    assert number not in _Held.private
    theirs.close()
