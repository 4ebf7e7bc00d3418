"""The configuration: what a run needs to know, checked before anything is computed."""

from marsdisk.config.loading import all_keys, merge_override, preset_names, preset_path
from marsdisk.config.root import Config

__all__ = ["Config", "all_keys", "merge_override", "preset_names", "preset_path"]
