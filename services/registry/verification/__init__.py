"""Whether a certificate holds: asked online by number and one more fact, signed for offline, printed on paper."""
