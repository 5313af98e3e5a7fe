"""Lists of pilot units, such as the notice's Annex 1, taken over into the register row by row."""
