"""Datasets, reviews, examples and exports: what people make of a batch's answers."""
