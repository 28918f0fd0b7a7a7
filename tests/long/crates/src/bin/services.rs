#[path = "../services.rs"]
mod services;

fn main() {
    services::run(&std::env::args().nth(1).unwrap());
    println!("done");
}
