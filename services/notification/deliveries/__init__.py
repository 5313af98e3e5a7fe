"""Deliveries: each event on its way to each subscriber, tried until it is taken or given up."""
