//! A shared object with a Tokio runtime inside, for programs that open it when they already run.

use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

const SHORT: Duration = Duration::from_millis(20);

#[no_mangle]
pub extern "C" fn run_tasks() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let task = tokio::spawn(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            thread::sleep(SHORT); // EXPECT error nanosleep|clock_nanosleep category=sleep case=plugin
        });
        task.await.unwrap();
        let job = tokio::task::spawn_blocking(|| {
            thread::sleep(SHORT); // EXPECT-NONE
        });
        job.await.unwrap();
    });
}
