"""Real RabbitMQ and MongoDB servers on this machine, for development and tests."""
