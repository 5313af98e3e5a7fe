"""Generated documents: the events as table and as catalogue, AsyncAPI and OpenAPI of each service, from the code."""
