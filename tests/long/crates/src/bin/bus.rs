#[path = "../bus.rs"]
mod bus;

fn main() {
    bus::run();
    println!("done");
}
