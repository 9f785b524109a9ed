"""The explorables of part 6: each function returns an `Explorable`, whose `render(state)` is pure."""
