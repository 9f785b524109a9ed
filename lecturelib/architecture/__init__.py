"""Part 1, architecture diagrams: a traced network as block diagram, table, volumes, node-link or radial diagram.

`lecturelib.architecture.explore` holds the explorables, `QUESTIONS` the quiz of the lesson.
"""

from lecturelib.architecture.diagrams.block_diagram import block_diagram
from lecturelib.architecture.diagrams.computational_graph import computational_graph
from lecturelib.architecture.diagrams.connectivity import Links, links_of
from lecturelib.architecture.diagrams.description import code_line, describe
from lecturelib.architecture.diagrams.lstm_cell import lstm_cell
from lecturelib.architecture.diagrams.node_link import node_link
from lecturelib.architecture.diagrams.radial import radial
from lecturelib.architecture.diagrams.receptive_field_diagram import draw_receptive_field
from lecturelib.architecture.diagrams.table import summary_table
from lecturelib.architecture.diagrams.volumes import volumes
from lecturelib.architecture.graph.costs import Costs, costs, torchinfo_multiply_adds
from lecturelib.architecture.graph.examples import graph_of
from lecturelib.architecture.graph.graph import Edge, FailedStep, Graph, ModuleCall, Node
from lecturelib.architecture.graph.trace import trace, trace_until_error
from lecturelib.architecture.layout.fold import fold
from lecturelib.architecture.questions import QUESTIONS

__all__ = [
    "Costs",
    "Edge",
    "FailedStep",
    "Graph",
    "Links",
    "ModuleCall",
    "Node",
    "QUESTIONS",
    "block_diagram",
    "code_line",
    "computational_graph",
    "costs",
    "describe",
    "draw_receptive_field",
    "fold",
    "graph_of",
    "links_of",
    "lstm_cell",
    "node_link",
    "radial",
    "summary_table",
    "torchinfo_multiply_adds",
    "trace",
    "trace_until_error",
    "volumes",
]
