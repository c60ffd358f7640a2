"""The schedule against a model: workers that take, deal with, hand back and die, without processes and without time."""

from collections import Counter, deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.pool.schedule import STRIKES, Held, Schedule
from engine.pool.sizing import Sizer
from engine.pool.supply import Supply
from tests.pool.virtual import task_at

positions = st.integers(0, 99)


class Pass(RuleBasedStateMachine):
    """One pass over up to 40 tasks with up to 4 workers. Poison tasks kill whoever comes to them."""

    @initialize(
        count=st.integers(0, 40),
        workers=st.integers(1, 4),
        fixed=st.none() | st.integers(1, 12),
        most=st.none() | st.integers(1, 12),
        retries=st.integers(0, 2),
        poison=st.sets(positions, max_size=3),
        lazy=st.booleans(),
    )
    def begin(self, count, workers, fixed, most, retries, poison, lazy):
        tasks = [task_at(index) for index in range(count)]
        self.supply = Supply(iter(tasks) if lazy else tasks)
        self.sizer = Sizer(workers, fixed, most)
        self.schedule = Schedule(self.supply, self.sizer, first_number=7, retries=retries)
        self.count, self.retries = count, retries
        self.poison = {index % count for index in poison} if count else set()
        self.hands: list[deque[Held]] = [deque() for _ in range(workers)]
        self.settled: dict[int, str] = {}
        self.alone: Counter[int] = Counter()
        self.tries: Counter[int] = Counter()
        self.number = 6
        self.cap = count

    # what workers do

    def take(self, hand, *, fresh=True):
        held = self.schedule.take(empty=not hand, fresh=fresh)
        if held is None:
            return
        assert held.number > self.number
        self.number = held.number
        assert list(held.tasks) == [task_at(held.first + at) for at in range(held.count)]
        assert held.count >= 1
        assert not (held.probe and hand), "a probe came into a hand that was not empty"
        assert held.first + held.count <= self.cap, "handed out though the pass is being stopped"
        hand.append(held)

    @rule(worker=positions, fresh=st.booleans())
    def ask(self, worker, fresh):
        """A worker gets one more piece; behind a probe nothing is put, which is the course's part."""
        hand = self.hands[worker % len(self.hands)]
        if len(hand) < 2 and not (hand and hand[0].probe):
            self.take(hand, fresh=fresh)

    @precondition(lambda self: any(self.hands))
    @rule(worker=positions, tasks=positions, failing=st.sets(positions, max_size=2), hand_back=st.booleans())
    def deal(self, worker, tasks, failing, hand_back):
        """A worker deals with some tasks of its first piece, but with no poison; some raise."""
        hand = self.busy(worker)
        held = hand[0]
        done = held.done
        stop = min(done + tasks % (held.count - done + 1), self.next_poison(held))
        last = stop == held.count or hand_back
        self.schedule.dealt(held, stop, last=last)
        if last:
            hand.popleft()
        failed = {done + at % (stop - done) for at in failing} if stop > done else set()
        for at in range(done, stop):
            self.settle(held, at, "failed" if at in failed else "done")

    @precondition(lambda self: any(self.hands))
    @rule(worker=positions)
    def find_them_unreadable(self, worker):
        """The tasks of a piece can be pickled or unpickled only one by one."""
        hand = self.busy(worker)
        if hand[0].done == 0 and hand[0].count > 1:
            self.schedule.dealt(hand.popleft(), 0, last=True, apart=True)

    @precondition(lambda self: any(self.hands))
    @rule(worker=positions, start=positions, length=positions, published=st.sets(positions, max_size=4))
    def die(self, worker, start, length, published):
        """A worker dies at any point: at a poison task, or killed from outside while it dealt with any tasks."""
        hand = self.busy(worker)
        held = hand[0]
        if self.next_poison(held) < held.count:
            start = self.next_poison(held)
            length = 1 + length % (held.count - start)
        else:
            start = held.done + start % (held.count - held.done)
            length = min(1 + length % 12, held.count - start)
        there = {held.done + at % (held.count - held.done) for at in published} - set(range(start, start + length))
        self.bury(hand, (start, start + length), there - {at - held.first for at in self.poison})

    @precondition(lambda self: any(self.hands))
    @rule(worker=positions)
    def lose(self, worker):
        """A worker that was between two tasks is gone; nobody is to blame."""
        self.bury(self.busy(worker), None, set())

    @precondition(lambda self: any(self.hands))
    @rule(worker=positions)
    def end_for_its_task(self, worker):
        """The engine ends a worker because of the task it is at, which is beyond doubt to blame if it is alone."""
        held = self.busy(worker)[0]
        self.bury(self.busy(worker), (held.done, held.done + 1), set(), guilty=True)

    @rule(milliseconds=st.sampled_from([0.5, 2, 5, 50]))
    def learn(self, milliseconds):
        self.sizer.learn(1, milliseconds / 1e3)

    # what the consumer does

    @precondition(lambda self: "failed" in self.settled.values())
    @rule(which=positions)
    def stop(self, which):
        failed = sorted(index for index, how in self.settled.items() if how == "failed")
        index = failed[which % len(failed)]
        self.schedule.stop_at(index)
        self.cap = min(self.cap, index)

    @rule(sure=st.integers(0, 9))
    def drain(self, sure):
        if sure == 9:
            self.schedule.drain()
            self.cap = 0

    # the model

    def busy(self, worker):
        hands = [hand for hand in self.hands if hand]
        return hands[worker % len(hands)]

    def next_poison(self, held):
        here = [
            index - held.first for index in self.poison if held.first + held.done <= index < held.first + held.count
        ]
        return min(here, default=held.count)

    def settle(self, held, at, how):
        index = held.first + at
        assert index not in self.settled, "settled twice"
        if how == "failed" and self.schedule.again(index, held.tasks[at : at + 1], suspect=index in self.poison):
            self.tries[index] += 1
            return
        assert how == "done" or self.tries[index] == self.retries, "not tried as often as it should be"
        self.settled[index] = how

    def bury(self, hand, blamed, published, *, guilty=False):
        first = hand[0]
        for at in published:
            self.settle(first, at, "done")
        start, stop = blamed or (0, 0)
        lost = [(at, at + 1) for at in range(first.done, first.count) if at not in published and not start <= at < stop]
        self.schedule.drop(first, lost)
        if blamed:
            self.blame(first, blamed, guilty=guilty)
        for held in list(hand)[1:]:
            self.schedule.drop(held, [(held.done, held.count)])
        hand.clear()

    def blame(self, held, blamed, *, guilty):
        index = held.first + blamed[0]
        alone = blamed[1] - blamed[0] == 1
        self.alone[index] += alone and not guilty
        convicted = self.schedule.blame(held, blamed, guilty=guilty)
        expected = alone and (guilty or self.alone[index] == STRIKES)
        assert convicted == (index if expected else None)
        if expected:
            self.alone[index] = 0
            self.settle(held, blamed[0], "failed")

    @invariant()
    def every_task_is_in_exactly_one_place(self):
        places = Counter(self.settled.keys())
        waiting = [*self.schedule._returned, *self.schedule._suspects]
        for first, tasks in waiting:
            assert list(tasks) == [task_at(first + at) for at in range(len(tasks))]
            places.update(range(first, first + len(tasks)))
        for hand in self.hands:
            for held in hand:
                places.update(range(held.first + held.done, held.first + held.count))
        assert set(places.values()) <= {1}
        assert places.keys() >= set(range(min(self.cap, self.supply.taken)))
        self.counts_agree(sum(len(tasks) for _, tasks in waiting))

    def counts_agree(self, came_back):
        schedule, fresh = self.schedule, self.supply.remaining
        assert schedule.waiting == (None if fresh is None else fresh + came_back)
        assert schedule.held == sum(map(len, self.hands))
        assert schedule.next_number == self.number + 1
        assert not schedule.finished or self.settled.keys() >= set(range(self.cap))

    def teardown(self):
        """With workers that do nothing wrong but die of poison, every pass ends, and every task is settled."""
        if not hasattr(self, "schedule"):
            return
        for _ in range(40 * (self.count + 4)):
            if self.schedule.finished:
                break
            for hand in self.hands:
                self.serve(hand)
        assert self.schedule.finished
        assert self.settled.keys() >= set(range(self.cap))
        assert all(self.settled.get(index, "failed") == "failed" for index in self.poison)

    def serve(self, hand):
        if not hand:
            self.take(hand)
        if not hand:
            return
        held, poison = hand[0], self.next_poison(hand[0])
        if poison < held.count:
            self.bury(hand, (poison, min(poison + 2, held.count)), set(range(held.done, poison)))
            return
        begin = held.done
        self.schedule.dealt(hand.popleft(), held.count, last=True)
        for at in range(begin, held.count):
            self.settle(held, at, "done")
        self.every_task_is_in_exactly_one_place()


Pass.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestPass = Pass.TestCase
