#[path = "../actix.rs"]
mod actix;

fn main() {
    actix::run();
    println!("done");
}
