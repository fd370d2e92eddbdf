//! Runs a seed: all its connections on one thread, one poll at a time.

use std::rc::Rc;

use await_layer::{ManualTimer, Timer, WsAwait};
use await_layer_testkit::alloc::Region;
use await_layer_testkit::ledger::Ledger;
use await_layer_testkit::rng::Rng;
use await_layer_testkit::steps::Steps;
use bytes::Bytes;

use crate::body::{Body, Name};
use crate::net::Net;
use crate::numbered::Numbered;
use crate::pair::{Connected, Pair};
use crate::plan::{Kind, PairPlan, Plan};
use crate::shared::Shared;
use crate::tally::{Feature, Score, Tally};
use crate::wire::Wire;

/// Many times what any seed needs.
const POLLS: u64 = 5_000_000;

struct World {
    steps: Steps<'static>,
    timer: ManualTimer,
    rng: Rng,
    ledger: Ledger<Name, Body>,
    score: Rc<Score>,
    pairs: Vec<Box<dyn Connected>>,
    forgetful: bool,
    region: Region,
    /// The most bytes in use between two polls.
    peak: usize,
}

/// Bytes that a seed may have in use at once, its own books included. Of 10,000
/// seeds one needs 62 % of them, and all others less than 60 %.
fn room(plan: &Plan) -> usize {
    const CONNECTION: usize = 768 << 10;
    const CALL: usize = 512;
    let made = plan.pairs.iter().flat_map(|pair| {
        let each = 1.0 + pair.forms.batches * pair.forms.batch as f64;
        let ends = pair.ends.iter();
        ends.map(move |end| (end.callers * end.calls) as f64 * each + end.plains as f64)
    });
    plan.pairs.len() * CONNECTION + made.sum::<f64>() as usize * CALL
}

/// What happened, and whether a future was forgotten, with what it held.
pub(crate) fn run(seed: u64) -> (Tally, bool) {
    let region = Region::start();
    let plan = Plan::draw(seed);
    let room = room(&plan);
    let mut rng = Rng::new(!seed);
    let mut world = World {
        steps: Steps::seeded(rng.next_u64()).spurious(plan.spurious),
        timer: ManualTimer::new(),
        rng,
        ledger: Ledger::new(),
        score: Rc::default(),
        pairs: Vec::new(),
        forgetful: false,
        region,
        peak: 0,
    };
    for pair in plan.pairs {
        let pair = match pair.kind {
            Kind::Wide => world.connect::<Numbered<u32>>(pair),
            Kind::Narrow => world.connect::<Numbered<u16>>(pair),
            Kind::WsAwait => world.connect::<WsAwait<Bytes>>(pair),
        };
        world.pairs.push(pair);
    }
    world.run();
    assert!(world.peak <= room, "{} bytes of {room}", world.peak);
    (world.score.take(), world.forgetful)
}

impl World {
    fn connect<P: Wire>(&mut self, plan: PairPlan) -> Box<dyn Connected> {
        let (net, ios) = Net::join(&plan, &self.timer, self.rng.fork(), P::look, P::id);
        let books = (self.ledger.clone(), self.score.clone());
        let spawner = self.steps.spawner();
        let shared = Shared::new(
            &plan,
            &self.timer,
            net.clone(),
            books,
            self.rng.fork(),
            spawner,
        );
        Box::new(Pair::<P>::new(shared, net, ios, &mut self.rng))
    }

    fn run(&mut self) {
        loop {
            self.check();
            let live = self.region.change().live_bytes;
            self.peak = self.peak.max(live.unsigned_abs());
            for pair in &mut self.pairs {
                pair.befall(&mut self.steps);
            }
            if self.rng.chance(0.3) {
                let one = self.rng.below(self.pairs.len());
                Net::stir(&self.pairs[one].shared().net);
            }
            if self.steps.step().is_some() || self.stir() {
                continue;
            }
            let mut advanced = false;
            for pair in &mut self.pairs {
                advanced |= pair.advance(&self.steps);
            }
            if advanced {
                continue;
            }
            if self.steps.is_done() && self.nobody_is_parked() {
                return self.balance();
            }
            self.pass_time();
        }
    }

    fn stir(&self) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|pair| Net::stir(&pair.shared().net))
    }

    fn nobody_is_parked(&self) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.all(|pair| pair.shared().lot.borrow().is_empty())
    }

    fn check(&self) {
        for pair in &self.pairs {
            let complaints = &pair.shared().net.borrow().complaints;
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
        let polls = self.steps.polls();
        assert!(polls < POLLS, "{} ns, {:?}", self.timer.now(), self.steps);
    }

    /// Nobody is woken: the clock moves on to what happens next.
    fn pass_time(&mut self) {
        for pair in &self.pairs {
            pair.check_rest();
        }
        let times = self.pairs.iter().filter_map(|pair| pair.next_time());
        let Some(next) = times.chain(self.timer.next_deadline()).min() else {
            let stuck = self.steps.run(0);
            panic!("{stuck:?}");
        };
        self.timer.set(next);
        for pair in &mut self.pairs {
            Net::arrive(&pair.shared().net);
            pair.unpark();
        }
    }

    fn balance(&mut self) {
        let report = self.ledger.check();
        assert!(report.is_balanced(), "{report}");
        for pair in &self.pairs {
            pair.balance();
            let sides = &pair.shared().sides;
            self.forgetful |= sides.iter().any(|side| side.forgotten.get());
        }
        for (feature, n) in [
            (Feature::Seeds, 1),
            (Feature::Calls, report.calls as u64),
            (Feature::Replies, report.replies as u64),
            (Feature::Failures, report.failures as u64),
            (Feature::Cancelled, report.cancelled as u64),
            (Feature::Polls, self.steps.polls()),
        ] {
            self.score.add(feature, n);
        }
    }
}
