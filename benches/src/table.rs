//! Medians over the rounds, and the table of them.

use await_layer_benches::meter::Sample;

/// All rounds of one contender in one scenario.
pub(crate) type Rounds = Vec<Sample>;

pub(crate) fn header() {
    println!(
        "{:<18} {:<16} {:>9} {:>6} {:>9} {:>6} {:>7} {:>8} {:>8} {:>8}",
        "scenario",
        "contender",
        "wall ns",
        "spread",
        "CPU ns",
        "spread",
        "allocs",
        "flushes",
        "x floor",
        "x hand"
    );
}

/// One line per contender. The ratios are of CPU time, each the median of the
/// rounds' own ratios: what disturbed a round disturbed both.
pub(crate) fn print(scenario: &str, names: &[&str], rounds: &[Rounds], floor: usize, hand: usize) {
    for (name, of) in names.iter().zip(rounds) {
        let each = |what: fn(&Sample) -> f64| of.iter().map(what).collect::<Vec<_>>();
        let ratio = |to: usize| {
            let pairs = of.iter().zip(&rounds[to]);
            median(pairs.map(|(of, to)| of.cpu / to.cpu).collect())
        };
        println!(
            "{scenario:<18} {name:<16} {:>9.0} {:>5.0}% {:>9.0} {:>5.0}% {:>7.2} {:>8.3} {:>8.2} {:>8.2}",
            median(each(|s| s.wall)),
            spread(each(|s| s.wall)),
            median(each(|s| s.cpu)),
            spread(each(|s| s.cpu)),
            median(each(|s| s.allocations)),
            median(each(|s| s.flushes)),
            ratio(floor),
            ratio(hand),
        );
    }
    println!();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// From the least to the greatest, in percent of the median.
fn spread(values: Vec<f64>) -> f64 {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    100.0 * (most - least) / median(values)
}
