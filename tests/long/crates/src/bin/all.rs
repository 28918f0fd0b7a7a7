//! All in one: a large program.
#[path = "../actix.rs"]
mod actix;
#[path = "../brokers.rs"]
mod brokers;
#[path = "../bus.rs"]
mod bus;
#[path = "../mini_redis_pair.rs"]
mod mini_redis_pair;
#[path = "../pools.rs"]
mod pools;
#[path = "../quic.rs"]
mod quic;
#[path = "../sqlite.rs"]
mod sqlite;
#[path = "../web.rs"]
mod web;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        brokers::run().await;
        mini_redis_pair::run().await;
        pools::run().await;
        quic::run().await;
        sqlite::run().await;
        web::run().await;
    });
    actix::run();
    bus::run();
    println!("done");
}
