"""Signals while something is put right: the first breaks in, what follows waits."""

import signal
import threading

import pytest

from recovery_lab.interrupts import Interrupts


def _interrupted(number: signal.Signals, done: list[str], *, held_back: bool = False) -> None:
    with Interrupts(held_back=held_back):
        try:
            signal.raise_signal(number)
            done.append("work")
        finally:
            signal.raise_signal(number)
            done.append("clean-up")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_breaks_in_and_the_next_waits(number: signal.Signals) -> None:
    """A clean-up that it has begun is not broken off."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(number, done)
    assert ["clean-up"] == done


def test_signal_that_was_held_back_is_raised_afterwards() -> None:
    """It is answered late, and not lost."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(signal.SIGINT, done, held_back=True)
    assert ["work", "clean-up"] == done


def _fail_and_be_interrupted() -> None:
    with Interrupts(held_back=True):
        signal.raise_signal(signal.SIGINT)
        raise ValueError("wrong")


def test_error_is_not_hidden_by_a_signal_that_was_held_back() -> None:
    """What went wrong counts for more than who was impatient."""
    with pytest.raises(ValueError, match="wrong"):
        _fail_and_be_interrupted()


def test_handlers_are_as_before_afterwards() -> None:
    """Also those of a block around this one."""
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as outer:
        mine = signal.getsignal(signal.SIGINT)
        with Interrupts(held_back=True):
            assert mine != signal.getsignal(signal.SIGINT)
        assert mine == signal.getsignal(signal.SIGINT)
        outer.hold_back()
    assert before == signal.getsignal(signal.SIGINT)


def test_thread_beside_the_main_one_changes_no_handler() -> None:
    """Only the main thread may, and only it gets signals."""
    done: list[str] = []

    def work() -> None:
        with Interrupts(held_back=True):
            done.append("work")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert ["work"] == done
