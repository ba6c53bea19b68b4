//! Code that all fuzz targets share.

/// Leaves nothing of what the functions log: a portal in tests keeps all of it.
pub fn quiet() {
    let first = tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new());
    first.expect("nobody has said where logs go");
}
