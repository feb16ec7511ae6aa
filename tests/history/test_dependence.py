"""Changes that share names are taken together, definitions before uses."""

from __future__ import annotations

from bisector.history.changes import Change
from bisector.history.dependence import Dependence


def hunk(*lines: str, path: str = "a") -> Change:
    """A hunk with these lines, as in a patch."""
    removed = tuple(line[1:].encode() for line in lines if line[0] == "-")
    added = tuple(line[1:].encode() for line in lines if line[0] == "+")
    return Change("hunk", path, removed=removed, added=added)


def test_a_definition_comes_before_its_uses() -> None:
    """In whatever order the commit has them."""
    use, other, define = hunk("+x = helper(3)"), hunk("-a", "+b"), hunk("+def helper(n):", "+    return n")
    assert Dependence([use, other, define]).clusters() == [(2, 0), (1,)]


def test_a_definition_is_removed_after_its_uses() -> None:
    """Also of a function in C."""
    define, use = hunk("-int old_sum(int a) {", "-  return a; }"), hunk("-  y = old_sum(2);", "+  y = 2;")
    assert Dependence([define, use]).clusters() == [(1, 0)]


def test_users_follow_a_changed_definition() -> None:
    """A function with one more parameter, and its callers."""
    call = [hunk(f"-  calc x{n}", f"+  calc x{n} 1", path=f"f{n}") for n in range(2)]
    define = hunk("-let calc x =", "+let calc x scale =")
    assert Dependence([call[0], hunk("-p", "+q"), define, call[1]]).clusters() == [(2, 0, 3), (1,)]


def test_a_new_value_of_a_variable_is_no_new_definition() -> None:
    """Its users build either way."""
    value, user = hunk("-    extra = 0", "+    extra = 4"), hunk("-  f(extra)", "+  f(extra, 1)")
    assert Dependence([value, user]).clusters() == [(0,), (1,)]


def test_what_a_change_needs() -> None:
    """Directly or not."""
    one, two, three = (
        hunk("+let use x = middle x"),
        hunk("+let middle x = deep_one x"),
        hunk("+let deep_one x = x"),
    )
    assert Dependence([one, two, three, hunk("+q")]).needed_by([0]) == {0, 1, 2}


def test_every_change_is_in_one_cluster() -> None:
    """Also if they need each other in a circle."""
    one = hunk("+let first_one x = second_one x")
    other = hunk("+and second_one x = first_one x")
    assert sorted(at for cluster in Dependence([one, other]).clusters() for at in cluster) == [0, 1]
