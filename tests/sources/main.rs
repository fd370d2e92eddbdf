//! What can be read off the repository itself.
//!
//! | room | what it reads |
//! |---|---|
//! | `architecture` | who imports whom in the core, and how long its files are |
//! | `safety` | what every crate forbids itself |
//! | `errors` | which test produces each error, and what its documentation advises |
//! | `documents` | whether the tests that documents name exist, and every guarantee has its figure |
//! | `items`, `tree` | the sources, item by item and file by file |

mod architecture;
mod documents;
mod errors;
mod items;
mod safety;
mod tree;
