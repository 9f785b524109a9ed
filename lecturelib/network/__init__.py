"""Look into any torch.nn.Module: units, recordings, ReLU rules, receptive fields, batches."""

from lecturelib.network.hooks import Activations, frozen, layer_info, leaf, list_units, record, recording
from lecturelib.network.layer_names import LayerInfo, LayerTable, resolve_layer
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.relu_rules import relu_back, relu_rule
from lecturelib.network.units import (
    Channel,
    Combination,
    Direction,
    Layer,
    Logit,
    Neuron,
    Probability,
    Unit,
    check_unit,
    class_index,
    read,
)

__all__ = [
    "Activations",
    "Channel",
    "Combination",
    "Direction",
    "Layer",
    "LayerInfo",
    "LayerTable",
    "Logit",
    "Neuron",
    "Probability",
    "ReceptiveField",
    "Unit",
    "check_unit",
    "class_index",
    "frozen",
    "layer_info",
    "leaf",
    "list_units",
    "read",
    "receptive_field",
    "record",
    "recording",
    "relu_back",
    "relu_rule",
    "resolve_layer",
]
