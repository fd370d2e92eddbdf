//! Codecs for unlike wires: each shows that the traits fit one kind of
//! protocol, and asserts on every frame it reads or makes.

mod binary_header;
mod positional;
mod streamed;
