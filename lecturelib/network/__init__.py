"""Look into any torch.nn.Module: units, recordings, ReLU rules, receptive fields, batches."""

from lecturelib.network.batch_effects import independent
from lecturelib.network.class_names import class_index
from lecturelib.network.freezing import frozen
from lecturelib.network.hooks import Activations, leaf, record, recording
from lecturelib.network.layer_names import LayerInfo, LayerTable, resolve_layer
from lecturelib.network.probe import layer_info, list_units
from lecturelib.network.receptive_field import ReceptiveField, receptive_field
from lecturelib.network.relu_rules import relu_back, relu_rule
from lecturelib.network.unit_base import Combination, Unit
from lecturelib.network.units import (
    Channel,
    Direction,
    Layer,
    Logit,
    Neuron,
    Probability,
    checked_unit,
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
    "checked_unit",
    "class_index",
    "frozen",
    "independent",
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
