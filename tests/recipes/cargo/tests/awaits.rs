#[tokio::test]
async fn delivers() {
    assert_eq!(courier::deliver().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn delivers_in_a_task() {
    assert_eq!(tokio::spawn(courier::deliver()).await.unwrap(), 1);
}
