"""The forms that exports have: what each makes of an example, and how the file is written. Pure."""
