//! Services whose handlers hold guards, far inside of what serves them. Labels as in tests/programs/futures/cases.rs.
use axum::{extract::State, routing::get, Router};
use parking_lot::{ArcMutexGuard, Mutex, RawMutex, RwLock};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

#[derive(Clone, Default)]
struct App {
    plain: Arc<Mutex<u64>>,
    shared: Arc<RwLock<u64>>,
    of_tokio: Arc<tokio::sync::Mutex<u64>>,
}

struct Lease {
    guard: ArcMutexGuard<RawMutex, u64>,
    name: String,
}

async fn backend() -> u64 {
    sleep(Duration::from_millis(2)).await;
    1
}

async fn leased(State(app): State<App>) -> String {
    let mut lease = Lease { guard: app.plain.lock_arc(), name: String::from("lease") };
    *lease.guard += backend().await; // HELD axum
    lease.name
}
async fn read(State(app): State<App>) -> String {
    if let Some(number) = app.shared.try_read() {
        let all = *number + backend().await; // HELD axum
        return all.to_string();
    }
    String::new()
}
async fn copied(State(app): State<App>) -> String {
    let number = {
        let mut number = app.shared.write();
        *number += 1;
        *number
    };
    (number + backend().await).to_string()
}
async fn awaited(State(app): State<App>) -> String {
    let mut number = app.of_tokio.lock().await;
    *number += backend().await;
    number.to_string()
}

async fn ask(client: &reqwest::Client, what: String) {
    client.get(what).send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
}

/// Each over a connection of its own kind.
async fn axum(client: reqwest::Client) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/leased", get(leased))
        .route("/read", get(read))
        .route("/copied", get(copied))
        .route("/awaited", get(awaited))
        .with_state(App::default());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    for _ in 0..3 {
        for path in ["leased", "read", "copied", "awaited"] {
            ask(&client, format!("http://{address}/{path}")).await;
        }
    }
    server.abort();
}

async fn on_its_thread(lock: actix_web::web::Data<std::sync::Mutex<u64>>) -> String {
    let mut number = lock.lock().unwrap();
    *number += backend().await; // HELD actix
    number.to_string()
}
async fn given_back(lock: actix_web::web::Data<std::sync::Mutex<u64>>) -> String {
    let number = *lock.lock().unwrap();
    (number + backend().await).to_string()
}

async fn actix(client: reqwest::Client) {
    use actix_web::{web, App, HttpServer};
    let lock = web::Data::new(std::sync::Mutex::new(0u64));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(lock.clone())
            .route("/held", web::get().to(on_its_thread))
            .route("/given", web::get().to(given_back))
    })
    .workers(1)
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let served = actix_web::rt::spawn(server);
    for _ in 0..3 {
        for path in ["held", "given"] {
            ask(&client, format!("http://{address}/{path}")).await;
        }
    }
    handle.stop(true).await;
    served.await.unwrap().unwrap();
}

pub fn run(which: &str) {
    let client = reqwest::Client::builder().no_proxy();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match which {
        "http1" => runtime.block_on(axum(client.build().unwrap())),
        "http2" => runtime.block_on(axum(client.http2_prior_knowledge().build().unwrap())),
        "actix" => actix_web::rt::System::new().block_on(actix(client.build().unwrap())),
        _ => panic!("no service is called {which}"),
    }
}
