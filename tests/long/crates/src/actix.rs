//! actix-web: each of its workers is a thread with a LocalSet.
use actix_web::{web, App, HttpServer};

async fn echo(body: web::Bytes) -> web::Bytes {
    tokio::task::yield_now().await;
    body
}

pub fn run() {
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(|| App::new().route("/", web::post().to(echo)))
            .workers(1)
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        let served = actix_web::rt::spawn(server);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let asked = actix_web::rt::spawn(async move {
            client.post(format!("http://{address}/")).body("one").send().await.unwrap().text().await.unwrap()
        });
        assert_eq!(asked.await.unwrap(), "one");
        handle.stop(true).await;
        served.await.unwrap().unwrap();
    });
}
