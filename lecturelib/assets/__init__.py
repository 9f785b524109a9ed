"""Files the course reads: weights fetched into a cache, and what data/ ships; each checked before it is read."""

from lecturelib.assets.asset_list import REGISTRY, Asset
from lecturelib.assets.cache import (
    AssetAltered,
    AssetMissing,
    Status,
    cache_dir,
    fetch,
    path,
    status,
    tensors,
)
from lecturelib.assets.download import FetchError
from lecturelib.assets.shipped import data_path, shipped_member, shipped_tensors

__all__ = [
    "REGISTRY",
    "Asset",
    "AssetAltered",
    "AssetMissing",
    "FetchError",
    "Status",
    "cache_dir",
    "data_path",
    "fetch",
    "path",
    "shipped_member",
    "shipped_tensors",
    "status",
    "tensors",
]
