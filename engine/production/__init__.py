"""From a report to a tuned config, and from a tuned config to results."""

from engine.production.config import TunedConfig, load_config, save_config
from engine.production.run import run, running

__all__ = ["TunedConfig", "load_config", "run", "running", "save_config"]
