use std::sync::Mutex;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(5);

/// Holds its executor.
pub async fn deliver_blocking() -> u32 {
    std::thread::sleep(PAUSE);
    1
}

/// Does not.
pub async fn deliver() -> u32 {
    tokio::time::sleep(PAUSE).await;
    1
}

/// Holds a lock of its thread's meanwhile.
pub async fn deliver_holding(sent: &Mutex<u32>) -> u32 {
    let mut sent = sent.lock().unwrap();
    tokio::time::sleep(PAUSE).await;
    *sent += 1;
    *sent
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_executor_here() {
        assert_eq!(1 + 1, 2);
    }
}
