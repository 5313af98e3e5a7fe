"""Streams: the feed over AMQP for other systems, each reading its own queue or the stream of its line."""
