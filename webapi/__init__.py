"""HTTP: the OpenAI-compatible API and the people's pages."""
