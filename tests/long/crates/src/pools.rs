//! Pools and caches: bb8, deadpool, moka; and redis's connections, which find no server.
use std::convert::Infallible;

struct Manager;

impl bb8::ManageConnection for Manager {
    type Connection = u32;
    type Error = Infallible;

    async fn connect(&self) -> Result<u32, Infallible> {
        Ok(1)
    }

    async fn is_valid(&self, _: &mut u32) -> Result<(), Infallible> {
        tokio::task::yield_now().await;
        Ok(())
    }

    fn has_broken(&self, _: &mut u32) -> bool {
        false
    }
}

impl deadpool::managed::Manager for Manager {
    type Type = u32;
    type Error = Infallible;

    async fn create(&self) -> Result<u32, Infallible> {
        Ok(1)
    }

    async fn recycle(&self, _: &mut u32, _: &deadpool::managed::Metrics) -> deadpool::managed::RecycleResult<Infallible> {
        tokio::task::yield_now().await;
        Ok(())
    }
}

async fn bb8() {
    let pool = bb8::Pool::builder().max_size(2).build(Manager).await.unwrap();
    for _ in 0..3 {
        assert_eq!(*pool.get().await.unwrap(), 1);
    }
}

async fn deadpool() {
    let pool = deadpool::managed::Pool::<Manager>::builder(Manager).max_size(2).build().unwrap();
    for _ in 0..3 {
        assert_eq!(*pool.get().await.unwrap(), 1);
    }
}

async fn moka() {
    let cache = moka::future::Cache::new(100);
    let n = cache.get_with("one", async { 1 }).await;
    cache.insert("two", n + 1).await;
    cache.run_pending_tasks().await;
    cache.invalidate("one").await;
    assert_eq!(cache.get("two").await, Some(2));
}

async fn redis() -> redis::RedisResult<()> {
    let client = redis::Client::open("redis://127.0.0.1:1/")?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::pipe().set("key", 1).get("key").query_async::<()>(&mut connection).await
}

pub async fn run() {
    let tasks = (tokio::spawn(bb8()), tokio::spawn(deadpool()), tokio::spawn(moka()), tokio::spawn(redis()));
    tasks.0.await.unwrap();
    tasks.1.await.unwrap();
    tasks.2.await.unwrap();
    assert!(tasks.3.await.unwrap().is_err());
}
