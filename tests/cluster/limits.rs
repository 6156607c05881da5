//! How much work does one plan hold?

use crate::machines::Machines;
use std::fs;
use std::time::{Duration, Instant};

const UNITS: usize = 200_000;

/// Each unit is one file, and there is one executor, so that the plan is what there is to see. When it was taken, the client is
/// stopped.
#[test]
fn two_hundred_thousand_units_are_one_plan() {
    let dir = tempfile::tempdir().unwrap();
    for folder in 0..UNITS / 1000 {
        let path = dir.path().join(format!("logs/{folder:03}"));
        fs::create_dir_all(&path).unwrap();
        for file in 0..1000 {
            fs::File::create(path.join(format!("{file:03}.json"))).unwrap();
        }
    }
    let machines = Machines::start(1);
    let begun = Instant::now();
    let units = UNITS.to_string();
    let words = ["logs", "-o", "together", "--cluster-units", &units];
    let mut client = machines.begin(dir.path(), &words);
    while machines.tasks_done() == 0 {
        let is_running = client.is_running();
        assert!(is_running, "{}", client.said());
        assert!(
            begun.elapsed() < Duration::from_secs(200),
            "it is not taken"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    println!(
        "{UNITS} units are at work after {:.0} s; at most {} MB in the client, {} MB in the scheduler, {} MB in the executor",
        begun.elapsed().as_secs_f64(),
        client.most_memory(),
        machines.scheduler.most_memory(),
        machines.executors[0].most_memory()
    );
    client.signal("INT");
    let (status, said) = client.end();
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("error: stopped: "), "{said}");
}
