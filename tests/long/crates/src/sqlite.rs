//! sqlx on SQLite: a pool, a transaction.
pub async fn run() {
    tokio::spawn(async {
        let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        sqlx::query("CREATE TABLE numbers (n INTEGER)").execute(&pool).await.unwrap();
        let mut transaction = pool.begin().await.unwrap();
        for n in 0..3i64 {
            sqlx::query("INSERT INTO numbers VALUES (?)").bind(n).execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
        let (sum,): (i64,) = sqlx::query_as("SELECT sum(n) FROM numbers").fetch_one(&pool).await.unwrap();
        assert_eq!(sum, 3);
        pool.close().await;
    })
    .await
    .unwrap();
}
