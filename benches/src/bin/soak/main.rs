//! A mixed load with faults, for as long as one likes.
//!
//! ```text
//! cargo run --release -p await-layer-benches --bin soak -- [OPTIONS]
//!
//! --seconds N       how long; 60 without it
//! --rate N          calls per second, over all connections; 10,000 without it
//! --lines N         connections per transport; 16 without it
//! --seed N          of every choice; 1 without it
//! --out FILE        records into FILE.csv, and draws FILE.svg
//! --strict          fails too if p99 drifts, or the machine cannot keep up
//! --plot-only FILE  runs nothing and draws what was recorded
//! ```
//!
//! In memory, over TCP, and over WebSocket, both ends in this process, both
//! asking. Calls follow a schedule and their time counts from when they were
//! due, whatever happens to those before them. One in a thousand is followed by
//! another connection: three in four lines lose theirs again and again, while
//! the fourth keeps it from beginning to end.

mod answer;
mod dial;
mod end;
mod gate;
mod issue;
mod letter;
mod line;
mod options;
mod picture;
mod record;
mod shared;
mod tally;
mod verdict;
mod watch;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use await_layer_benches::machine;
use await_layer_testkit::alloc::{COUNTING, Counting};
use await_layer_testkit::rng::Rng;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::dial::{Dialer, Kind};
use crate::issue::Issue;
use crate::line::{Line, Role};
use crate::options::Options;
use crate::record::Row;
use crate::shared::{Alive, Shared};
use crate::verdict::End;

#[global_allocator]
static ALLOCATOR: &Counting = &COUNTING;

/// How long the last calls and connections may take to end.
const LAST: Duration = Duration::from_secs(60);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::of(std::env::args().skip(1))?;
    if let Some(recorded) = &options.plot_only {
        picture::draw(&record::read(recorded)?, &recorded.with_extension("svg"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let about = about(&options);
    for line in &about {
        println!("{line}");
    }
    println!("{}", record::TITLES);
    let mut rows = Vec::with_capacity(options.seconds as usize);
    let before = watch::live_bytes();
    let mut end = run(&options, &mut rows)?;
    end.kept = watch::live_bytes() - before;
    judge(&options, &about, &rows, &end)
}

fn about(options: &Options) -> Vec<String> {
    let mut about = machine::description();
    about.push(format!(
        "load: {} calls/s for {} s, {} lines per transport, seed {}",
        options.rate, options.seconds, options.lines, options.seed
    ));
    about
}

/// Everything that is made here is dropped here.
fn run(options: &Options, rows: &mut Vec<Row>) -> Result<End, Box<dyn Error>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let end = runtime.block_on(async {
        let (alive, mut last) = mpsc::channel(1);
        let start = Instant::now();
        let stop = start + Duration::from_secs(options.seconds);
        let most = (options.rate * 2.0) as i64;
        let shared = Shared::new(start, stop, most, &alive);
        for line in lines(options, &shared, &alive).await? {
            tokio::spawn(line.run());
        }
        watch::run(&shared, options.interval(), rows).await;
        drop(alive);
        let ended = timeout(LAST, last.recv()).await.is_ok();
        Ok::<_, std::io::Error>(End {
            counts: shared.tally.counts(),
            stats: shared.tally.stats(),
            ended,
            kept: 0,
            strict: options.strict,
        })
    })?;
    Ok(end)
}

async fn lines(
    options: &Options,
    shared: &Arc<Shared>,
    alive: &Alive,
) -> Result<Vec<Line>, std::io::Error> {
    let mut rng = Rng::new(options.seed);
    let roles = Kind::ALL
        .into_iter()
        .flat_map(|kind| (0..options.lines).map(move |index| Role::of(kind, index)));
    let roles = roles.collect::<Vec<_>>();
    let cut = roles.iter().filter(|role| !role.steady).count();
    let per_line = options.rate / roles.len() as f64;
    let mut lines = Vec::with_capacity(roles.len());
    for (number, role) in roles.into_iter().enumerate() {
        let (shared, alive) = (shared.clone(), alive.clone());
        let driven = number % 2 == 0;
        let dialer = Dialer::new(role.kind, role.slow, driven, shared.clone(), alive.clone());
        lines.push(Line {
            role,
            dialer: dialer.await?,
            gap: Duration::from_secs_f64(1.0 / per_line),
            life: Duration::from_secs_f64(1000.0 * cut as f64 / options.rate),
            issue: Issue {
                line: number as u32,
                role,
                number: 0,
                rng: rng.fork(),
                shared: shared.clone(),
                alive: alive.clone(),
            },
            rng: rng.fork(),
            shared,
            alive,
        });
    }
    Ok(lines)
}

fn judge(
    options: &Options,
    about: &[String],
    rows: &[Row],
    end: &End,
) -> Result<ExitCode, Box<dyn Error>> {
    let warm = |row: &&Row| row.elapsed <= options.warm_up() as f64;
    let warm_up = rows.iter().take_while(warm).count();
    let checks = verdict::all(&rows[warm_up..], end);
    let mut lines = about.to_vec();
    lines.push(format!("of all connections: {:?}", end.stats));
    println!("{}", lines[about.len()]);
    for check in &checks {
        let mark = match (check.good, check.fails) {
            (true, _) => "good",
            (false, true) => "FAILS",
            (false, false) => "not met",
        };
        let line = format!("{mark}: {}", check.text);
        println!("{line}");
        lines.push(line);
    }
    if let Some(out) = &options.out {
        write(out, &lines, rows)?;
    }
    let failed = checks.iter().any(|check| check.fails);
    Ok(ExitCode::from(u8::from(failed)))
}

fn write(out: &Path, about: &[String], rows: &[Row]) -> Result<(), Box<dyn Error>> {
    record::write(&out.with_extension("csv"), about, rows)?;
    picture::draw(rows, &out.with_extension("svg"))
}
