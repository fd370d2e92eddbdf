//! Child processes. The children are this program itself, in a role of theirs,
//! so there is no test harness that prints to their stdout.

mod cases;
mod conforms;
mod role;

use std::env;

fn main() {
    if let Ok(role) = env::var(role::VARIABLE) {
        return role::play(&role);
    }
    // As a test harness would: the name may be given, other options may not
    // matter.
    let wanted = env::args().skip(1).find(|it| !it.starts_with('-'));
    let mut run = 0;
    for (name, case) in cases::ALL.iter().chain(&conforms::ALL) {
        if wanted.as_ref().is_some_and(|wanted| !name.contains(wanted)) {
            continue;
        }
        println!("child {name}");
        case();
        run += 1;
    }
    println!("{run} passed");
}
