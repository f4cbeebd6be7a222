"""From answers to examples: datasets, what people make of what models said, and what is exported of it."""
