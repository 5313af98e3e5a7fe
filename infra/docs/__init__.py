"""Generated documents: the table of events, AsyncAPI and OpenAPI of each service, from the code that runs."""
