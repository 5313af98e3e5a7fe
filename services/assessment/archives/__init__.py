"""Archives: one for each batch, five volumes, complete, signed, kept for years, and every viewing recorded."""
