"""What leaves the workbench: the examples of a view as a file, in one of the forms of `curation/formats`."""
