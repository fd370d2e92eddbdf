//! The root package has no code of its own: it owns `tests/` and `examples/`.
