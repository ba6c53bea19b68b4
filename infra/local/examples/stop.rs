//! scratch
use local::*;
use std::time::*;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    for _ in 0..40 {
        let p = Portal::start(Options::default()).await.unwrap();
        drop(p);
    }
    let t = Instant::now();
    for i in 0..100 {
        let p = Portal::start(Options::default()).await.unwrap();
        if i == 0 {
            for c in p.calls().iter().filter(|c| c.function == "me") {
                println!("{c:?}");
            }
        }
        drop(p);
    }
    println!("{:?}", t.elapsed() / 100);
}
