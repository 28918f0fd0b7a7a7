use actix_web::{get, web::Path, App, HttpServer};

#[get("/user/{id}")]
async fn show_user(id: Path<u32>) -> String {
    find_user(*id).await
}

async fn find_user(id: u32) -> String {
    web::slow();
    format!("user {id}")
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(|| App::new().service(show_user)).workers(1).bind(("127.0.0.1", 0))?;
    web::ask(server.addrs()[0], &["/user/7"]);
    server.run().await
}
