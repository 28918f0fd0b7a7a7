//! Tests that hang in block_on's own future, as `#[tokio::test]` makes them.

use std::time::Duration;

use tokio::runtime::Builder;

async fn receives_nothing() {
    let (sender, receiver) = std::sync::mpsc::channel::<u32>();
    tokio::time::sleep(Duration::from_millis(5)).await;
    receiver.recv().unwrap();
    drop(sender);
}

#[test]
fn current() {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(receives_nothing());
}

#[test]
fn multi() {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(receives_nothing());
}

#[test]
fn sleeps() {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(tokio::time::sleep(Duration::from_secs(60)));
}
