"""`python -m napari_mae_sam2` is the console script `napari-mae-sam2`."""

from __future__ import annotations

from napari_mae_sam2.cli import main

if __name__ == "__main__":
    main()
