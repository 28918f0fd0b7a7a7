#[tokio::test]
#[ignore = "holds a lock over an await"]
async fn delivers_holding() {
    assert_eq!(courier::deliver_holding(&Default::default()).await, 1);
}
