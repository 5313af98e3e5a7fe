"""The main job, shown and checked: `make demo`."""
