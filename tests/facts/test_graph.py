"""What full carry promises: it chains, it comes back only through `equal`, and chains name every step."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from haechi.facts.graph import CarryGraph, Step

NODES = st.sampled_from("abcdef")
STEPS = st.lists(st.builds(Step, NODES, NODES, st.booleans()).filter(lambda step: step.start != step.end))


@given(STEPS)
def test_a_path_walks_along_steps(steps: list[Step]):
    graph, known = CarryGraph.of(steps), {(step.start, step.end) for step in steps}
    for start in "abcdef":
        for end in "abcdef":
            path = graph.path(start, end)
            assert path == [] or (path[0], path[-1]) == (start, end)
            assert set(pairwise(path)) <= known


@given(STEPS)
def test_full_carry_is_transitive(steps: list[Step]):
    graph = CarryGraph.of(steps)
    reached = {(start, end) for start in "abcdef" for end in "abcdef" if graph.path(start, end)}
    assert {(a, d) for a, b in reached for c, d in reached if b == c} <= reached


@given(STEPS)
def test_a_circle_is_reported_exactly_when_an_unequal_step_leads_back(steps: list[Step]):
    graph = CarryGraph.of(steps)
    leads_back = any(graph.path(step.end, step.start) for step in steps if not step.equal)
    assert bool(graph.cycles()) == leads_back


def test_the_order_of_the_steps_makes_no_difference():
    steps = [Step(start, end, equal=False) for start, end in ("ab", "ac", "bd", "cd")]
    assert CarryGraph.of(steps) == CarryGraph.of(reversed(steps))
    assert CarryGraph.of(steps).path("a", "d") == ["a", "b", "d"]
