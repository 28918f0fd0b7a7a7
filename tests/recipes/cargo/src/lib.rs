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

#[cfg(test)]
mod tests {
    #[test]
    fn no_executor_here() {
        assert_eq!(1 + 1, 2);
    }
}
