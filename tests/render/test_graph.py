from __future__ import annotations

from reconciler.model import Address, Desired, Location, Management, Resource
from reconciler.render import graph


class Nowhere:
    def locate(self, path):
        del path
        return Location("x.yaml", 1)


def desired(**specs):
    resources = {}
    for name, spec in specs.items():
        address = Address(*name.split("__"))
        resources[address] = Resource(address, spec, Management(), Location("x.yaml", 1), Nowhere())
    return Desired(resources, "acme", "sandbox")


CATALOGUE = {
    "Feature__tokens": {"name": "Tokens", "meterSlug": "tokens"},
    "Meter__tokens": {"eventType": "prompt", "aggregation": "COUNT"},
    "Feature__lost": {"name": "Lost", "meterSlug": "elsewhere"},
}


def test_mermaid_groups_objects_by_kind_and_points_at_what_they_need():
    assert graph.render(graph.graph(desired(**CATALOGUE)), "mermaid") == (
        "flowchart LR\n"
        "  subgraph Meter\n"
        '    n0["tokens"]\n'
        "  end\n"
        "  subgraph Feature\n"
        '    n1["lost"]\n'
        '    n2["tokens"]\n'
        "  end\n"
        '  n3(["Meter/elsewhere (elsewhere)"])\n'
        "  n1 --> n3\n"
        "  n2 --> n0\n"
    )


def test_dot_has_the_same_nodes_and_edges():
    shown = graph.render(graph.graph(desired(**CATALOGUE)), "dot")
    assert shown.startswith("digraph")
    assert '"Feature/tokens" -> "Meter/tokens";' in shown
    assert '"Meter/elsewhere" [style=dashed];' in shown


def test_the_order_of_declaration_does_not_show():
    backwards = dict(reversed(CATALOGUE.items()))
    assert graph.graph(desired(**CATALOGUE)) == graph.graph(desired(**backwards))


def test_text_cannot_break_out_of_a_label():
    shown = graph.render(graph.Graph((Address("Meter", 'a"];\x1bb'),), ()), "mermaid")
    assert "\x1b" not in shown
    assert shown.count('"') == 2
    assert "a'];" in shown
