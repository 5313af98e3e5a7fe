"""The contract kit: plays notification against a subscriber's endpoint and says what that does right."""
