#[tokio::test]
async fn delivers_blocking() {
    assert_eq!(courier::deliver_blocking().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn delivers_blocking_in_a_task() {
    assert_eq!(tokio::spawn(courier::deliver_blocking()).await.unwrap(), 1);
}
