"""Freed memory goes back to the system after a cell; the hook is set once, and elsewhere nothing happens."""

import sys

import pytest

from lecturelib.lesson import freed_memory


def test_the_hook_is_set_once_and_runs_after_a_cell(monkeypatch):
    interactive = pytest.importorskip("IPython.core.interactiveshell")
    shell = interactive.InteractiveShell.instance()
    given = []
    monkeypatch.setattr(freed_memory, "give_back_memory", lambda: given.append(True))
    try:
        freed_memory.give_back_after_cells()
        freed_memory.give_back_after_cells()
        assert not given
        shell.run_cell("1 + 1", store_history=False, silent=False)
        assert given == [True]
    finally:
        shell.events.unregister("post_run_cell", freed_memory._after_cell)
        interactive.InteractiveShell.clear_instance()


def test_another_system_or_c_library_is_left_alone(monkeypatch):
    freed_memory._malloc_trim.cache_clear()
    monkeypatch.setattr(sys, "platform", "win32")
    assert not freed_memory.give_back_memory()
    freed_memory._malloc_trim.cache_clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
def test_what_a_thread_has_freed_is_given_back():
    """A thread fills and frees its pool; afterwards the process holds less."""
    import threading

    if not freed_memory.give_back_memory():
        pytest.skip("not glibc")

    def resident() -> int:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1])

    kept = []

    def fill() -> None:
        blocks = [bytes(60_000) for _ in range(2000)]  # 120 MB, too small each to be mapped apart
        kept.append(blocks[-1])  # the last holds the top of the pool

    thread = threading.Thread(target=fill)
    thread.start()
    thread.join()
    before = resident()
    freed_memory.give_back_memory()
    assert resident() <= before
