"""The rules of cards: what must be proved, how a card is numbered, and its life from term to term."""
