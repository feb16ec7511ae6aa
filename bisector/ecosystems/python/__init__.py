"""Python: `requirements.txt` with pins, `uv.lock`, `poetry.lock`."""
