"""CloudEvents over RabbitMQ: the wire, the topology, the hearers, what happens when one fails."""
