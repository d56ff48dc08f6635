"""Where training data comes from: manifests, study folders, splits, views of frames.

No model here, and nothing that trains.
"""

from __future__ import annotations
