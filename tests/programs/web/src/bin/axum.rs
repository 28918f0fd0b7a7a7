use axum::{extract::Path, routing::get, Router};

async fn show_user(Path(id): Path<u32>) -> String {
    find_user(id).await
}

async fn find_user(id: u32) -> String {
    web::slow();
    format!("user {id}")
}

#[tokio::main]
async fn main() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    web::ask(listener.local_addr().unwrap(), &["/user/7"]);
    let app = Router::new().route("/user/{id}", get(show_user));
    axum::serve(listener, app).await.unwrap();
}
